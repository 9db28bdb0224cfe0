//! The durable queue: claiming drives that are to be analysed, and ending a claim.
//!
//! Each claim has a token of its own. A server that has lost its claim (it expired, and another server took the drive
//! over) can change nothing any more.

use std::time::Duration;

use chrono::NaiveDateTime;
use mysql_async::prelude::FromRow;
use mysql_async::{Conn, FromRowError, Row, Value};
use rand::Rng as _;

use super::check::pause_after;
use super::claim::Claim;
use super::claim_watch::Held;
use super::counted::Counted;
use super::readings::DriveWindow;
use super::statements::{WINDOW, duration, read_window};
use super::{DriveState, QueueTiming, transitions};
use crate::database::{DatabaseError, Statement, Transaction, read_columns};

/// A drive that has been claimed.
struct Claimed {
    attempts: u32,
    window: DriveWindow,
}

impl FromRow for Claimed {
    fn from_row_opt(row: Row) -> Result<Self, FromRowError> {
        read_columns(row, |columns| {
            Some(Self {
                attempts: columns.take("attempts")?,
                window: read_window(columns)?,
            })
        })
    }
}

/// The devices that have drives due in `state`.
pub async fn devices_with_due(
    connection: &mut Conn,
    state: DriveState,
) -> Result<Vec<String>, DatabaseError> {
    // One step in the index for each device, whatever the number of its drives.
    let query = "SELECT source_device FROM drives WHERE state = ? \
                 GROUP BY source_device HAVING MIN(next_look_at) <= NOW(6)";
    Statement::new(query, [state]).fetch_all(connection).await
}

/// All claims, for [`ClaimWatch`](super::ClaimWatch).
pub async fn held_claims(connection: &mut Conn) -> Result<Vec<Held>, DatabaseError> {
    let query = "SELECT id, lease_owner, lease_until FROM drives WHERE state = ?";
    let query = Statement::new(query, [DriveState::Running]);
    let held: Vec<(i64, Option<String>, Option<NaiveDateTime>)> =
        query.fetch_all(connection).await?;
    let held = held.into_iter().map(|(id, token, heartbeat)| Held {
        id,
        token,
        heartbeat,
    });
    Ok(held.collect())
}

/// Queues the drive of a dead server again. False where its claim has changed in the meantime.
pub async fn expire_claim(connection: &mut Conn, held: &Held) -> Result<bool, DatabaseError> {
    apply(transitions::expire_claim(held), connection).await
}

/// Claims the queued drive of a device that is due the longest; nothing where none is due. A drive whose row cannot be
/// read is postponed instead.
///
/// The change of the row decides, not a lock: of two servers on one node the second one changes no row, and of two on
/// different nodes of a cluster the second one fails at its commit, and retries.
pub async fn claim(
    transaction: &mut Transaction<'_>,
    device_id: &str,
    timing: &QueueTiming,
) -> Result<Option<Claim>, DatabaseError> {
    let connection = transaction.connection().await?;
    while let Some(id) = due_longest(connection, device_id).await? {
        let token = format!("{:032x}", rand::rng().random::<u128>());
        if !apply(
            transitions::claim(id, &token, timing.claim_expiry),
            connection,
        )
        .await?
        {
            continue;
        }
        return match load(id, &token, connection, timing).await {
            Err(error @ DatabaseError::Unreadable(_)) => {
                let reason = format!("its row cannot be read: {error}");
                let postpone = transitions::postpone_claimed(id, &token, &reason);
                postpone.run(connection).await?;
                Ok(None)
            }
            loaded => loaded,
        };
    }
    Ok(None)
}

async fn due_longest(connection: &mut Conn, device_id: &str) -> Result<Option<i64>, DatabaseError> {
    let query = "SELECT id FROM drives WHERE state = ? AND source_device = ? AND next_look_at <= NOW(6) \
                 ORDER BY next_look_at, id LIMIT 1";
    let query = Statement::new(query, [DriveState::Queued.into(), Value::from(device_id)]);
    query.fetch_first(connection).await
}

async fn load(
    id: i64,
    token: &str,
    connection: &mut Conn,
    timing: &QueueTiming,
) -> Result<Option<Claim>, DatabaseError> {
    let query = format!("SELECT d.attempts, {WINDOW} FROM drives AS d WHERE d.id = ?");
    let query = Statement::new(query, [id]);
    let Some(drive) = query.fetch_first::<Claimed>(connection).await? else {
        return Ok(None);
    };
    let silence = timing.drives().silence();
    Ok(Some(Claim {
        id,
        token: token.to_owned(),
        attempts: drive.attempts,
        readings: drive.window.find(connection, silence).await?,
    }))
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
    reason: Option<&str>,
) -> Result<bool, DatabaseError> {
    let give_back = transitions::give_back(claim, pause, has_readings, reason);
    apply(give_back, connection).await
}

/// Ends a claim on a drive whose readings are no longer stored.
pub async fn end_without_readings(
    connection: &mut Conn,
    claim: &Claim,
) -> Result<bool, DatabaseError> {
    apply(transitions::end_without_readings(claim), connection).await
}

/// Remembers that readings of a drive are no longer stored: it is not diagnosed again until new ones arrive.
pub async fn note_readings_gone(connection: &mut Conn, id: i64) -> Result<bool, DatabaseError> {
    apply(transitions::note_readings_gone(id), connection).await
}

/// Ends a claim after an error that is no failed attempt. The drive is due again after a pause that grows.
pub async fn postpone(
    connection: &mut Conn,
    claim: &Claim,
    reason: &str,
) -> Result<bool, DatabaseError> {
    let postpone = transitions::postpone_claimed(claim.id, &claim.token, reason);
    apply(postpone, connection).await
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

/// Queues a drive again, whatever came of it so far. False where there is no such drive, or where it is open or running.
pub async fn reanalyse(connection: &mut Conn, id: i64) -> Result<bool, DatabaseError> {
    apply(transitions::reanalyse(id), connection).await
}

/// Whether the transition took place.
async fn apply(transition: Statement, connection: &mut Conn) -> Result<bool, DatabaseError> {
    Ok(transition.execute(connection).await? > 0)
}

/// How long until a drive in `state` is due; nothing where there is none. Negative where one is due already is zero.
pub async fn next_due(
    connection: &mut Conn,
    state: DriveState,
) -> Result<Option<Duration>, DatabaseError> {
    let query =
        "SELECT TIMESTAMPDIFF(MICROSECOND, NOW(6), MIN(next_look_at)) FROM drives WHERE state = ?";
    let found: Option<Option<i64>> = Statement::new(query, [state])
        .fetch_first(connection)
        .await?;
    Ok(found.flatten().map(duration))
}

/// How many drives are queued.
pub async fn queue_length(connection: &mut Conn) -> Result<u64, DatabaseError> {
    let query = "SELECT COUNT(*) FROM drives WHERE state = ?";
    let query = Statement::new(query, [DriveState::Queued]);
    Ok(query.fetch_first(connection).await?.unwrap_or_default())
}

/// The time by the database's clock.
pub async fn database_now(connection: &mut Conn) -> Result<Option<NaiveDateTime>, DatabaseError> {
    Statement::new("SELECT NOW(6)", [Value::NULL; 0])
        .fetch_first(connection)
        .await
}
