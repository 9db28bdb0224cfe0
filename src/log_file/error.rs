use std::io;

use thiserror::Error;

/// Why a log cannot be read.
#[derive(Debug, Error)]
pub enum LogError {
    /// The file itself.
    #[error("cannot be read")]
    Read(#[from] io::Error),
    /// Nothing in it.
    #[error("is empty")]
    Empty,
    /// Not text in UTF-8 or Latin-1.
    #[error("is UTF-16 text; save it as UTF-8")]
    Utf16,
    /// No header, or a header without times.
    #[error(
        "line {line}: no column of times; expected a header with a column such as \"time\", \"timestamp\", \"seconds\" or \
         \"ENGINE_RUN_TIME\", found {found}"
    )]
    NoTimeColumn {
        /// The first line with text.
        line: u64,
        /// Its columns.
        found: String,
    },
    /// Times without values.
    #[error("line {line}: no column of values beside the times in column \"{column}\"")]
    NoValues {
        /// The line of the header.
        line: u64,
        /// The column of times.
        column: String,
    },
    /// A header and nothing below it.
    #[error("has a header but no readings")]
    NoReadings,
    /// A time that does not follow the format of the first ones.
    #[error("line {line}, column \"{column}\": cannot read \"{text}\" as a time ({expected})")]
    Time {
        /// Line number, from 1.
        line: u64,
        /// The column of times.
        column: String,
        /// The cell.
        text: String,
        /// The format of the times before it.
        expected: &'static str,
    },
    /// Times that run backwards.
    #[error("is sorted with the newest reading first; sort it by time")]
    NewestFirst,
    /// Something that is not a log.
    #[error("line {line} is longer than {limit} bytes")]
    LineTooLong {
        /// Line number, from 1.
        line: u64,
        /// The limit in bytes.
        limit: usize,
    },
}

/// At most 40 characters of a cell, without control characters, for messages.
pub(super) fn excerpt(text: &str) -> String {
    let mut short: String = text
        .chars()
        .take(40)
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect();
    if text.chars().nth(40).is_some() {
        short.push('…');
    }
    short
}
