//! The right to analyse a drive.

use super::readings::DriveReadings;

/// A drive that this server may analyse until the claim expires. Renewing extends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// `drives.id`.
    pub id: i64,
    /// Identifies this claim among all claims ever made.
    pub token: String,
    /// How many attempts failed before.
    pub attempts: u32,
    /// The readings to analyse.
    pub readings: DriveReadings,
}
