//! A part of a list that is ordered by time, the latest first.

use std::fmt;
use std::str::FromStr;

use chrono::NaiveDateTime;

const TIME: &str = "%Y-%m-%dT%H:%M:%S%.6f";

/// Which entries of a list are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<Id> {
    /// Only entries of this time or later, UTC.
    pub from: Option<NaiveDateTime>,
    /// Only entries of this time or earlier, UTC.
    pub to: Option<NaiveDateTime>,
    /// Only entries behind this place.
    pub after: Option<Cursor<Id>>,
    /// As many at most.
    pub limit: u32,
}

impl<Id> Page<Id> {
    /// The first `limit` entries.
    pub fn first(limit: u32) -> Self {
        Self {
            from: None,
            to: None,
            after: None,
            limit,
        }
    }
}

/// A place in a list: that of an entry, which may be gone. As text it is opaque to clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor<Id> {
    /// The time that the list is ordered by.
    pub at: NaiveDateTime,
    /// Distinguishes entries of one time.
    pub id: Id,
}

impl<Id: fmt::Display> fmt::Display for Cursor<Id> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}~{}", self.at.format(TIME), self.id)
    }
}

/// A text that is no cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoCursor;

impl<Id: FromStr> FromStr for Cursor<Id> {
    type Err = NoCursor;

    fn from_str(text: &str) -> Result<Self, NoCursor> {
        let (at, id) = text.split_once('~').ok_or(NoCursor)?;
        Ok(Self {
            at: NaiveDateTime::parse_from_str(at, TIME).map_err(|_| NoCursor)?,
            id: id.parse().map_err(|_| NoCursor)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_other_texts_are_none() {
        let cursor: Cursor<i64> = "2026-02-01T14:00:00.000250~12".parse().expect("a cursor");
        assert_eq!(cursor.to_string(), "2026-02-01T14:00:00.000250~12");
        for text in ["", "12", "2026-02-01~12", "2026-02-01T14:00:00~x", "~"] {
            assert_eq!(text.parse::<Cursor<i64>>(), Err(NoCursor), "{text}");
        }
    }
}
