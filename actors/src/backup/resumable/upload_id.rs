//! The name of an unfinished upload.

use std::fmt;
use std::str::FromStr;

const DIGITS: usize = 32;

/// 128 random bits, which cannot be guessed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UploadId(String);

impl UploadId {
    pub(super) fn random() -> Self {
        Self(format!("{:032x}", rand::random::<u128>()))
    }
}

impl fmt::Display for UploadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text names no upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an upload is named by 32 hex digits")]
pub struct NotAnUploadId;

impl FromStr for UploadId {
    type Err = NotAnUploadId;

    fn from_str(text: &str) -> Result<Self, NotAnUploadId> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let is_id = text.len() == DIGITS && text.bytes().all(is_digit);
        is_id.then(|| Self(text.to_owned())).ok_or(NotAnUploadId)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_random_and_no_path() {
        let id = UploadId::random();
        assert_ne!(id, UploadId::random());
        assert_eq!(id.to_string().parse(), Ok(id));
        for text in [
            "",
            "..",
            "../../etc/passwd",
            &"A".repeat(32),
            &"a".repeat(33),
        ] {
            assert_eq!(text.parse::<UploadId>(), Err(NotAnUploadId));
        }
    }
}
