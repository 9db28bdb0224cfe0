//! Brings the table `drives` up to date with the events and readings of a batch, in the transaction of the batch.
//!
//! Only the drives of the affected numbers and events are paired, with all of their facts: the outcome is what
//! [`Pairing::all`] finds in everything that is stored.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDateTime;

use super::arrivals::Arrivals;
use super::continued::Candidates;
use super::known::{self, ByKey, Known};
use super::log::{self, LogChanges};
use super::pairing::{Drive, Pairing};
use super::{DriveState, DriveTiming, LONGEST_DRIVE, blocks, transitions};
use crate::database::{DatabaseError, Transaction, convert};
use crate::runtime::blocking;

/// How many rows or values one statement has.
const CHUNK: usize = 500;

/// More numbers are paired on a thread of their own.
const MANY: usize = 1_000;

/// What a batch changes about the drives of its device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reconciled {
    /// How many drives are new or have changed, or may have.
    pub changed: usize,
    /// How many of them are to be analysed at once.
    pub ready: usize,
    /// Whether an end arrived that no start belongs to.
    pub has_end_without_start: bool,
}

/// The rows of a batch that drives depend on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Arrived {
    /// The keys of its rows of `connection_log`, of any type.
    pub log: Vec<i64>,
    /// The keys of its rows of `realtime_data`.
    pub reading_keys: Vec<i64>,
    /// Those rows, where they have a time.
    pub readings: Arrivals,
    /// Whether some of those readings are new.
    pub has_new_readings: bool,
    /// Whether some of those readings were stored before.
    pub has_repeated_readings: bool,
    /// The drives that they may continue.
    pub candidates: Candidates,
}

/// To be called once the rows are stored and the device's row is locked: two batches of one device must see each
/// other's rows.
pub(crate) async fn reconcile(
    transaction: &mut Transaction<'_>,
    device_id: &str,
    arrived: &Arrived,
    timing: DriveTiming,
) -> Result<Reconciled, DatabaseError> {
    let readings = &arrived.readings;
    let with_readings = if arrived.has_repeated_readings {
        let keys = arrived.reading_keys.iter();
        let blocks = keys.map(|key| blocks::block_of(*key)).collect();
        blocks::refresh(transaction, device_id, &blocks, timing.silence()).await?
    } else {
        blocks::add(transaction, device_id, readings).await?
    };
    let log = log::refresh(transaction, device_id, &arrived.log).await?;
    let has_unnumbered = with_readings.contains(&None);
    let mut with_readings: BTreeSet<i64> = with_readings.into_iter().flatten().collect();
    let mut update = Update {
        transaction,
        device_id,
        readings,
        timing,
        outcome: Reconciled::default(),
    };
    // Before drives become ready: what arrives for a drive that is ready makes it wait.
    if has_unnumbered && arrived.has_new_readings {
        update.receive_unnumbered().await?;
    }
    if !arrived.has_repeated_readings {
        let candidates = &arrived.candidates;
        with_readings.retain(|number| {
            log.numbers.contains(number) || !update.continue_drive(*number, candidates)
        });
    }
    update.drives(&log, &with_readings).await?;
    Ok(update.outcome)
}

struct Update<'a, 't> {
    transaction: &'a mut Transaction<'t>,
    device_id: &'a str,
    readings: &'a Arrivals,
    timing: DriveTiming,
    outcome: Reconciled,
}

impl Update<'_, '_> {
    /// Whether new readings continue the drive of a number. Pairing is not needed then.
    fn continue_drive(&mut self, number: i64, candidates: &Candidates) -> bool {
        let silence = self.timing.silence();
        let Some((id, drive)) = candidates.continued(number, self.readings, silence) else {
            return false;
        };
        self.transaction
            .defer(&transitions::continue_with(id, &drive, self.timing.quiet));
        self.outcome.changed += 1;
        true
    }

    /// Finds the drives of the affected numbers and starts, and writes what is different.
    async fn drives(
        &mut self,
        log: &LogChanges,
        with_readings: &BTreeSet<i64>,
    ) -> Result<(), DatabaseError> {
        let numbers: Vec<i64> = log.numbers.union(with_readings).copied().collect();
        if numbers.is_empty() && log.starts.is_empty() {
            self.outcome.has_end_without_start = log.has_end_without_start(&[]);
            return Ok(());
        }
        let (mut drives, mut known) = self.pair(&numbers).await?;
        drives.extend(&log.unnumbered);
        self.outcome.has_end_without_start = log.has_end_without_start(&drives);

        let mut keys: BTreeSet<String> = known::keys_of_starts(&log.starts).collect();
        keys.extend(drives.iter().map(|drive| drive.key().to_string()));
        let keys: Vec<String> = keys.into_iter().collect();
        known::add_keys(&mut known, self.transaction, self.device_id, &keys).await?;
        let (rows, ghosts) = known::assign(&drives, known);
        self.remove(&ghosts).await?;
        self.receive(&drives, &rows, with_readings);

        let mut new = Vec::new();
        let mut is_any_written = !ghosts.is_empty();
        for (drive, row) in drives.iter().zip(&rows) {
            match row {
                None => new.push((drive, self.state_of(drive, None))),
                Some(row) => is_any_written |= self.change(row, drive).await?,
            }
        }
        for chunk in new.chunks(CHUNK) {
            let discover = transitions::discover(self.device_id, chunk, self.timing.quiet);
            self.transaction.defer(&discover);
            self.transaction.connection().await?;
        }
        self.outcome.changed += new.len();
        if is_any_written || !new.is_empty() {
            self.close_earlier().await?;
        }
        Ok(())
    }

    /// The drives of these numbers, as they are now and as the table has them.
    async fn pair(&mut self, numbers: &[i64]) -> Result<(Vec<Drive>, ByKey), DatabaseError> {
        let pairing = Pairing {
            silence: self.timing.silence(),
        };
        let (mut events, mut runs) = (BTreeMap::new(), BTreeMap::new());
        let mut known = ByKey::new();
        for chunk in numbers.chunks(CHUNK) {
            let queries = [
                log::of_numbers(self.device_id, chunk),
                blocks::of_numbers(self.device_id, chunk),
                known::of_numbers(self.device_id, chunk),
            ];
            let answers = self.transaction.answers(queries.each_ref()).await?;
            let [of_log, blocks, rows] = answers;
            events.extend(log::by_number(of_log)?);
            known.extend(known::by_key(convert(rows)?));
            let silence = pairing.silence;
            let of_chunk =
                blocks::runs(self.transaction, self.device_id, blocks, silence, &known).await?;
            runs.extend(of_chunk);
        }
        let numbers = numbers.to_vec();
        let is_large = numbers.len() > MANY;
        let pair = move || {
            let drives = numbers.into_iter().flat_map(|number| {
                let events = events.remove(&number).unwrap_or_default();
                let runs = runs.remove(&number).unwrap_or_default();
                pairing.numbered(number, events, runs)
            });
            drives.collect()
        };
        let drives = if is_large {
            blocking(pair).await
        } else {
            pair()
        };
        Ok((drives, known))
    }

    async fn remove(&mut self, ghosts: &[Known]) -> Result<(), DatabaseError> {
        let ids: Vec<i64> = ghosts.iter().map(|row| row.id).collect();
        for chunk in ids.chunks(CHUNK) {
            for statement in transitions::remove(chunk) {
                self.transaction.defer(&statement);
            }
            self.transaction.connection().await?;
        }
        self.outcome.changed += ids.len();
        Ok(())
    }

    /// A drive without a logged end is open until a later one begins: see [`Self::close_earlier`].
    fn state_of(&mut self, drive: &Drive, before: Option<DriveState>) -> DriveState {
        let came_with_readings = self.readings.has_any_of(drive, None);
        let state = DriveState::after_events(before, drive.end.is_some(), came_with_readings);
        self.outcome.ready += usize::from(state == DriveState::Queued);
        state
    }

    /// Whether more has changed than that it has later readings: another drive may now be the later one.
    async fn change(&mut self, row: &Known, drive: &Drive) -> Result<bool, DatabaseError> {
        if row.drive == *drive {
            return Ok(false);
        }
        let events = |drive: &Drive| (drive.drive_id, drive.start_source_id, drive.end);
        let have_events_changed = events(&row.drive) != events(drive);
        let change = if have_events_changed {
            let state = self.state_of(drive, Some(row.state));
            transitions::change_events(row.id, drive, state, self.timing.quiet)
        } else {
            transitions::change_readings(row.id, drive)
        };
        self.transaction.defer(&change);
        self.outcome.changed += 1;
        if self.outcome.changed.is_multiple_of(CHUNK) {
            self.transaction.connection().await?;
        }
        Ok(have_events_changed || !drive.begins_as(&row.drive))
    }

    /// New readings with their number have arrived for some of the drives.
    fn receive(&mut self, drives: &[Drive], rows: &[Option<Known>], numbers: &BTreeSet<i64>) {
        let receives = |drive: &Drive| {
            let number = drive.drive_id;
            number.is_some_and(|number| numbers.contains(&number))
                && self.readings.has_numbered(drive)
        };
        let known = drives.iter().zip(rows).filter(|(drive, _)| receives(drive));
        let ids: Vec<i64> = known
            .filter_map(|(_, row)| Some(row.as_ref()?.id))
            .collect();
        self.receive_for(&ids);
    }

    fn receive_for(&mut self, ids: &[i64]) {
        for chunk in ids.chunks(CHUNK) {
            let receive = transitions::receive_readings(chunk, self.timing.quiet);
            self.transaction.defer(&receive);
        }
        self.outcome.changed += ids.len();
    }

    /// New readings without a number have arrived for the drives at their times.
    async fn receive_unnumbered(&mut self) -> Result<(), DatabaseError> {
        let silence = self.timing.silence();
        let intervals = self.readings.unnumbered_intervals(silence);
        let (Some((first, _)), Some((_, last))) = (intervals.first(), intervals.last()) else {
            return Ok(());
        };
        let since = *first - LONGEST_DRIVE;
        let windows = known::windows(self.transaction, self.device_id, since, *last).await?;
        let mut ids = Vec::new();
        for (position, window) in windows.iter().enumerate() {
            let cut_at = windows.get(position + 1).map(|next| next.start);
            if let Some(last) = window.last_within(&intervals, cut_at, silence) {
                ids.push(window.id);
                if window.end.is_none() {
                    self.transaction
                        .defer(&transitions::extend(window.id, last));
                }
            }
        }
        self.receive_for(&ids);
        Ok(())
    }

    /// Closes the open drives after which another one began.
    async fn close_earlier(&mut self) -> Result<(), DatabaseError> {
        let open = known::open(self.transaction, self.device_id).await?;
        if open.is_empty() {
            return Ok(());
        }
        let newest = known::newest(self.transaction, self.device_id).await?;
        for row in open {
            let is_later =
                |newest: &Known| newest.id != row.id && row.drive.is_before(&newest.drive);
            if !newest.iter().any(is_later) {
                continue;
            }
            let next = known::next_start(self.device_id, row.drive.start, &row.key);
            let next: Vec<NaiveDateTime> = self.transaction.rows(&next).await?;
            let has_readings = self.readings.has_any_of(&row.drive, next.first().copied());
            let state = DriveState::after_events(Some(row.state), true, has_readings);
            self.outcome.ready += usize::from(state == DriveState::Queued);
            self.outcome.changed += 1;
            self.transaction
                .defer(&transitions::close(row.id, state, self.timing.quiet));
        }
        Ok(())
    }
}
