//! Progress of long work, with rate and remaining time, on standard error: a bar on a terminal, else a line at intervals.

use std::io::{self, Write as _};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Between two lines where there is no terminal.
const INTERVAL: Duration = Duration::from_secs(10);

/// How often a bar is redrawn at least.
const TICK: Duration = Duration::from_millis(500);

/// Shown until it is dropped.
#[derive(Debug)]
pub(super) struct Progress {
    what: &'static str,
    total: u64,
    bar: ProgressBar,
    begun: Instant,
    printed: Instant,
}

impl Progress {
    /// Of `total` pieces of work, such as `drives`.
    pub(super) fn new(what: &'static str, total: usize) -> Self {
        let total = u64::try_from(total).unwrap_or(u64::MAX);
        let style =
            ProgressStyle::with_template("{msg} {bar:30} {pos} of {len}, {per_sec}, {eta} left");
        let bar = ProgressBar::new(total).with_message(what);
        if let Ok(style) = style {
            bar.set_style(style);
        }
        if !bar.is_hidden() {
            bar.enable_steady_tick(TICK);
        }
        let now = Instant::now();
        Self {
            what,
            total,
            bar,
            begun: now,
            printed: now,
        }
    }

    /// So many are done.
    pub(super) fn set(&mut self, done: usize) {
        let done = u64::try_from(done).unwrap_or(u64::MAX);
        self.bar.set_position(done);
        if self.bar.is_hidden() && self.printed.elapsed() >= INTERVAL {
            self.printed = Instant::now();
            let line = line(self.what, done, self.total, self.begun.elapsed());
            let _ = writeln!(io::stderr(), "{line}");
        }
    }

    /// Prints something else meanwhile.
    pub(super) fn suspend<T>(&self, print: impl FnOnce() -> T) -> T {
        self.bar.suspend(print)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// `drives: 20 of 50, 2.0/s, 15 s left`
#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an estimate of small counts"
)]
fn line(what: &str, done: u64, total: u64, elapsed: Duration) -> String {
    let rate = done as f64 / elapsed.as_secs_f64().max(0.001);
    let left = if done == 0 {
        "remaining time unknown".to_owned()
    } else {
        let seconds = (total.saturating_sub(done) as f64 / rate).round() as u64;
        match seconds {
            0..120 => format!("{seconds} s left"),
            _ => format!("{} min left", seconds.div_ceil(60)),
        }
    };
    format!("{what}: {done} of {total}, {rate:.1}/s, {left}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_the_rate_and_the_remaining_time() {
        let seconds = Duration::from_secs;
        for (done, total, elapsed, expected) in [
            (20, 50, 10, "drives: 20 of 50, 2.0/s, 15 s left"),
            (5, 500, 10, "drives: 5 of 500, 0.5/s, 17 min left"),
            (0, 50, 10, "drives: 0 of 50, 0.0/s, remaining time unknown"),
            (50, 50, 0, "drives: 50 of 50, 50000.0/s, 0 s left"),
        ] {
            assert_eq!(line("drives", done, total, seconds(elapsed)), expected);
        }
    }

    #[test]
    fn without_a_terminal_fast_work_prints_nothing() {
        let mut progress = Progress::new("drives", 3);
        progress.set(1);
        assert!(progress.bar.is_hidden() && progress.printed == progress.begun);
    }
}
