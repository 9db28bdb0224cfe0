//! Every change of a drive's row, one function per transition. [The module](super) draws them; nothing outside of this
//! module writes to the table `drives`.
//!
//! Each transition is one statement that names the states it starts from, so a drive that has changed in the meantime
//! is left alone. Within an `UPDATE`, MySQL evaluates assignments from left to right and later ones see earlier ones:
//! `state` is always assigned last.

use std::time::Duration;

use chrono::NaiveDateTime;
use mysql_async::Value;

use super::DriveState::{self, Abandoned, Analysed, Open, Queued, Running, Waiting};
use super::check::Decision;
use super::known::NO_START;
use super::pairing::Drive;
use super::statements::{UPDATE, microseconds};
use super::sweep::Sweep;
use super::{LONGEST_PAUSE, RECHECK};
use crate::database::Statement;
use crate::text::line;

mod claimed;

pub(super) use self::claimed::{
    claim, end_without_readings, expire_claim, fail, finish, give_back, postpone_claimed, renew,
};

/// The length of `drives.reason`.
const REASON_CHARACTERS: usize = 255;

/// The columns that a [`Drive`] fills.
const BOUNDARIES: &str = "drive_key, drive_id, start_source_id, drive_start, drive_end, first_source_id, \
                          last_source_id, window_end";

/// From nothing: the events and readings of a device show drives that the table does not have.
pub(super) fn discover(
    device_id: &str,
    drives: &[(&Drive, DriveState)],
    quiet: Duration,
) -> Statement {
    let row = "(?, ?, ?, ?, ?, ?, ?, ?, ?, NOW(6) + INTERVAL ? MICROSECOND, ?, NOW(6))";
    let sql = format!(
        "INSERT INTO drives (source_device, {BOUNDARIES}, next_look_at, state, created_at) VALUES {}",
        vec![row; drives.len()].join(", ")
    );
    let values = drives.iter().flat_map(|(drive, state)| {
        let device = [Value::from(device_id)].into_iter();
        let state = [next_check_in(*state, quiet), (*state).into()];
        device.chain(boundaries(drive)).chain(state)
    });
    Statement::new(sql, values)
}

/// To `state`: the events of a drive have changed. One that is running stays so and becomes stale.
pub(super) fn change_events(
    id: i64,
    drive: &Drive,
    state: DriveState,
    quiet: Duration,
) -> Statement {
    let sql = format!(
        "{UPDATE} SET {}, is_stale = is_stale OR state = '{Running}', \
         attempts = IF(state = '{Running}', attempts, 0), \
         next_look_at = NOW(6) + INTERVAL ? MICROSECOND, state = ? WHERE id = ?",
        assigned_boundaries()
    );
    let boundaries = boundaries(drive).into_iter();
    let state = [next_check_in(state, quiet), state.into(), id.into()];
    Statement::new(sql, boundaries.chain(state))
}

/// Stays as it is: a drive has other readings than before, but the same events.
pub(super) fn change_readings(id: i64, drive: &Drive) -> Statement {
    let sql = format!("{UPDATE} SET {} WHERE id = ?", assigned_boundaries());
    let boundaries = boundaries(drive).into_iter();
    Statement::new(sql, boundaries.chain([id.into()]))
}

/// From `open` to `state`: a later drive began.
pub(super) fn close(id: i64, state: DriveState, quiet: Duration) -> Statement {
    let sql = format!(
        "{UPDATE} SET next_look_at = NOW(6) + INTERVAL ? MICROSECOND, state = ? \
         WHERE id = ? AND state = '{Open}'"
    );
    let values = [next_check_in(state, quiet), state.into(), id.into()];
    Statement::new(sql, values)
}

/// From `open` to `waiting`: all drives of which no reading has arrived for `silence`. The first sweep restarts the
/// silence of those whose last reading lies in the future: the clock was stepped back.
pub(super) fn close_silent(silence: Duration) -> [Sweep; 2] {
    let of_open = |condition: &str| {
        format!("state = '{Open}' AND COALESCE(last_reading_at, created_at) {condition}")
    };
    let restart = of_open("> NOW(6) + INTERVAL 1 SECOND");
    let close = of_open("<= NOW(6) - INTERVAL ? MICROSECOND");
    let waits = format!("next_look_at = NOW(6), state = '{Waiting}'");
    [
        Sweep::new("last_reading_at = NOW(6)", restart, [Value::NULL; 0]),
        Sweep::new(waits, close, [microseconds(silence)]),
    ]
}

/// From anything to nothing: the events and readings of the device show these drives no more. Their analyses stay and
/// are marked.
pub(super) fn remove(ids: &[i64]) -> [Statement; 2] {
    let places = vec!["?"; ids.len()].join(", ");
    let mark = format!(
        "UPDATE analysis_history SET drive_removed_at = NOW(6) WHERE drive_row_id IN ({places})"
    );
    let delete = format!("DELETE FROM drives WHERE id IN ({places})");
    [mark, delete].map(|sql| Statement::new(sql, ids.to_vec()))
}

/// To `waiting`: new readings have arrived for these drives. Those that are open stay so; one that is running stays so
/// and becomes stale.
pub(super) fn receive_readings(ids: &[i64], quiet: Duration) -> Statement {
    let places = vec!["?"; ids.len()].join(", ");
    let sql = format!("{UPDATE} SET {} WHERE id IN ({places})", received());
    let pause = microseconds(quiet.min(RECHECK));
    Statement::new(sql, [pause].into_iter().chain(ids.iter().map(Value::from)))
}

/// The same for one drive, which has more readings than before and is otherwise what it was.
pub(super) fn continue_with(id: i64, drive: &Drive, quiet: Duration) -> Statement {
    let sql = format!(
        "{UPDATE} SET last_source_id = ?, window_end = ?, {} WHERE id = ?",
        received()
    );
    let values = [
        drive.source_ids.map(|(_, last)| last).into(),
        drive.window_end.into(),
        microseconds(quiet.min(RECHECK)),
        id.into(),
    ];
    Statement::new(sql, values)
}

fn received() -> String {
    format!(
        "last_reading_at = NOW(6), readings_gone_at = NULL, is_stale = is_stale OR state = '{Running}', \
         attempts = IF(state = '{Running}', attempts, 0), \
         next_look_at = IF(state IN ('{Open}', '{Running}'), next_look_at, NOW(6) + INTERVAL ? MICROSECOND), \
         state = IF(state IN ('{Open}', '{Running}'), state, '{Waiting}')"
    )
}

/// Stays as it is: `last` is the time of a reading of a drive that lasts until the first silence.
pub(super) fn extend(id: i64, last: NaiveDateTime) -> Statement {
    let sql =
        format!("{UPDATE} SET last_reading = GREATEST(COALESCE(last_reading, ?), ?) WHERE id = ?");
    let values = [Value::from(last), last.into(), id.into()];
    Statement::new(sql, values)
}

/// From `waiting`: the check that was due at `due` has come to a decision. A drive that has changed during the check
/// is left alone: it is due for another one.
pub(super) fn end_check(
    id: i64,
    due: NaiveDateTime,
    decision: Decision,
    last_reading: Option<NaiveDateTime>,
) -> Statement {
    let (state, next_check_in, reason) = match decision {
        Decision::CheckAgain(pause) => (Waiting, Some(pause), None),
        Decision::Queue => (Queued, Some(Duration::ZERO), None),
        Decision::NothingNew => (Analysed, None, None),
        Decision::GiveUp => (Abandoned, None, Some("no readings arrived for a week")),
    };
    let sql = format!(
        "{UPDATE} SET next_look_at = NOW(6) + INTERVAL ? MICROSECOND, last_reading = ?, deferrals = 0, reason = ?, \
         state = ? WHERE id = ? AND state = '{Waiting}' AND next_look_at = ?"
    );
    let values = [
        next_check_in.map_or(Value::NULL, microseconds),
        last_reading.into(),
        reason.into(),
        state.into(),
        id.into(),
        due.into(),
    ];
    Statement::new(sql, values)
}

/// Stays in `state`, with a pause that grows: an error kept the drive from being checked or claimed.
pub(super) fn postpone(id: i64, state: DriveState, reason: &str) -> Statement {
    let sql = format!(
        "{UPDATE} SET deferrals = deferrals + 1, reason = ?, next_look_at = NOW(6) + {} WHERE id = ? AND state = ?",
        growing_pause()
    );
    let values = [
        line(reason, REASON_CHARACTERS).into(),
        id.into(),
        Value::from(state),
    ];
    Statement::new(sql, values)
}

/// Stays in its state: a drive is due at a time that the queue never sets, so the clock has been stepped back. It is due
/// now. Two sweeps, since the pauses after errors and failed attempts are the longest.
pub(super) fn restore_due() -> [Sweep; 2] {
    let overdue = |condition: &str, pause: Duration| {
        let condition = format!(
            "state IN (?, ?) AND next_look_at > NOW(6) + INTERVAL ? MICROSECOND{condition}"
        );
        // The time between setting and reading it is no step.
        let pause = microseconds(pause + Duration::from_secs(1));
        let values = [Waiting.into(), Queued.into(), pause];
        Sweep::new("next_look_at = NOW(6)", condition, values)
    };
    [
        overdue(" AND attempts = 0 AND deferrals = 0", RECHECK),
        overdue("", LONGEST_PAUSE),
    ]
}

/// From any state but `open` and `running` to `queued`, with all attempts: the owner asks for an analysis now.
pub(super) fn reanalyse(id: i64) -> Statement {
    let sql = format!(
        "{UPDATE} SET attempts = 0, deferrals = 0, reason = NULL, next_look_at = NOW(6), state = '{Queued}' \
         WHERE id = ? AND state NOT IN ('{Open}', '{Running}')"
    );
    Statement::new(sql, [id])
}

/// Stays in its state: a diagnosis has found that readings of it are no longer stored.
pub(super) fn note_readings_gone(id: i64) -> Statement {
    let sql = format!("{UPDATE} SET readings_gone_at = NOW(6) WHERE id = ?");
    Statement::new(sql, [id])
}

fn boundaries(drive: &Drive) -> [Value; 8] {
    [
        drive.key().to_string().into(),
        drive.drive_id.into(),
        drive.start_source_id.unwrap_or(NO_START).into(),
        drive.start.into(),
        drive.end.into(),
        drive.source_ids.map(|(first, _)| first).into(),
        drive.source_ids.map(|(_, last)| last).into(),
        drive.window_end.into(),
    ]
}

fn assigned_boundaries() -> String {
    BOUNDARIES.replace(',', " = ?,") + " = ?"
}

/// In microseconds. A drive that is ready is due now; one that is not, when it can have become quiet.
fn next_check_in(state: DriveState, quiet: Duration) -> Value {
    microseconds(if state == Queued {
        Duration::ZERO
    } else {
        quiet.min(RECHECK)
    })
}

/// The pause after the error that `deferrals` counts already: 30 s, twice as long each time, [`LONGEST_PAUSE`] at most.
fn growing_pause() -> String {
    format!(
        "INTERVAL LEAST(15 * POW(2, LEAST(deferrals, 16)), {}) SECOND",
        LONGEST_PAUSE.as_secs()
    )
}
