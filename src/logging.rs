//! The log: one line an event, to standard error, with journald's priorities where systemd reads it.

use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;

use log::{Level, LevelFilter};

/// Starts the log. Panics are logged as well, each as one line. To be called once.
pub fn start(level: LevelFilter) {
    let mut builder = env_logger::Builder::new();
    builder
        .filter_level(level.min(LevelFilter::Warn))
        .filter_module("eclipse_ai", level);
    if is_journal() {
        builder
            .format(|out, record| writeln!(out, "<{}>{}", priority(record.level()), record.args()));
    } else {
        builder.format_target(false).format_timestamp_millis();
    }
    builder.init();
    std::panic::set_hook(Box::new(|panic| {
        let message = panic.payload_as_str().unwrap_or("without a message");
        match panic.location() {
            Some(place) => log::error!(
                "panic at={}:{} message={message:?}",
                place.file(),
                place.line()
            ),
            None => log::error!("panic message={message:?}"),
        }
    }));
}

/// Tells why the process ends, whether there is a log yet or not.
pub fn tell_failure(text: &str) {
    let priority = if is_journal() {
        format!("<{}>", priority(Level::Error))
    } else {
        String::new()
    };
    for line in text.lines() {
        eprintln!("{priority}{line}");
    }
}

/// Whether standard error is the journal: systemd says which device and inode that has. Whoever inherits the variable
/// and writes elsewhere does not want its form.
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
