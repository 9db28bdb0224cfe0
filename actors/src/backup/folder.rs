//! The folder of a backup: one for each device and type.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use super::names;
use crate::device_id::DeviceId;

/// One device's backups of one type: the unit that is locked and rotated.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Folder {
    /// The device.
    pub device: DeviceId,
    /// The type.
    pub kind: BackupType,
}

impl Folder {
    /// `{device}/{kind}`, relative to the backups' or the records' root.
    pub fn relative_path(&self) -> PathBuf {
        [
            names::folder_name(&self.device).as_str(),
            self.kind.as_str(),
        ]
        .iter()
        .collect()
    }
}

impl fmt::Display for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.device.as_str(), self.kind.as_str())
    }
}

/// The type of a backup, and the name of a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BackupType {
    /// A database file.
    Database,
    /// Log files.
    Logs,
    /// Settings.
    Config,
}

impl BackupType {
    /// All types.
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

impl FromStr for BackupType {
    type Err = UnknownBackupType;

    fn from_str(kind: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|known| known.as_str() == kind)
            .ok_or(UnknownBackupType)
    }
}

/// The text is not one of the three types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a backup's type is 'database', 'logs' or 'config'")]
pub struct UnknownBackupType;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_named_after_its_device_and_type() {
        let folder = Folder {
            device: "Anna's Pi".parse().unwrap(),
            kind: BackupType::Logs,
        };
        assert_eq!(folder.relative_path(), PathBuf::from("Anna%27s%20Pi/logs"));
    }

    #[test]
    fn a_type_is_one_of_three_in_lower_case() {
        for kind in BackupType::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
        for unknown in ["", "Database", "database ", "invalid", "../logs"] {
            assert_eq!(
                unknown.parse::<BackupType>(),
                Err(UnknownBackupType),
                "{unknown:?}"
            );
        }
    }
}
