//! The log: one line per event on standard error, with journald's priorities where systemd reads it.
//!
//! A record is a message and key-value pairs, written as `message key=value key="value with blanks"`.

use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::sync::OnceLock;
use std::time::Duration;

use env_logger::Target;
use log::{Level, LevelFilter};
use sink::Sink;

mod pairs;
mod sink;

/// Where the log goes once it is started.
static SINK: OnceLock<Sink> = OnceLock::new();

/// How long the end of the process waits for the reader of the log.
const FLUSH_LIMIT: Duration = Duration::from_secs(1);

/// Waits briefly until the log is written. Call it before the process ends.
pub fn flush() {
    if let Some(sink) = SINK.get() {
        sink.flush_within(FLUSH_LIMIT);
    }
}

/// Starts the log. Panics are logged as well, one line each. Call it once.
pub fn start(level: LevelFilter) {
    let mut builder = env_logger::Builder::new();
    builder
        .filter_level(level.min(LevelFilter::Warn))
        .filter_module("eclipse_ai", level)
        // It logs requests that it cannot parse as errors: any client could fill the log with them.
        .filter_module("actix_http", LevelFilter::Off);
    if let Ok(sink) = Sink::start(std::io::stderr()) {
        let _ = SINK.set(sink.clone());
        builder.target(Target::Pipe(Box::new(sink)));
    }
    if is_journal() {
        builder.format(|out, record| {
            write!(out, "<{}>{}", priority(record.level()), record.args())?;
            pairs::write(out, record.key_values())?;
            writeln!(out)
        });
    } else {
        builder
            .format_target(false)
            .format_timestamp_millis()
            .format_key_values(|out, pairs| pairs::write(out, pairs));
    }
    builder.init();
    std::panic::set_hook(Box::new(|panic| {
        let message = panic.payload_as_str().unwrap_or("no message");
        match panic.location() {
            Some(location) => log::error!(location:%, message; "panic"),
            None => log::error!(message; "panic"),
        }
    }));
}

/// Reports why the process ends, whether the log was started or not.
pub fn report_failure(text: &str) {
    let priority = if is_journal() {
        format!("<{}>", priority(Level::Error))
    } else {
        String::new()
    };
    for line in text.lines() {
        eprintln!("{priority}{line}");
    }
}

/// Whether standard error is the journal. systemd sets `JOURNAL_STREAM` to the journal's device and inode; a child
/// process inherits the variable even when its standard error is another file.
fn is_journal() -> bool {
    let stream = std::env::var("JOURNAL_STREAM");
    let stderr = std::fs::metadata("/proc/self/fd/2");
    stream.is_ok_and(|stream| {
        stderr.is_ok_and(|stderr| stream == format!("{}:{}", stderr.dev(), stderr.ino()))
    })
}

/// The syslog priority that journald files a line under.
fn priority(level: Level) -> u8 {
    match level {
        Level::Error => 3,
        Level::Warn => 4,
        Level::Info => 6,
        Level::Debug | Level::Trace => 7,
    }
}
