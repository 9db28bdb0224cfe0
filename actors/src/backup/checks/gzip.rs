//! gzip: every member decompresses, and its CRC and length match. Zeros may follow the last one: tapes and some file
//! systems pad files with them.

use std::io::{self, BufRead, ErrorKind};

use flate2::bufread::GzDecoder;

use super::{Finding, Unfinished, damaged, unfinished};

pub(super) fn check(mut file: impl BufRead) -> Result<Finding, Unfinished> {
    match check_members(&mut file) {
        Ok(finding) => Ok(finding),
        Err(error) => match error.kind() {
            ErrorKind::UnexpectedEof => Ok(damaged("the compressed stream ends too early")),
            ErrorKind::InvalidInput | ErrorKind::InvalidData => Ok(damaged(error.to_string())),
            _ => Err(unfinished(error)),
        },
    }
}

fn check_members(file: &mut impl BufRead) -> io::Result<Finding> {
    loop {
        io::copy(&mut GzDecoder::new(&mut *file), &mut io::sink())?;
        let padding_bytes = skip_zeros(file)?;
        if file.fill_buf()?.is_empty() {
            return Ok(Finding::Sound);
        }
        if padding_bytes > 0 {
            return Ok(damaged("zeros within the compressed stream"));
        }
    }
}

/// Skips zeros; returns their number.
fn skip_zeros(file: &mut impl BufRead) -> io::Result<u64> {
    let mut skipped = 0;
    loop {
        let block = file.fill_buf()?;
        let zeros = block.iter().take_while(|&&byte| byte == 0).count();
        if zeros == 0 {
            return Ok(skipped);
        }
        file.consume(zeros);
        skipped += zeros as u64;
    }
}
