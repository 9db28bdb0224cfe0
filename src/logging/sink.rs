//! Standard error behind a bounded queue: a reader that stops must not stop the server.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;
use std::time::Duration;

/// The lines that wait for the reader; more are dropped and counted.
const WAITING_LINES: usize = 4096;

/// Hands lines to a thread that writes them. Never blocks.
#[derive(Clone)]
pub(super) struct Sink {
    queue: SyncSender<Entry>,
    dropped: Arc<AtomicU64>,
}

enum Entry {
    Line(Vec<u8>),
    /// Dropped once everything before it is written.
    Flush(#[expect(dead_code, reason = "dropping it is the signal")] Sender<()>),
}

impl Sink {
    /// Writes to `out` from a thread of its own.
    pub(super) fn start(out: impl Write + Send + 'static) -> io::Result<Self> {
        let (queue, waiting) = sync_channel(WAITING_LINES);
        let dropped = Arc::default();
        let counter = Arc::clone(&dropped);
        thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || write_all(out, &waiting, &counter))?;
        Ok(Self { queue, dropped })
    }

    /// Waits until everything so far is written, for `limit` at most.
    pub(super) fn flush_within(&self, limit: Duration) {
        let (written, all_written) = channel();
        if self.queue.try_send(Entry::Flush(written)).is_ok() {
            let _ = all_written.recv_timeout(limit);
        }
    }
}

fn write_all(mut out: impl Write, waiting: &Receiver<Entry>, dropped: &AtomicU64) {
    // A log that cannot be written is no reason to end.
    for entry in waiting {
        let Entry::Line(line) = entry else {
            continue;
        };
        let _ = out.write_all(&line);
        match dropped.swap(0, Ordering::Relaxed) {
            0 => {}
            lines => _ = writeln!(out, "log lines dropped lines={lines}"),
        }
    }
}

impl Write for Sink {
    /// Takes whole lines: the logger writes a record at a time.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.queue.try_send(Entry::Line(line.to_vec())).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Blocks until it may continue, then forwards everything.
    struct Pipe {
        unblocked: Receiver<()>,
        is_blocked: bool,
        read: Sender<Vec<u8>>,
    }

    impl Write for Pipe {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if std::mem::take(&mut self.is_blocked) {
                let _ = self.unblocked.recv();
            }
            let _ = self.read.send(bytes.to_vec());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_stops_blocks_nothing_and_the_dropped_lines_are_counted() {
        let (unblock, unblocked) = channel();
        let (read, lines) = channel();
        let pipe = Pipe {
            unblocked,
            is_blocked: true,
            read,
        };
        let mut sink = Sink::start(pipe).unwrap();
        for _ in 0..2 * WAITING_LINES {
            sink.write_all(b"line\n").unwrap();
        }
        unblock.send(()).unwrap();
        drop(sink);
        let written: Vec<u8> = lines.into_iter().flatten().collect();
        let written = String::from_utf8(written).unwrap();
        let kept = written.lines().filter(|line| *line == "line").count();
        let dropped = 2 * WAITING_LINES - kept;
        assert!(dropped > 0);
        assert!(written.contains(&format!("log lines dropped lines={dropped}")));
    }
}
