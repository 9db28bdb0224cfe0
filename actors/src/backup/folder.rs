//! Where a backup belongs: one folder for each device and type.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use super::names::is_plain;

const DEVICE_ID_MAX_BYTES: usize = 64;

/// One device's backups of one type: the unit that is stored to and rotated one at a time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Folder {
    /// Whose backups they are.
    pub device: DeviceId,
    /// What they hold.
    pub kind: Kind,
}

impl Folder {
    /// `{device}/{kind}`, relative to the backups' or the records' root.
    pub fn relative_path(&self) -> PathBuf {
        [self.device.as_str(), self.kind.as_str()].iter().collect()
    }
}

impl fmt::Display for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.device.as_str(), self.kind.as_str())
    }
}

/// A device's id that is safe as the name of its folder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceId(String);

impl DeviceId {
    /// The id as the client wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DeviceId {
    type Err = DeviceIdError;

    fn from_str(id: &str) -> Result<Self, Self::Err> {
        if id.is_empty() {
            Err(DeviceIdError::Empty)
        } else if id.len() > DEVICE_ID_MAX_BYTES {
            Err(DeviceIdError::TooLong)
        } else if id.starts_with('.') || !id.chars().all(is_plain) {
            Err(DeviceIdError::Malformed)
        } else {
            Ok(Self(id.to_owned()))
        }
    }
}

/// Why a device id cannot name a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeviceIdError {
    /// Nothing was given.
    #[error("a device id must not be empty")]
    Empty,
    /// More than 64 bytes.
    #[error("a device id has at most 64 characters")]
    TooLong,
    /// A character outside of the set, or a dot in front.
    #[error(
        "a device id consists of letters, digits, '.', '_' and '-', and does not start with a dot"
    )]
    Malformed,
}

/// What a backup holds; the PRD's `type`, and the name of a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A database file.
    Database,
    /// Log files.
    Logs,
    /// Settings.
    Config,
}

impl Kind {
    /// All of them, in the PRD's order.
    pub const ALL: [Self; 3] = [Self::Database, Self::Logs, Self::Config];

    /// As in requests, answers and paths.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Database => "database",
            Self::Logs => "logs",
            Self::Config => "config",
        }
    }
}

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(kind: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|known| known.as_str() == kind)
            .ok_or(UnknownKind)
    }
}

/// The text names none of the three kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a backup's type is 'database', 'logs' or 'config'")]
pub struct UnknownKind;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_device_id_is_taken_as_it_is() {
        for id in ["chi-eclipse-01", "a", "Pi_4.local", &"x".repeat(64)] {
            assert_eq!(id.parse::<DeviceId>().unwrap().as_str(), id);
        }
    }

    #[test]
    fn a_device_id_that_is_no_plain_path_segment_is_refused() {
        assert_eq!("".parse::<DeviceId>(), Err(DeviceIdError::Empty));
        assert_eq!(
            "x".repeat(65).parse::<DeviceId>(),
            Err(DeviceIdError::TooLong)
        );
        for id in [
            ".",
            "..",
            ".records",
            "../pi",
            "pi/..",
            "/etc",
            "a/b",
            "a\\b",
            "C:",
            "a b",
            " ",
            "a\0",
            "a\n",
            "\u{fc}ber",
            "%2e%2e",
            "pi*",
            "~",
            "$HOME",
        ] {
            assert_eq!(
                id.parse::<DeviceId>(),
                Err(DeviceIdError::Malformed),
                "{id:?}"
            );
        }
    }

    #[test]
    fn a_type_is_one_of_three_in_lower_case() {
        for kind in Kind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
        for unknown in ["", "Database", "database ", "invalid", "../logs"] {
            assert_eq!(unknown.parse::<Kind>(), Err(UnknownKind), "{unknown:?}");
        }
    }
}
