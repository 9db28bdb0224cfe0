//! JSON: one well-formed value in UTF-8, and nothing after it.

use std::io::{self, BufReader, ErrorKind, Read};
use std::str;

use serde::de::IgnoredAny;
use serde_json::error::Category;

use super::{Finding, Unfinished, damaged, unfinished};

const READ_BYTES: usize = 64 * 1024;

pub(super) fn check(file: impl Read) -> Result<Finding, Unfinished> {
    let text = BufReader::with_capacity(
        READ_BYTES,
        Utf8 {
            inner: file,
            cut: Vec::new(),
        },
    );
    match serde_json::from_reader::<_, IgnoredAny>(text) {
        Ok(IgnoredAny) => Ok(Finding::Sound),
        Err(error) => match (error.classify(), error.io_error_kind()) {
            (Category::Io, Some(ErrorKind::InvalidData)) => Ok(damaged("the file is not UTF-8")),
            (Category::Io, _) => Err(unfinished(error.into())),
            _ => Ok(damaged(error.to_string())),
        },
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
