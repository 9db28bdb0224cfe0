use ring::digest;
use ring::rand::{SecureRandom as _, SystemRandom};

use crate::hex::hex;

/// The length of a key in random bytes.
const KEY_BYTES: usize = 32;

/// A new key. Without `Debug` and `Display`, so that it is not printed by accident.
pub(super) struct NewKey(String);

#[derive(Debug, thiserror::Error)]
#[error("the system gives no random numbers for a key")]
pub(super) struct NoRandomness;

impl NewKey {
    pub(super) fn generate() -> Result<Self, NoRandomness> {
        let mut bytes = [0; KEY_BYTES];
        SystemRandom::new()
            .fill(&mut bytes)
            .map_err(|_| NoRandomness)?;
        Ok(Self(hex(&bytes)))
    }

    /// What the device is to send.
    pub(super) fn text(&self) -> &str {
        &self.0
    }

    /// What is kept of it: a key with this much chance in it needs neither salt nor a slow hash.
    pub(super) fn sha256(&self) -> String {
        hex(digest::digest(&digest::SHA256, self.0.as_bytes()).as_ref())
    }
}
