//! Which drives a device's connection log tells of.
//!
//! A pure function of all its drive events, whatever the order in which they arrived: whoever calls it again after
//! every batch gets the same drives, with more of them known. Where events carry a drive's number, that number says
//! what belongs together and clocks play no part; the others are paired by time. Of two drives that overlap in time the
//! later one has the readings that name neither, so no reading belongs to two of them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDateTime;

/// A `drive_start` or `drive_end` of one device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DriveEvent {
    /// The device's own key of the row; it grows with every row.
    pub source_id: i64,
    /// The device's clock.
    pub at: NaiveDateTime,
    /// Which of the two.
    pub kind: DriveEventKind,
    /// The device's number of the drive.
    pub drive_id: Option<i64>,
}

/// Which end of a drive an event tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DriveEventKind {
    /// `drive_start`.
    Start,
    /// `drive_end`.
    End,
}

impl DriveEventKind {
    /// The kind of an `event_type`; other events tell nothing of drives.
    pub fn of(event_type: &str) -> Option<Self> {
        match event_type {
            "drive_start" => Some(Self::Start),
            "drive_end" => Some(Self::End),
            _ => None,
        }
    }
}

/// A drive, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drive {
    /// What makes it this drive, now and after further batches.
    pub identity: DriveIdentity,
    /// The device's number of it, from whichever event carries one.
    pub drive_id: Option<i64>,
    /// Key of the event that began it.
    pub start_source_id: i64,
    /// When it began, by the device's clock.
    pub start: NaiveDateTime,
    /// How it ended.
    pub ending: Ending,
    /// From then on, readings without a number are those of a later drive. Always there for one that was cut.
    pub cut_at: Option<NaiveDateTime>,
}

impl Drive {
    /// Whether all of its readings have been taken.
    pub fn is_over(&self) -> bool {
        self.ending != Ending::Open
    }

    /// When it ended, where that is logged.
    pub fn logged_end(&self) -> Option<NaiveDateTime> {
        match self.ending {
            Ending::Logged(end) => Some(end),
            Ending::Cut(_) | Ending::Open => None,
        }
    }

    /// Whether a reading that was taken then, and names no drive, is one of its own.
    pub fn lasts_at(&self, time: NaiveDateTime) -> bool {
        let is_over = self.logged_end().is_some_and(|end| end < time)
            || self.cut_at.is_some_and(|cut_at| cut_at <= time);
        self.start <= time && !is_over
    }
}

/// What stays the same about a drive while its events come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DriveIdentity {
    /// The number that its start carries.
    Numbered(i64),
    /// The key of its start, which carries no number.
    StartedBy(i64),
}

/// How a drive ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// With a `drive_end`.
    Logged(NaiveDateTime),
    /// Without one; but the next drive began at this time, so it is over. Its last reading is its end.
    Cut(NaiveDateTime),
    /// Not that we know.
    Open,
}

/// The drives that a device's events tell of, in the order of their starts.
pub fn pair(events: &[DriveEvent]) -> Vec<Drive> {
    let log = Log::of(events);
    let mut drives = pair_by_time(&log);
    for drive in &mut drives {
        if !matches!(drive.ending, Ending::Logged(_)) {
            correct_by_key(drive, &log.starts);
        }
    }
    let starts: Vec<_> = drives.iter().map(|drive| drive.start).collect();
    for (drive, next_start) in drives
        .iter_mut()
        .zip(starts.into_iter().skip(1).map(Some).chain([None]))
    {
        drive.cut_at = match drive.ending {
            Ending::Logged(end) => next_start.filter(|next| *next <= end),
            Ending::Cut(at) => Some(next_start.map_or(at, |next| next.min(at))),
            Ending::Open => None,
        };
    }
    drives
}

/// The events that count. A number says once that it begins and once that it ends: what it says again belongs to the
/// same drive, which lasts from its first start to its last end in the order of the device's keys.
struct Log {
    /// By key.
    starts: Vec<DriveEvent>,
    /// Ends of drives whose start has the same number.
    numbered_ends: BTreeMap<i64, DriveEvent>,
    /// All other ends.
    spare_ends: Vec<DriveEvent>,
}

impl Log {
    fn of(events: &[DriveEvent]) -> Self {
        let mut by_key = events.to_vec();
        by_key.sort_by_key(|event| event.source_id);
        let mut numbers = BTreeSet::new();
        let mut numbered_ends = BTreeMap::new();
        let (mut starts, mut spare_ends) = (Vec::new(), Vec::new());
        for event in by_key {
            match (event.kind, event.drive_id) {
                (DriveEventKind::Start, Some(number)) if !numbers.insert(number) => {}
                (DriveEventKind::Start, _) => starts.push(event),
                (DriveEventKind::End, Some(number)) => {
                    numbered_ends.insert(number, event);
                }
                (DriveEventKind::End, None) => spare_ends.push(event),
            }
        }
        let orphans = numbered_ends.extract_if(.., |number, _| !numbers.contains(number));
        spare_ends.extend(orphans.map(|(_, end)| end));
        Self {
            starts,
            numbered_ends,
            spare_ends,
        }
    }
}

/// Gives each start its end: the one with its number; else the next one in time that has no start of its own, if no
/// other start lies between.
fn pair_by_time(log: &Log) -> Vec<Drive> {
    let mut by_time: Vec<&DriveEvent> = log.starts.iter().chain(&log.spare_ends).collect();
    by_time.sort_by_key(|event| (event.at, event.source_id));

    let mut drives: Vec<Drive> = Vec::new();
    for event in by_time {
        let previous = drives
            .last_mut()
            .filter(|drive| drive.ending == Ending::Open);
        match (event.kind, previous) {
            (DriveEventKind::Start, previous) => {
                if let Some(previous) = previous {
                    previous.ending = Ending::Cut(event.at);
                }
                let end = event
                    .drive_id
                    .and_then(|number| log.numbered_ends.get(&number));
                // A clock that was set in the middle may put the end before the start.
                let ending = end.map_or(Ending::Open, |end| Ending::Logged(end.at.max(event.at)));
                drives.push(begun_by(event, ending));
            }
            (DriveEventKind::End, Some(previous))
                if previous.drive_id.is_none() || event.drive_id.is_none() =>
            {
                previous.drive_id = previous.drive_id.or(event.drive_id);
                previous.ending = Ending::Logged(event.at);
            }
            (DriveEventKind::End, _) => {}
        }
    }
    drives
}

/// The device's keys know which start is newer, even where its clock went back: a drive that is not the newest is
/// over, and one with a number that is the newest goes on.
fn correct_by_key(drive: &mut Drive, starts: &[DriveEvent]) {
    let next = starts.partition_point(|start| start.source_id <= drive.start_source_id);
    drive.ending = match (starts.get(next), drive.ending) {
        (Some(next), Ending::Open) => Ending::Cut(next.at.max(drive.start)),
        (None, _) if drive.drive_id.is_some() => Ending::Open,
        (_, ending) => ending,
    };
}

fn begun_by(start: &DriveEvent, ending: Ending) -> Drive {
    Drive {
        identity: start.drive_id.map_or(
            DriveIdentity::StartedBy(start.source_id),
            DriveIdentity::Numbered,
        ),
        drive_id: start.drive_id,
        start_source_id: start.source_id,
        start: start.at,
        ending,
        cut_at: None,
    }
}

#[cfg(test)]
mod tests;
