//! SHA-256 digests: computed in pieces, written and read as hex.

use std::fmt;
use std::io::{self, Read};
use std::str::FromStr;

use ring::digest;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

const READ_BYTES: usize = 64 * 1024;

/// A SHA-256 digest. Displayed as 64 lower-case hex digits, read in either case.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sha256([u8; digest::SHA256_OUTPUT_LEN]);

impl From<[u8; digest::SHA256_OUTPUT_LEN]> for Sha256 {
    fn from(bytes: [u8; digest::SHA256_OUTPUT_LEN]) -> Self {
        Self(bytes)
    }
}

/// A digest under way.
pub(super) struct Hasher(digest::Context);

impl Default for Hasher {
    fn default() -> Self {
        Self(digest::Context::new(&digest::SHA256))
    }
}

impl Hasher {
    /// Adds bytes to the end.
    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of all bytes so far.
    pub(super) fn finish(self) -> Sha256 {
        let mut bytes = [0; digest::SHA256_OUTPUT_LEN];
        bytes.copy_from_slice(self.0.finish().as_ref());
        Sha256(bytes)
    }
}

/// The digest of all that can still be read.
pub(super) fn of_reader(mut reader: impl Read) -> io::Result<Sha256> {
    let mut hasher = Hasher::default();
    let mut buffer = vec![0; READ_BYTES];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok(hasher.finish()),
            Ok(count) => hasher.update(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is not a SHA-256 digest in hex.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a SHA-256 digest is written as 64 hex digits")]
pub struct NotASha256;

impl FromStr for Sha256 {
    type Err = NotASha256;

    fn from_str(text: &str) -> Result<Self, NotASha256> {
        let mut bytes = [0; digest::SHA256_OUTPUT_LEN];
        if text.len() != 2 * bytes.len() {
            return Err(NotASha256);
        }
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let [high, low] = [pair[0], pair[1]].map(|digit| char::from(digit).to_digit(16));
            let value = high.zip(low).map(|(high, low)| high * 16 + low);
            *byte = value
                .and_then(|value| u8::try_from(value).ok())
                .ok_or(NotASha256)?;
        }
        Ok(Self(bytes))
    }
}

impl Serialize for Sha256 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Sha256 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OF_ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn a_digest_in_pieces_is_the_digest_of_the_whole() {
        let mut hasher = Hasher::default();
        hasher.update(b"a");
        hasher.update(b"bc");
        assert_eq!(hasher.finish().to_string(), OF_ABC);
        assert_eq!(of_reader(&b"abc"[..]).unwrap().to_string(), OF_ABC);
    }

    #[test]
    fn hex_is_read_in_either_case_and_nothing_else_is() {
        let digest: Sha256 = OF_ABC.parse().unwrap();
        assert_eq!(OF_ABC.to_uppercase().parse(), Ok(digest));
        assert_eq!(digest.to_string(), OF_ABC);
        for text in [
            "",
            "ba78",
            &OF_ABC[1..],
            &OF_ABC.replace('b', "x"),
            &OF_ABC.replace("ba", "+a"),
        ] {
            assert_eq!(text.parse::<Sha256>(), Err(NotASha256), "{text:?}");
        }
        assert_eq!("\u{fc}".repeat(32).parse::<Sha256>(), Err(NotASha256));
    }

    /// Fails once, and then reads on.
    struct FailsOnce<R>(Option<io::ErrorKind>, R);

    impl<R: Read> Read for FailsOnce<R> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            match self.0.take() {
                Some(kind) => Err(kind.into()),
                None => self.1.read(buffer),
            }
        }
    }

    #[test]
    fn an_interrupted_read_is_repeated_and_a_failed_one_is_an_error() {
        let digest = |kind| of_reader(FailsOnce(Some(kind), &b"abc"[..]));
        let whole = digest(io::ErrorKind::Interrupted).unwrap();
        assert_eq!(whole.to_string(), OF_ABC);
        digest(io::ErrorKind::Other).unwrap_err();
    }
}
