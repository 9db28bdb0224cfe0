use crate::database::DatabaseError;
use crate::device_id::DeviceId;
use crate::problem::Problem;
use crate::runtime::Panicked;
use crate::text::counted;

/// Why a batch was not stored. Nothing of it was.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// Its content cannot be stored, now or later.
    #[error("the batch is refused: {}", summary(.0))]
    Refused(Vec<Problem>),
    /// It speaks for a device that its key does not belong to.
    #[error("the key belongs to another device than {device_id}")]
    Forbidden {
        /// The device that the batch names.
        device_id: DeviceId,
    },
    /// The server failed before the names of the batch were known.
    #[error("the batch could not be processed")]
    Panicked(#[source] Panicked),
    /// The database did not store it.
    #[error("the batch could not be stored")]
    Failed {
        /// The batch, as the device calls it.
        batch_id: String,
        /// What the database did.
        #[source]
        source: DatabaseError,
    },
}

/// The first problem, and how many more there are.
pub(super) fn summary(problems: &[Problem]) -> String {
    let Some(first) = problems.first() else {
        return String::new();
    };
    let place: Vec<String> = first.loc.iter().map(ToString::to_string).collect();
    let more = match problems.len() {
        1 => String::new(),
        count => format!(", and {}", counted(count as u64 - 1, "more problem")),
    };
    format!("{}: {}{more}", place.join("."), first.msg)
}
