//! Which drives a device made: a pure function of its log and of its numbered readings.
//!
//! Neither the order of arrival nor the division into batches plays a part. Two orders do: that of the rows in a
//! table of the device, and that of its clock. The order of rows is never wrong; the clock may jump. So:
//!
//! - An event without a number has that of its neighbour in the log, where the two are the start and the end of one
//!   drive ([`number_of`]).
//! - A number names a drive together with its time. What has the same number within [silence](Pairing::silence) is one
//!   drive, a short stop included; what has it after a longer silence is another one, unless the rows show that only the
//!   clock jumped (`numbered`).
//! - Readings that have a number which no event has are a drive too.
//! - A start without a number ends with the end that follows it in the log.
//!
//! Each drive depends only on the events and readings of its number, or on its start and the next event. A batch
//! therefore changes few drives, whatever the number of drives that the device has.

use std::collections::BTreeMap;

use chrono::{NaiveDateTime, TimeDelta};

mod groups;
mod numbered;
#[cfg(test)]
mod tests;

/// A `drive_start` or `drive_end` of one device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DriveEvent {
    /// The device's key of the row: its place in the log.
    pub source_id: i64,
    /// By the device's clock.
    pub at: NaiveDateTime,
    /// Start or end.
    pub kind: DriveEventKind,
    /// The device's number of the drive.
    pub drive_id: Option<i64>,
}

/// Which end of a drive an event marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DriveEventKind {
    /// `drive_start`.
    Start,
    /// `drive_end`.
    End,
}

impl DriveEventKind {
    /// The kind of an `event_type`; nothing for other events.
    pub fn of(event_type: &str) -> Option<Self> {
        match event_type {
            "drive_start" => Some(Self::Start),
            "drive_end" => Some(Self::End),
            _ => None,
        }
    }

    /// Its `event_type`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Start => "drive_start",
            Self::End => "drive_end",
        }
    }
}

/// Readings of one number that follow one another without a silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadingRun {
    /// The lowest `source_id`.
    pub first: i64,
    /// The highest `source_id`.
    pub last: i64,
    /// The earliest time.
    pub earliest: NaiveDateTime,
    /// The latest time.
    pub latest: NaiveDateTime,
}

/// A drive of one device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drive {
    /// The device's number of the drive.
    pub drive_id: Option<i64>,
    /// The key of its first `drive_start`.
    pub start_source_id: Option<i64>,
    /// When it began, by the device's clock.
    pub start: NaiveDateTime,
    /// The time of its `drive_end`, never before the start.
    pub end: Option<NaiveDateTime>,
    /// The lowest and the highest `source_id` of the readings with its number.
    pub source_ids: Option<(i64, i64)>,
    /// Until when readings without a number belong to it: the logged end, or else the last reading with its number.
    /// Nothing where neither is known: then until the first silence.
    pub window_end: Option<NaiveDateTime>,
}

/// Identifies a drive among those of its device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DriveKey {
    /// The `source_id` of its first `drive_start`.
    Start(i64),
    /// The lowest `source_id` of its readings, where no start is known.
    Reading(i64),
}

impl std::fmt::Display for DriveKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Start(source_id) => write!(formatter, "s:{source_id}"),
            Self::Reading(source_id) => write!(formatter, "r:{source_id}"),
        }
    }
}

impl Drive {
    /// What no other drive of the device has.
    pub fn key(&self) -> DriveKey {
        match (self.start_source_id, self.source_ids) {
            (Some(source_id), _) => DriveKey::Start(source_id),
            (None, Some((first, _))) => DriveKey::Reading(first),
            // Every drive has a start or readings.
            (None, None) => DriveKey::Reading(0),
        }
    }

    /// Whether its place among the drives is the same as before, or later.
    pub fn begins_as(&self, before: &Self) -> bool {
        let ends = self.source_ids.zip(before.source_ids);
        self.start == before.start
            && ends.map_or(self.source_ids == before.source_ids, |(own, before)| {
                own.0 == before.0 && own.1 >= before.1
            })
    }

    /// Whether the other drive began later: by the order of rows where both have rows in one table, or else by the
    /// clock.
    pub fn is_before(&self, other: &Self) -> bool {
        match (
            self.start_source_id.zip(other.start_source_id),
            self.source_ids.zip(other.source_ids),
        ) {
            (Some((own, others)), _) => own < others,
            (None, Some(((_, last), (first, _)))) => last < first,
            (None, None) => self.start < other.start,
        }
    }
}

/// The number of an event: its own, or that of the event beside it in the log with which it makes a drive.
pub fn number_of(
    before: Option<&DriveEvent>,
    event: &DriveEvent,
    after: Option<&DriveEvent>,
) -> Option<i64> {
    let partner = match event.kind {
        DriveEventKind::Start => after.filter(|after| after.kind == DriveEventKind::End),
        DriveEventKind::End => before.filter(|before| before.kind == DriveEventKind::Start),
    };
    event.drive_id.or_else(|| partner?.drive_id)
}

/// The drive that begins with a start without a number, given the next event in the log.
pub fn unnumbered(start: &DriveEvent, after: Option<&DriveEvent>) -> Drive {
    let end = after.filter(|after| after.kind == DriveEventKind::End);
    let end = end.map(|end| end.at.max(start.at));
    Drive {
        drive_id: None,
        start_source_id: Some(start.source_id),
        start: start.at,
        end,
        source_ids: None,
        window_end: end,
    }
}

/// How drives are found.
#[derive(Clone, Copy, Debug)]
pub struct Pairing {
    /// The longest pause within a drive.
    pub silence: TimeDelta,
}

impl Pairing {
    /// The drives of one number, given all events and readings that have it, in any order.
    pub fn numbered(
        self,
        number: i64,
        events: Vec<DriveEvent>,
        runs: Vec<ReadingRun>,
    ) -> Vec<Drive> {
        numbered::drives(number, events, runs, self.silence)
    }

    /// All drives of a device, given all of its events and numbered readings, in any order; sorted by start.
    pub fn all(
        self,
        mut events: Vec<DriveEvent>,
        mut runs: BTreeMap<i64, Vec<ReadingRun>>,
    ) -> Vec<Drive> {
        events.sort_unstable_by_key(|event| event.source_id);
        let mut drives = Vec::new();
        let mut by_number: BTreeMap<i64, Vec<DriveEvent>> = BTreeMap::new();
        for (position, event) in events.iter().enumerate() {
            let before = position
                .checked_sub(1)
                .and_then(|before| events.get(before));
            let after = events.get(position + 1);
            match number_of(before, event, after) {
                Some(number) => by_number.entry(number).or_default().push(*event),
                None if event.kind == DriveEventKind::Start => {
                    drives.push(unnumbered(event, after));
                }
                None => {}
            }
        }
        for number in runs.keys() {
            by_number.entry(*number).or_default();
        }
        for (number, events) in by_number {
            let runs = runs.remove(&number).unwrap_or_default();
            drives.extend(self.numbered(number, events, runs));
        }
        drives.sort_by_key(|drive| (drive.start, drive.key()));
        drives
    }
}
