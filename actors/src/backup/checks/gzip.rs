//! gzip: every member decompresses, and its CRC and length match.

use std::io::{self, ErrorKind, Read};

use flate2::read::MultiGzDecoder;

use super::{Finding, Unfinished, damaged, unfinished};

pub(super) fn check(file: impl Read) -> Result<Finding, Unfinished> {
    match io::copy(&mut MultiGzDecoder::new(file), &mut io::sink()) {
        Ok(_) => Ok(Finding::Sound),
        Err(error) => match error.kind() {
            ErrorKind::UnexpectedEof => Ok(damaged("the compressed stream ends too early")),
            ErrorKind::InvalidInput | ErrorKind::InvalidData => Ok(damaged(error.to_string())),
            _ => Err(unfinished(error)),
        },
    }
}
