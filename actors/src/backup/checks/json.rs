//! JSON: one well-formed value in UTF-8, or one in each line (JSON Lines). A byte order mark is no fault.

use std::cell::Cell;
use std::io::{self, BufRead, BufReader, Chain, Cursor, ErrorKind, Read};
use std::str;

use serde::Deserialize as _;
use serde::de::IgnoredAny;
use serde_json::Deserializer;
use serde_json::error::Category;

use super::{Finding, READ_BYTES, Unfinished, damaged, unfinished};

const BYTE_ORDER_MARK: [u8; 3] = [0xef, 0xbb, 0xbf];

pub(super) fn check(file: impl BufRead) -> Result<Finding, Unfinished> {
    let text = Utf8 {
        inner: without_mark(file).map_err(unfinished)?,
        cut: Vec::new(),
    };
    let lines = Lines::default();
    let tap = Tap {
        inner: BufReader::with_capacity(READ_BYTES, text),
        lines: &lines,
    };
    match check_values(tap, &lines) {
        Ok(()) => Ok(Finding::Sound),
        Err(error) => match (error.classify(), error.io_error_kind()) {
            (Category::Io, Some(ErrorKind::InvalidData)) => Ok(damaged("the file is not UTF-8")),
            (Category::Io, _) => Err(unfinished(error.into())),
            _ => Ok(damaged(error.to_string())),
        },
    }
}

/// Reads values up to the end. Each begins in another line than the one before it ends.
fn check_values(text: impl Read, lines: &Lines) -> serde_json::Result<()> {
    let mut values = Deserializer::from_reader(text);
    loop {
        IgnoredAny::deserialize(&mut values)?;
        // The character after a number is read with the number.
        let (ended_in, ends_line) = (lines.count.get(), lines.has_just_begun.get());
        match values.end() {
            Ok(()) => return Ok(()),
            Err(error) if error.is_io() => return Err(error),
            Err(_) if ends_line || lines.count.get() > ended_in => {}
            Err(trailing) => return Err(trailing),
        }
    }
}

fn without_mark<R: BufRead>(mut file: R) -> io::Result<Chain<Cursor<Vec<u8>>, R>> {
    let mut first = Vec::with_capacity(BYTE_ORDER_MARK.len());
    file.by_ref()
        .take(BYTE_ORDER_MARK.len() as u64)
        .read_to_end(&mut first)?;
    if first == BYTE_ORDER_MARK {
        first.clear();
    }
    Ok(Cursor::new(first).chain(file))
}

/// What the parser has read.
#[derive(Default)]
struct Lines {
    /// The number of line ends.
    count: Cell<u64>,
    /// Whether the last character was a line end.
    has_just_begun: Cell<bool>,
}

/// Counts the lines that pass. The parser reads byte by byte, so it is never ahead of its position.
struct Tap<'a, R> {
    inner: R,
    lines: &'a Lines,
}

impl<R: Read> Read for Tap<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let one = buffer.len().min(1);
        let count = self.inner.read(&mut buffer[..one])?;
        if count > 0 {
            let is_line_end = buffer[0] == b'\n';
            self.lines.has_just_begun.set(is_line_end);
            let lines = &self.lines.count;
            lines.set(lines.get() + u64::from(is_line_end));
        }
        Ok(count)
    }
}

/// Forwards bytes and fails at the first that is not UTF-8: `serde_json` does not check values that it ignores.
struct Utf8<R> {
    inner: R,
    /// The first bytes of a character whose rest has yet to be read.
    cut: Vec<u8>,
}

impl<R: Read> Read for Utf8<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.cut.extend_from_slice(&buffer[..count]);
        let valid_bytes = match str::from_utf8(&self.cut) {
            Ok(text) => text.len(),
            Err(error) if error.error_len().is_none() && count > 0 => error.valid_up_to(),
            Err(_) => return Err(ErrorKind::InvalidData.into()),
        };
        self.cut.drain(..valid_bytes);
        Ok(count)
    }
}
