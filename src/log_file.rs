//! Reads the CSV logs of other programs: one column a channel ("wide"), or one reading a line ("long").
//!
//! Reading streams: memory is bounded by the longest line and the number of columns, never by the file's length. The
//! first [`SAMPLE_LINES`] lines decide the separator, where the header is, and how times are written.

mod cell;
mod error;
mod header;
mod lines;
mod long;
mod time;
mod wide;

#[cfg(test)]
mod tests;

use std::io::{BufRead, BufReader, Cursor, Read};

use actors::diagnosis::Reading;

pub use error::LogError;
use header::{Header, Layout};
use lines::Lines;
use time::TimeFormat;

/// Lines that are read before the first reading is passed on.
const SAMPLE_LINES: usize = 200;
/// Bytes that those lines may have.
const SAMPLE_BYTES: u64 = 256 * 1024;

/// What a log held.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogSummary {
    /// Lines with a time.
    pub rows: u64,
    /// Values passed on.
    pub readings: u64,
    /// Whether times are on the calendar; otherwise they count from an instant that the file does not name.
    pub has_date: bool,
    /// Columns with text that is no value, such as a trouble code in a column of numbers.
    pub skipped: Vec<SkippedCells>,
}

/// Cells of one column that hold no value.
#[derive(Clone, Debug, PartialEq)]
pub struct SkippedCells {
    /// The column's name.
    pub column: String,
    /// How many cells were skipped.
    pub cells: u64,
    /// The line of the first one.
    pub first_line: u64,
    /// What the first one held.
    pub example: String,
}

/// Reads a whole log and passes on every value, in the order of the file.
///
/// # Errors
/// The file cannot be read, has no header with a column of times, a time cannot be read, or the times run backwards. Values
/// that cannot be read are skipped and counted.
pub fn read_log(
    input: impl Read,
    mut each: impl FnMut(Reading<'_>),
) -> Result<LogSummary, LogError> {
    let mut input = BufReader::new(input);
    let sample = sample_of(&mut input)?;
    let header = Header::find(&sample)?;
    let times = header.sample_times(&sample);
    let format = TimeFormat::detect(&times, header.time_unit(), &header.time_column)?;
    let mut lines = Lines::new(Cursor::new(sample).chain(input), header.separator);
    lines.skip_to(header.line)?;
    let mut order = Order::default();
    let mut each = |reading: Reading<'_>| {
        order.note(reading.at_ms);
        each(reading);
    };
    let summary = match header.layout.clone() {
        Layout::Long(columns) => long::read(&mut lines, &header, columns, format, &mut each),
        Layout::Wide(columns) => wide::read(&mut lines, &header, columns, format, &mut each),
    }?;
    if order.is_reversed() {
        return Err(LogError::NewestFirst);
    }
    Ok(summary)
}

/// In which direction the times run. A clock may be stepped back now and then.
#[derive(Default)]
struct Order {
    last_ms: Option<i64>,
    forward: u64,
    backward: u64,
}

impl Order {
    fn note(&mut self, at_ms: i64) {
        match self.last_ms.replace(at_ms) {
            Some(last_ms) if at_ms < last_ms => self.backward += 1,
            Some(last_ms) if at_ms > last_ms => self.forward += 1,
            _ => {}
        }
    }

    fn is_reversed(&self) -> bool {
        self.backward > self.forward
    }
}

/// The first lines of the file.
fn sample_of(input: &mut impl BufRead) -> Result<Vec<u8>, LogError> {
    let mut sample = Vec::new();
    let mut limited = input.take(SAMPLE_BYTES);
    for _ in 0..SAMPLE_LINES {
        if limited.read_until(b'\n', &mut sample)? == 0 {
            break;
        }
    }
    Ok(sample)
}
