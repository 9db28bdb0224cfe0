//! How much of an upload is on the disk, also after the server was killed, or the machine lost its power.
//!
//! Every chunk that is written is noted, and every 8 MiB the file is synced. The notes of a killed process are true,
//! because the kernel still has all that it wrote. After a restart of the machine, only what was synced counts. Pure,
//! except for [`boot`].

use std::fs;
use std::str::FromStr;

use crate::clock::{Clock, Moment};

/// Where Linux shows the identity of a boot. A sandbox may hide it.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// Two readings of the time of a boot differ by less, in seconds.
const SAME_BOOT_S: u64 = 5;

/// The progress of an upload, in bytes of its stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Progress {
    /// Handed to the kernel.
    pub(super) written: u64,
    /// On the disk.
    pub(super) durable: u64,
    /// The boot in which it was written.
    pub(super) boot: Boot,
}

impl Progress {
    /// The bytes that need not be sent again, if this is read in the given boot.
    pub(super) fn kept(&self, boot: &Boot) -> u64 {
        if self.boot.is(boot) {
            self.written
        } else {
            self.durable
        }
    }

    /// One line; of the same length in one boot, so that a line replaces another in place.
    pub(super) fn line(&self) -> String {
        let Self {
            written,
            durable,
            boot,
        } = self;
        match boot {
            Boot::Id(id) => format!("{written:020} {durable:020} id {id}\n"),
            Boot::At(second) => format!("{written:020} {durable:020} at {second:020}\n"),
        }
    }
}

impl FromStr for Progress {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let line = text.lines().next().unwrap_or_default();
        let [written, durable, kind, boot] =
            <[&str; 4]>::try_from(line.split(' ').collect::<Vec<_>>()).map_err(|_| Unreadable)?;
        let number = |text: &str| text.parse::<u64>().map_err(|_| Unreadable);
        Ok(Self {
            written: number(written)?,
            durable: number(durable)?,
            boot: match kind {
                "id" => Boot::Id(boot.to_owned()),
                "at" => Boot::At(number(boot)?),
                _ => return Err(Unreadable),
            },
        })
    }
}

/// The text is no note of a progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unreadable;

/// One boot of the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Boot {
    /// The kernel's identity for it.
    Id(String),
    /// Its Unix time, in seconds.
    At(u64),
}

impl Boot {
    /// A clock that was set makes one boot look like two, which is the safe side.
    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Id(id), Self::Id(other)) => id == other,
            (Self::At(second), Self::At(other)) => second.abs_diff(*other) < SAME_BOOT_S,
            _ => false,
        }
    }
}

/// The present boot.
pub(super) fn boot(clock: &Clock) -> Boot {
    let id = fs::read_to_string(BOOT_ID).unwrap_or_default();
    boot_of(id.trim(), clock.read())
}

/// The boot with this identity; where there is none, the one of the time since which the machine runs.
fn boot_of(id: &str, now: Moment) -> Boot {
    let is_id = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_graphic());
    if is_id {
        return Boot::Id(id.to_owned());
    }
    let booted = now.utc - now.since_boot;
    Boot::At(u64::try_from(booted.and_utc().timestamp()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn progress(boot: Boot) -> Progress {
        Progress {
            written: 9_000_000,
            durable: 8_388_608,
            boot,
        }
    }

    #[test]
    fn a_note_is_read_back_and_keeps_its_length() {
        for boot in [Boot::Id("b1-c2".to_owned()), Boot::At(1_770_000_000)] {
            let progress = progress(boot);
            assert_eq!(progress.line().parse(), Ok(progress.clone()));
            let later = Progress {
                written: u64::MAX,
                ..progress.clone()
            };
            assert_eq!(later.line().len(), progress.line().len());
        }
        for torn in ["", "1 2", "x 2 id b", "1 2 on b", "1 2 at b", "1 2 id b c"] {
            assert_eq!(torn.parse::<Progress>(), Err(Unreadable), "{torn}");
        }
    }

    #[test]
    fn what_was_written_counts_in_the_same_boot_and_what_was_synced_in_another() {
        let id = |id: &str| Boot::Id(id.to_owned());
        assert_eq!(progress(id("a")).kept(&id("a")), 9_000_000);
        assert_eq!(progress(id("a")).kept(&id("b")), 8_388_608);
        assert_eq!(progress(Boot::At(100)).kept(&Boot::At(103)), 9_000_000);
        assert_eq!(progress(Boot::At(100)).kept(&Boot::At(105)), 8_388_608);
        assert_eq!(progress(Boot::At(100)).kept(&id("a")), 8_388_608);
    }

    #[test]
    fn the_present_boot_is_one() {
        let clock = Clock::default();
        assert!(boot(&clock).is(&boot(&clock)));
    }

    #[test]
    fn a_boot_without_an_identity_is_known_by_its_time() {
        let now = Moment {
            utc: "2026-02-01T12:00:00".parse().unwrap(),
            since_boot: Duration::from_mins(1),
        };
        assert_eq!(boot_of("b1-c2", now), Boot::Id("b1-c2".to_owned()));
        for hidden in ["", "not one", "n\u{e4}in"] {
            assert_eq!(boot_of(hidden, now), Boot::At(1_769_947_140), "{hidden}");
        }
    }
}
