//! Lines and cells. A line that is too long, or a quote that is never closed, cannot swallow the rest of the file.

use std::io::BufRead;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use super::LogError;

/// The longest line of a log.
const MAX_LINE_BYTES: usize = 256 * 1024;

/// What stands between two cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Separator {
    Comma,
    Semicolon,
    Tab,
    Pipe,
}

impl Separator {
    pub(super) const ALL: [Self; 4] = [Self::Comma, Self::Semicolon, Self::Tab, Self::Pipe];

    fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
            Self::Tab => b'\t',
            Self::Pipe => b'|',
        }
    }
}

/// The lines of a file, split into cells.
pub(super) struct Lines<R> {
    input: R,
    reader: Reader,
    number: u64,
    line: Vec<u8>,
    cells: Cells,
}

/// The cells of one line, without blanks around them.
#[derive(Default)]
pub(super) struct Cells {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Cells {
    pub(super) fn get(&self, index: usize) -> Option<&str> {
        let end = *self.ends.get(index)?;
        let start = match index {
            0 => 0,
            _ => self.ends[index - 1],
        };
        // Cells are cut at ASCII separators, so each is whole UTF-8.
        let text = str::from_utf8(self.bytes.get(start..end)?).unwrap_or_default();
        Some(text.trim())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.ends.len()).map_while(|index| self.get(index))
    }

    pub(super) fn is_blank(&self) -> bool {
        self.iter().all(str::is_empty)
    }
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(input: R, separator: Separator) -> Self {
        Self {
            input,
            reader: ReaderBuilder::new().delimiter(separator.byte()).build(),
            number: 0,
            line: Vec::new(),
            cells: Cells::default(),
        }
    }

    /// The next line with anything in it, and its number from 1.
    pub(super) fn next(&mut self) -> Result<Option<(u64, &Cells)>, LogError> {
        loop {
            if !self.read_line()? {
                return Ok(None);
            }
            self.split();
            if !self.cells.is_blank() {
                return Ok(Some((self.number, &self.cells)));
            }
        }
    }

    /// Leaves out everything up to and including a line.
    pub(super) fn skip_to(&mut self, line: u64) -> Result<(), LogError> {
        while self.number < line && self.read_line()? {}
        Ok(())
    }

    fn read_line(&mut self) -> Result<bool, LogError> {
        self.line.clear();
        self.number += 1;
        loop {
            let buffered = self.input.fill_buf()?;
            let (used, complete) = match buffered.iter().position(|byte| *byte == b'\n') {
                Some(end) => (end + 1, true),
                None => (buffered.len(), buffered.is_empty()),
            };
            if self.line.len() + used > MAX_LINE_BYTES {
                return Err(LogError::LineTooLong {
                    line: self.number,
                    limit: MAX_LINE_BYTES,
                });
            }
            self.line.extend_from_slice(&buffered[..used]);
            self.input.consume(used);
            if complete {
                break;
            }
        }
        if self.number == 1 {
            if self.line.starts_with(b"\xff\xfe") || self.line.starts_with(b"\xfe\xff") {
                return Err(LogError::Utf16);
            }
            if self.line.starts_with(b"\xef\xbb\xbf") {
                self.line.drain(..3);
            }
        }
        Ok(!self.line.is_empty())
    }

    /// Text that is not UTF-8 is Latin-1: the degree sign of older programs.
    fn split(&mut self) {
        while matches!(self.line.last(), Some(b'\n' | b'\r')) {
            self.line.pop();
        }
        let latin;
        let line = if let Ok(line) = str::from_utf8(&self.line) {
            line
        } else {
            latin = self
                .line
                .iter()
                .copied()
                .map(char::from)
                .collect::<String>();
            &latin
        };
        self.reader.reset();
        let Cells { bytes, ends } = &mut self.cells;
        bytes.resize(line.len() + 1, 0);
        ends.resize(line.len() + 2, 0);
        let (result, _, written, mut count) = self.reader.read_record(line.as_bytes(), bytes, ends);
        if result == ReadRecordResult::InputEmpty {
            // No more input: the last cell ends here, even within quotes.
            let (_, _, _, more) =
                self.reader
                    .read_record(&[], &mut bytes[written..], &mut ends[count..]);
            count += more;
        }
        ends.truncate(count);
    }
}
