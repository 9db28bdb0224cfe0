//! The drives of one number. The number alone does not say which: the device's counter may have been reset.

use std::collections::BTreeMap;

use chrono::{NaiveDateTime, TimeDelta};

use super::groups::Groups;
use super::{Drive, DriveEvent, DriveEventKind, ReadingRun};

/// The events and runs of a number, each in the order of the device's rows, and which of them are one drive.
struct Number {
    events: Vec<DriveEvent>,
    runs: Vec<ReadingRun>,
    /// Items are the events, then the runs.
    groups: Groups,
    silence: TimeDelta,
}

pub(super) fn drives(
    number: i64,
    mut events: Vec<DriveEvent>,
    mut runs: Vec<ReadingRun>,
    silence: TimeDelta,
) -> Vec<Drive> {
    events.sort_unstable_by_key(|event| event.source_id);
    runs.sort_unstable_by_key(|run| (run.first, run.last, run.earliest));
    let groups = Groups::new(events.len() + runs.len());
    let mut parts = Number {
        events,
        runs,
        groups,
        silence,
    };
    parts.join_by_time();
    parts.join_events_across_jumps();
    parts.join_runs_across_jumps();
    parts.join_nearest();
    parts.join_overlapping();
    let groups = parts.by_group().into_values();
    groups
        .filter_map(|(events, runs)| drive(number, &events, &runs, silence))
        .collect()
}

impl Number {
    fn run_item(&self, run: usize) -> usize {
        self.events.len() + run
    }

    /// What follows without a silence is one drive.
    fn join_by_time(&mut self) {
        let events = self.events.iter().map(|event| (event.at, event.at));
        let runs = self.runs.iter().map(|run| (run.earliest, run.latest));
        let mut items: Vec<_> = events
            .chain(runs)
            .zip(0..)
            .map(|((from, to), item)| (from, to, item))
            .collect();
        items.sort_unstable();
        let mut latest: Option<(NaiveDateTime, usize)> = None;
        for (from, to, item) in items {
            if let Some((end, before)) = latest {
                if from - end <= self.silence {
                    self.groups.join(before, item);
                }
                latest = Some((end.max(to), item));
            } else {
                latest = Some((to, item));
            }
        }
    }

    /// An end right after a start ends it, whatever the clock did in between.
    fn join_events_across_jumps(&mut self) {
        for item in 1..self.events.len() {
            let kinds = (self.events[item - 1].kind, self.events[item].kind);
            if kinds == (DriveEventKind::Start, DriveEventKind::End) {
                self.groups.join(item - 1, item);
            }
        }
    }

    /// Readings in consecutive rows are one drive, whatever the clock did in between, unless a start says that another
    /// one began.
    fn join_runs_across_jumps(&mut self) {
        let is_start = |event: &&DriveEvent| event.kind == DriveEventKind::Start;
        let starts = self.events.iter().filter(is_start);
        let mut starts: Vec<_> = starts.map(|start| start.at).collect();
        starts.sort_unstable();
        let mut last: Option<(i64, usize)> = None;
        for position in 0..self.runs.len() {
            let (run, item) = (self.runs[position], self.run_item(position));
            if let Some((last, before)) = last
                && run.first <= last.saturating_add(1)
                && !self.has_nearby(&starts, run.earliest)
            {
                self.groups.join(before, item);
            }
            if last.is_none_or(|(last, _)| last < run.last) {
                last = Some((run.last, item));
            }
        }
    }

    /// Whether one of the sorted `times` is within a silence of `time`.
    fn has_nearby(&self, times: &[NaiveDateTime], time: NaiveDateTime) -> bool {
        let next = times.partition_point(|other| *other < time - self.silence);
        times
            .get(next)
            .is_some_and(|other| *other <= time + self.silence)
    }

    /// Events without readings and readings without events are one drive where each is the nearest to the other: their
    /// clocks differ. Older devices log events in UTC and readings in local time.
    fn join_nearest(&mut self) {
        let (mut only_events, mut only_runs) = (Vec::new(), Vec::new());
        for (group, (events, runs)) in self.by_group() {
            match (events.first(), runs.first()) {
                (Some(event), None) => only_events.push((event.at, group)),
                (None, Some(run)) => only_runs.push((run.earliest, group)),
                _ => {}
            }
        }
        only_events.sort_unstable();
        only_runs.sort_unstable();
        for event in &only_events {
            if let Some(run) = nearest(&only_runs, event.0)
                && nearest(&only_events, run.0) == Some(*event)
            {
                self.groups.join(event.1, run.1);
            }
        }
    }

    /// Drives of one number never share rows.
    fn join_overlapping(&mut self) {
        let mut ranges: Vec<_> = self
            .by_group()
            .into_iter()
            .filter_map(|(group, (_, runs))| {
                let last = runs.iter().map(|run| run.last).max()?;
                Some((runs.first()?.first, last, group))
            })
            .collect();
        ranges.sort_unstable();
        let mut latest: Option<(i64, usize)> = None;
        for (first, last, group) in ranges {
            match latest {
                Some((end, before)) if first <= end => {
                    self.groups.join(before, group);
                    latest = Some((end.max(last), group));
                }
                _ => latest = Some((last, group)),
            }
        }
    }

    /// The events and runs of each group, in the order of their rows.
    fn by_group(&mut self) -> BTreeMap<usize, (Vec<DriveEvent>, Vec<ReadingRun>)> {
        let mut by_group: BTreeMap<_, (Vec<_>, Vec<_>)> = BTreeMap::new();
        for (item, event) in self.events.iter().enumerate() {
            let group = by_group.entry(self.groups.of(item)).or_default();
            group.0.push(*event);
        }
        for position in 0..self.runs.len() {
            let item = self.run_item(position);
            let group = by_group.entry(self.groups.of(item)).or_default();
            group.1.push(self.runs[position]);
        }
        by_group
    }
}

/// The entry of a sorted list that is nearest in time; of two the earlier.
fn nearest(
    sorted: &[(NaiveDateTime, usize)],
    time: NaiveDateTime,
) -> Option<(NaiveDateTime, usize)> {
    let next = sorted.partition_point(|(other, _)| *other < time);
    let around = sorted[next.saturating_sub(1)..].iter().take(2);
    around
        .min_by_key(|(other, _)| (*other - time).abs())
        .copied()
}

/// Nothing for ends alone: where such a drive began is unknown, and it has no readings.
fn drive(
    number: i64,
    events: &[DriveEvent],
    runs: &[ReadingRun],
    silence: TimeDelta,
) -> Option<Drive> {
    let started = events
        .iter()
        .find(|event| event.kind == DriveEventKind::Start);
    let last_event = events.last();
    let ended = last_event.filter(|event| event.kind == DriveEventKind::End);
    let first_reading = runs.first().map(|run| run.earliest);
    let start = match (started, first_reading) {
        (None, None) => return None,
        (None, Some(first_reading)) => first_reading,
        // Without an end, readings decide where the clocks differ: the window must hold nothing but this drive.
        (Some(started), Some(first_reading)) if ended.is_none() => {
            let lead = first_reading - started.at;
            if lead < TimeDelta::zero() || lead > silence {
                first_reading
            } else {
                started.at
            }
        }
        (Some(started), _) => started.at,
    };
    let end = ended.map(|ended| ended.at.max(start));
    let last_reading = runs.last().map(|run| run.latest.max(start));
    let first = runs.iter().map(|run| run.first).min();
    let last = runs.iter().map(|run| run.last).max();
    Some(Drive {
        drive_id: Some(number),
        start_source_id: started.map(|started| started.source_id),
        start,
        end,
        source_ids: first.zip(last),
        window_end: end.or(last_reading),
    })
}
