//! The right to analyse a drive.

use mysql_async::prelude::FromRow;
use mysql_async::{FromRowError, Row};
use rand::Rng as _;

use super::readings::DriveReadings;
use super::statements::read_readings;
use crate::database::read_columns;

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

impl FromRow for Claim {
    fn from_row_opt(row: Row) -> Result<Self, FromRowError> {
        read_columns(row, |columns| {
            Some(Self {
                id: columns.take("id")?,
                token: format!("{:032x}", rand::rng().random::<u128>()),
                attempts: columns.take("attempts")?,
                readings: read_readings(columns)?,
            })
        })
    }
}
