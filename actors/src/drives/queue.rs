//! The durable queue: checking drives that wait, claiming those that are to be analysed, and ending a claim.
//!
//! Each claim has a token of its own. A server that has lost its claim (it expired, and another server took the drive
//! over) can change nothing any more.

use std::time::Duration;

use chrono::NaiveDateTime;
use mysql_async::prelude::FromRow;
use mysql_async::{Conn, FromRowError, Row};
use rand::Rng as _;

use super::check::{Decision, Facts, decide, pause_after};
use super::readings::{DriveReadings, Part};
use super::statements::{DRIVES, READINGS, duration, read_readings};
use super::{DriveState, QueueTiming, transitions};
use crate::database::{DatabaseError, Statement, Transaction, read_columns};

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

/// The readings of a drive, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Their number.
    pub readings: u64,
    /// When the last one was taken.
    pub last: Option<NaiveDateTime>,
    /// The profile of one of them: `profiles.id`.
    pub profile: Option<i64>,
}

/// A waiting drive that is due for a check.
struct Due {
    id: i64,
    /// When it became due.
    since: NaiveDateTime,
    /// Since its last new reading.
    quiet_for: Option<Duration>,
    /// Since it was discovered.
    known_for: Duration,
    /// How many readings it was analysed with.
    readings_analysed: Option<u64>,
    readings: DriveReadings,
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

impl FromRow for Due {
    fn from_row_opt(row: Row) -> Result<Self, FromRowError> {
        read_columns(row, |columns| {
            let quiet_for: Option<i64> = columns.take("quiet_for_us")?;
            Some(Self {
                id: columns.take("id")?,
                since: columns.take("next_look_at")?,
                quiet_for: quiet_for.map(duration),
                known_for: duration(columns.take("known_for_us")?),
                readings_analysed: columns.take("readings_analysed")?,
                readings: read_readings(columns)?,
            })
        })
    }
}

impl FromRow for Counted {
    fn from_row_opt(row: Row) -> Result<Self, FromRowError> {
        read_columns(row, |columns| {
            Some(Self {
                readings: columns.take("readings")?,
                last: columns.take("last")?,
                profile: columns.take("profile")?,
            })
        })
    }
}

/// Counts the readings of a drive.
pub async fn count(
    connection: &mut Conn,
    readings: &DriveReadings,
) -> Result<Counted, DatabaseError> {
    let mut all = Counted::default();
    for Part {
        from_where, values, ..
    } in readings.parts()
    {
        let query = format!(
            "SELECT COUNT(*) AS readings, MAX(timestamp) AS last, MAX(profile_id) AS profile {from_where}"
        );
        let counted: Option<Counted> = Statement::new(query, values)
            .fetch_first(connection)
            .await?;
        let counted = counted.unwrap_or_default();
        all = Counted {
            readings: all.readings + counted.readings,
            last: all.last.max(counted.last),
            profile: all.profile.or(counted.profile),
        };
    }
    Ok(all)
}

/// Checks the waiting drive that is due the longest and returns the decision; nothing where none is due.
///
/// Nothing is locked while readings are counted. A drive that changes in the meantime is checked again.
pub async fn check(
    connection: &mut Conn,
    timing: &QueueTiming,
) -> Result<Option<Decision>, DatabaseError> {
    let query = format!(
        "SELECT d.id, {READINGS}, d.next_look_at, d.readings_analysed, \
         TIMESTAMPDIFF(MICROSECOND, d.last_reading_at, NOW(6)) AS quiet_for_us, \
         TIMESTAMPDIFF(MICROSECOND, d.created_at, NOW(6)) AS known_for_us FROM {DRIVES} \
         WHERE d.state = ? AND d.next_look_at <= NOW(6) ORDER BY d.next_look_at LIMIT 1"
    );
    let query = Statement::new(query, [DriveState::Waiting]);
    let Some(due) = query.fetch_first::<Due>(connection).await? else {
        return Ok(None);
    };
    let counted = count(connection, &due.readings).await?;
    let facts = Facts {
        is_over: due.readings.end.is_some() || due.readings.cut_at.is_some(),
        readings: counted.readings,
        readings_analysed: due.readings_analysed,
        quiet_for: due.quiet_for,
        known_for: due.known_for,
    };
    let decision = decide(&facts, timing);
    transitions::end_check(due.id, due.since, decision, counted.last)
        .run(connection)
        .await?;
    Ok(Some(decision))
}

/// Queues every drive again whose claim has expired and returns how many those are.
pub async fn expire_claims(connection: &mut Conn) -> Result<u64, DatabaseError> {
    transitions::expire_claims().execute(connection).await
}

/// Claims the queued drive that is due the longest; nothing where none is due.
pub async fn claim(
    transaction: &mut Transaction<'_>,
    timing: &QueueTiming,
) -> Result<Option<Claim>, DatabaseError> {
    let due = "SELECT id FROM drives WHERE state = ? AND next_look_at <= NOW(6) \
               ORDER BY next_look_at LIMIT 1 FOR UPDATE SKIP LOCKED";
    let connection = transaction.connection().await?;
    let due = Statement::new(due, [DriveState::Queued]);
    let Some(id) = due.fetch_first::<i64>(connection).await? else {
        return Ok(None);
    };
    let query = format!("SELECT d.id, d.attempts, {READINGS} FROM {DRIVES} WHERE d.id = ?");
    let claim: Option<Claim> = Statement::new(query, [id]).fetch_first(connection).await?;
    if let Some(claim) = &claim {
        transaction.defer(&transitions::claim(claim, timing.claim_expiry));
    }
    Ok(claim)
}

/// Extends a claim. False where it is lost.
pub async fn renew(
    connection: &mut Conn,
    claim: &Claim,
    timing: &QueueTiming,
) -> Result<bool, DatabaseError> {
    apply(transitions::renew(claim, timing.claim_expiry), connection).await
}

/// Ends a claim with an analysis of the readings `counted`. False where the claim is lost: nothing of the analysis may
/// be stored then.
pub async fn finish(
    connection: &mut Conn,
    claim: &Claim,
    analysis_id: &str,
    counted: &Counted,
) -> Result<bool, DatabaseError> {
    let finish = transitions::finish(claim, analysis_id, counted);
    apply(finish, connection).await
}

/// Ends a claim without a failed attempt: the analysis is not possible now. The drive is due again after `pause`.
pub async fn give_back(
    connection: &mut Conn,
    claim: &Claim,
    pause: Duration,
    has_readings: bool,
) -> Result<bool, DatabaseError> {
    let give_back = transitions::give_back(claim, pause, has_readings);
    apply(give_back, connection).await
}

/// Ends a claim with a failed attempt. The next one follows after a pause that grows, [`ATTEMPTS`] in all; earlier
/// where something new has arrived.
///
/// [`ATTEMPTS`]: super::check::ATTEMPTS
pub async fn fail(
    connection: &mut Conn,
    claim: &Claim,
    reason: &str,
) -> Result<bool, DatabaseError> {
    let attempts = claim.attempts + 1;
    let fail = transitions::fail(claim, attempts, pause_after(attempts), reason);
    apply(fail, connection).await
}

/// Whether the transition took place.
async fn apply(transition: Statement, connection: &mut Conn) -> Result<bool, DatabaseError> {
    Ok(transition.execute(connection).await? > 0)
}

/// How long until something is due.
pub async fn next_check(connection: &mut Conn) -> Result<Duration, DatabaseError> {
    use DriveState::{Queued, Running, Waiting};
    let query = "SELECT TIMESTAMPDIFF(MICROSECOND, NOW(6), LEAST(\
                 COALESCE((SELECT MIN(next_look_at) FROM drives WHERE state = ?), '9999-01-01'), \
                 COALESCE((SELECT MIN(next_look_at) FROM drives WHERE state = ?), '9999-01-01'), \
                 COALESCE((SELECT MIN(lease_until) FROM drives WHERE state = ?), '9999-01-01')))";
    let query = Statement::new(query, [Waiting, Queued, Running]);
    let found: Option<Option<i64>> = query.fetch_first(connection).await?;
    Ok(found.flatten().map_or(Duration::ZERO, duration))
}

/// How many drives are queued, and how many of them are due.
pub async fn queue_length(connection: &mut Conn) -> Result<(u64, u64), DatabaseError> {
    let query =
        "SELECT COUNT(*), COUNT(IF(next_look_at <= NOW(6), 1, NULL)) FROM drives WHERE state = ?";
    let query = Statement::new(query, [DriveState::Queued]);
    Ok(query.fetch_first(connection).await?.unwrap_or_default())
}
