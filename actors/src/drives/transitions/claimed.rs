//! The transitions from `queued` to `running`, and of drives that are `running`: those that a server has claimed.

use std::time::Duration;

use mysql_async::Value;

use super::{REASON_CHARACTERS, growing_pause};
use crate::database::Statement;
use crate::drives::DriveState::{self, Abandoned, Analysed, Queued, Running, Waiting};
use crate::drives::claim::Claim;
use crate::drives::claim_watch::Held;
use crate::drives::counted::Counted;
use crate::drives::statements::{UPDATE, microseconds};
use crate::text::line;

/// From `queued` to `running`. Changes no row where another server was faster, or where the drive is not due any more.
pub(in crate::drives) fn claim(id: i64, token: &str, expires_in: Duration) -> Statement {
    let sql = format!(
        "{UPDATE} SET is_stale = FALSE, lease_owner = ?, lease_until = NOW(6) + INTERVAL ? MICROSECOND, \
         next_look_at = NULL, state = '{Running}' WHERE id = ? AND state = '{Queued}' AND next_look_at <= NOW(6)"
    );
    let values = [Value::from(token), microseconds(expires_in), id.into()];
    Statement::new(sql, values)
}

/// Stays `running`, under the same claim.
pub(in crate::drives) fn renew(claim: &Claim, expires_in: Duration) -> Statement {
    let set = "lease_until = NOW(6) + INTERVAL ? MICROSECOND";
    of_claim(claim, set, [microseconds(expires_in)])
}

/// From `running` to `analysed`, or back to `waiting` where something new has arrived.
pub(in crate::drives) fn finish(claim: &Claim, analysis_id: &str, counted: &Counted) -> Statement {
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
pub(in crate::drives) fn give_back(
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
pub(in crate::drives) fn end_without_readings(claim: &Claim) -> Statement {
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

/// From `running` back to `queued`, with a pause that grows: an error that is no failed attempt.
pub(in crate::drives) fn postpone_claimed(id: i64, token: &str, reason: &str) -> Statement {
    let set = format!(
        "deferrals = deferrals + 1, reason = ?, next_look_at = NOW(6) + {}, lease_owner = NULL, lease_until = NULL, \
         state = IF(is_stale, '{Waiting}', '{Queued}')",
        growing_pause()
    );
    held(id, token, &set, [line(reason, REASON_CHARACTERS).into()])
}

/// From `running` to `queued` after a failed attempt, or to `failed` where there is no `pause` for a further one; to
/// `waiting`, with all attempts, where something new has arrived.
pub(in crate::drives) fn fail(
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
pub(in crate::drives) fn expire_claim(held: &Held) -> Statement {
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
