//! The log: one line an event, to standard error, with journald's priorities where systemd reads it.

use std::io::Write as _;

use log::{Level, LevelFilter};

/// Starts the log. Panics are logged as well, each as one line. To be called once.
pub fn start(level: LevelFilter) {
    let for_journald = std::env::var_os("JOURNAL_STREAM").is_some();
    let mut builder = env_logger::Builder::new();
    builder
        .filter_level(level.min(LevelFilter::Warn))
        .filter_module("eclipse_ai", level);
    if for_journald {
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

/// The syslog priority that journald files a line under.
fn priority(level: Level) -> u8 {
    match level {
        Level::Error => 3,
        Level::Warn => 4,
        Level::Info => 6,
        Level::Debug | Level::Trace => 7,
    }
}
