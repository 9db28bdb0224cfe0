//! Every change of a drive's row, one function per transition. [The module](super) draws them; no other file writes to
//! the table `drives`.
//!
//! Each transition is one statement that names the states it starts from, so a drive that has changed in the meantime
//! is left alone. Within an `UPDATE`, MySQL evaluates assignments from left to right and later ones see earlier ones:
//! `state` is always assigned last.

use std::time::Duration;

use chrono::NaiveDateTime;
use mysql_async::Value;

use super::DriveState::{self, Abandoned, Analysed, Open, Queued, Running, Waiting};
use super::check::Decision;
use super::claim::Claim;
use super::claim_watch::Held;
use super::counted::Counted;
use super::known::NO_START;
use super::pairing::Drive;
use super::statements::{UPDATE, microseconds};
use super::sweep::Sweep;
use super::{LONGEST_PAUSE, RECHECK};
use crate::database::Statement;
use crate::text::line;

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

/// To `waiting`: new readings have arrived for the drives that meet `condition`. Those that are open stay so; one that
/// is running stays so and becomes stale.
pub(super) fn receive_readings(
    condition: &str,
    values: impl IntoIterator<Item = Value>,
    quiet: Duration,
) -> Statement {
    let sql = format!("{UPDATE} SET {} WHERE {condition}", received());
    let pause = microseconds(quiet.min(RECHECK));
    Statement::new(sql, [pause].into_iter().chain(values))
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

/// From `queued` to `running`. Changes no row where another server was faster, or where the drive is not due any more.
pub(super) fn claim(id: i64, token: &str, expires_in: Duration) -> Statement {
    let sql = format!(
        "{UPDATE} SET is_stale = FALSE, lease_owner = ?, lease_until = NOW(6) + INTERVAL ? MICROSECOND, \
         next_look_at = NULL, state = '{Running}' WHERE id = ? AND state = '{Queued}' AND next_look_at <= NOW(6)"
    );
    let values = [Value::from(token), microseconds(expires_in), id.into()];
    Statement::new(sql, values)
}

/// Stays `running`, under the same claim.
pub(super) fn renew(claim: &Claim, expires_in: Duration) -> Statement {
    let set = "lease_until = NOW(6) + INTERVAL ? MICROSECOND";
    of_claim(claim, set, [microseconds(expires_in)])
}

/// From `running` to `analysed`, or back to `waiting` where something new has arrived.
pub(super) fn finish(claim: &Claim, analysis_id: &str, counted: &Counted) -> Statement {
    let set = format!(
        "readings_analysed = ?, last_reading = ?, analysis_id = ?, attempts = 0, deferrals = 0, reason = NULL, \
         next_look_at = IF(is_stale, NOW(6), NULL), lease_owner = NULL, lease_until = NULL, \
         state = IF(is_stale, '{Waiting}', '{Analysed}')"
    );
    let values = [
        counted.readings.into(),
        counted.last.into(),
        analysis_id.into(),
    ];
    of_claim(claim, &set, values)
}

/// From `running` back to `queued` without a failed attempt; to `waiting` where something new has arrived, or where the
/// drive has no readings.
pub(super) fn give_back(
    claim: &Claim,
    pause: Duration,
    has_readings: bool,
    reason: Option<&str>,
) -> Statement {
    let set = format!(
        "reason = ?, next_look_at = NOW(6) + INTERVAL ? MICROSECOND, lease_owner = NULL, lease_until = NULL, \
         state = IF(is_stale OR NOT ?, '{Waiting}', '{Queued}')"
    );
    let reason = reason.map(|reason| line(reason, REASON_CHARACTERS));
    let values = [reason.into(), microseconds(pause), has_readings.into()];
    of_claim(claim, &set, values)
}

/// From `running` to `analysed` or `abandoned`: its readings are no longer stored, so there is nothing to analyse. To
/// `waiting` where something new has arrived.
pub(super) fn end_without_readings(claim: &Claim) -> Statement {
    let set = format!(
        "attempts = 0, deferrals = 0, reason = ?, readings_gone_at = NOW(6), \
         next_look_at = IF(is_stale, NOW(6), NULL), lease_owner = NULL, lease_until = NULL, \
         state = IF(is_stale, '{Waiting}', IF(analysis_id IS NULL, '{Abandoned}', '{Analysed}'))"
    );
    of_claim(
        claim,
        &set,
        [Value::from("its readings are no longer stored")],
    )
}

/// Stays in its state: a diagnosis has found that readings of it are no longer stored.
pub(super) fn note_readings_gone(id: i64) -> Statement {
    let sql = format!("{UPDATE} SET readings_gone_at = NOW(6) WHERE id = ?");
    Statement::new(sql, [id])
}

/// From `running` back to `queued`, with a pause that grows: an error that is no failed attempt.
pub(super) fn postpone_claimed(id: i64, token: &str, reason: &str) -> Statement {
    let set = format!(
        "deferrals = deferrals + 1, reason = ?, next_look_at = NOW(6) + {}, lease_owner = NULL, lease_until = NULL, \
         state = IF(is_stale, '{Waiting}', '{Queued}')",
        growing_pause()
    );
    held(id, token, &set, [line(reason, REASON_CHARACTERS).into()])
}

/// From `running` to `queued` after a failed attempt, or to `failed` where there is no `pause` for a further one; to
/// `waiting`, with all attempts, where something new has arrived.
pub(super) fn fail(
    claim: &Claim,
    attempts: u32,
    pause: Option<Duration>,
    reason: &str,
) -> Statement {
    let set = format!(
        "attempts = IF(is_stale, 0, ?), deferrals = 0, reason = ?, \
         next_look_at = IF(is_stale, NOW(6), NOW(6) + INTERVAL ? MICROSECOND), \
         lease_owner = NULL, lease_until = NULL, state = IF(is_stale, '{Waiting}', ?)"
    );
    let values = [
        attempts.into(),
        line(reason, REASON_CHARACTERS).into(),
        pause.map_or(Value::NULL, microseconds),
        pause.map_or(DriveState::Failed, |_| Queued).into(),
    ];
    of_claim(claim, &set, values)
}

/// From `running` to `queued`, or to `waiting` where something new has arrived: the server that held the claim has died.
/// A drive that takes one server after the other down is due at growing intervals.
pub(super) fn expire_claim(held: &Held) -> Statement {
    let sql = format!(
        "{UPDATE} SET deferrals = deferrals + 1, reason = ?, \
         next_look_at = IF(deferrals > 1, NOW(6) + {}, NOW(6)), lease_owner = NULL, lease_until = NULL, \
         state = IF(is_stale, '{Waiting}', '{Queued}') \
         WHERE id = ? AND state = '{Running}' AND lease_owner <=> ? AND lease_until <=> ?",
        growing_pause()
    );
    let values = [
        Value::from("the server that analysed it stopped unexpectedly"),
        held.id.into(),
        held.token.as_deref().into(),
        held.heartbeat.into(),
    ];
    Statement::new(sql, values)
}

/// Changes a drive only while the claim on it holds.
fn of_claim(claim: &Claim, set: &str, values: impl IntoIterator<Item = Value>) -> Statement {
    held(claim.id, &claim.token, set, values)
}

fn held(id: i64, token: &str, set: &str, values: impl IntoIterator<Item = Value>) -> Statement {
    let sql =
        format!("{UPDATE} SET {set} WHERE id = ? AND lease_owner = ? AND state = '{Running}'");
    let holder = [Value::from(id), Value::from(token)];
    Statement::new(sql, values.into_iter().chain(holder))
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
