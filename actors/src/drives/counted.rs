//! The result of counting the readings of a drive.

use chrono::NaiveDateTime;
use mysql_async::prelude::FromRow;
use mysql_async::{FromRowError, Row};

use crate::database::read_columns;

/// The readings of a drive, counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// Their number; where counting took too long, a lower bound.
    pub readings: u64,
    /// Whether all of them were counted.
    pub is_complete: bool,
    /// When the last one was taken.
    pub last: Option<NaiveDateTime>,
}

impl Default for Counted {
    fn default() -> Self {
        Self {
            readings: 0,
            is_complete: true,
            last: None,
        }
    }
}

impl Counted {
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            readings: self.readings + other.readings,
            is_complete: self.is_complete && other.is_complete,
            last: self.last.max(other.last),
        }
    }
}

impl FromRow for Counted {
    fn from_row_opt(row: Row) -> Result<Self, FromRowError> {
        read_columns(row, |columns| {
            Some(Self {
                readings: columns.take("readings")?,
                is_complete: true,
                last: columns.take("last")?,
            })
        })
    }
}
