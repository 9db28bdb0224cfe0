//! Each transition locks a drive before its entries in the indexes, and what else locks drives does so in the order of
//! batches, so that no two of them deadlock.

use std::time::{Duration, Instant};

use actors::database::{Database, DatabaseError, DatabaseUrl};
use actors::drives::{self, ClockWatch, QueueTiming};
use mysql_async::prelude::Queryable as _;

use super::{end_as, events, readings, send};
use crate::support::{DEVICE, Fixture, TestDatabase, TestServer, eventually};

const LIMIT: Duration = Duration::from_secs(20);

const TIMING: QueueTiming = QueueTiming::with_quiet(Duration::ZERO);

/// The only drive is made to be `set`. `transition` then waits for its row, and holds no lock that a change of its state
/// needs.
async fn locks_the_row_first<T>(
    set: &str,
    transition: impl AsyncFnOnce(&Database) -> Result<T, DatabaseError>,
) {
    let database = TestDatabase::create().await;
    let variables = [("AUTO_ANALYSIS_QUIET_SECONDS", "86400")];
    let server = TestServer::start_with(&database.url(), &variables).await;
    send(&server, events(1, "start@0 end@25"), readings(1, "10")).await;
    drop(server);
    let set = format!("UPDATE drives SET {set}");
    database.execute(&set).await.unwrap();

    let mut other = database.connect().await;
    for statement in ["START TRANSACTION", "SELECT id FROM drives FOR UPDATE"] {
        other.query_drop(statement).await.unwrap();
    }
    let changes = async {
        database.makes_wait(1).await;
        // That of the table and the one that it waits for.
        assert_eq!(database.locks_of_waiting().await, [2]);
        let change = "UPDATE drives SET state = 'abandoned', next_look_at = NULL";
        other.query_drop(change).await.unwrap();
        other.query_drop("COMMIT").await.unwrap();
    };
    let pool = Database::open(&DatabaseUrl::parse(&database.url()).unwrap(), 1);
    let (transition, ()) = tokio::join!(transition(&pool), changes);
    transition.unwrap();
    assert_eq!(database.count("drives", "state = 'abandoned'").await, 1);
}

#[tokio::test]
async fn a_check_deadlocks_with_no_batch() {
    let waiting = "state = 'waiting', next_look_at = NOW(6)";
    locks_the_row_first(waiting, async |pool| {
        let clock = ClockWatch::new(Instant::now());
        let checked = drives::check(pool, DEVICE, &TIMING, &clock).await?;
        checked.unwrap().outcome
    })
    .await;
}

#[tokio::test]
async fn a_claim_deadlocks_with_no_batch() {
    let queued = "state = 'queued', next_look_at = NOW(6)";
    locks_the_row_first(queued, async |pool| {
        pool.transaction(LIMIT, async |transaction| {
            drives::claim(transaction, DEVICE, &TIMING).await
        })
        .await
    })
    .await;
}

#[tokio::test]
async fn a_silence_that_ends_drives_deadlocks_with_no_batch() {
    let silent = "state = 'open', last_reading_at = NOW(6) - INTERVAL 1 DAY";
    locks_the_row_first(silent, async |pool| {
        pool.run(LIMIT, async |connection| {
            drives::close_silent(connection, &TIMING).await
        })
        .await
    })
    .await;
}

#[tokio::test]
async fn a_step_of_the_clock_deadlocks_with_no_batch() {
    let far_ahead = "state = 'waiting', next_look_at = NOW(6) + INTERVAL 1 DAY";
    locks_the_row_first(far_ahead, async |pool| {
        pool.run(LIMIT, async |connection| {
            drives::restore_due(connection).await
        })
        .await
    })
    .await;
}

#[tokio::test]
async fn an_analysis_deadlocks_with_no_batch_that_changes_its_profile() {
    let fixture = Fixture::start().await;
    fixture.ollama.hold();
    let mut of_drive = readings(1, "10");
    of_drive[0]["profile_id"] = "daily".into();
    send(&fixture.server, events(1, "start@0 end@25"), of_drive).await;
    fixture.ollama.is_asked(1).await;

    let mut batch = fixture.database.connect().await;
    for statement in ["START TRANSACTION", "SELECT id FROM profiles FOR UPDATE"] {
        batch.query_drop(statement).await.unwrap();
    }
    fixture.ollama.release();
    let storing = ["LOCK IN SHARE MODE", "INTO ai_recommendations"];
    eventually("the analysis waits for the profile", async || {
        let sessions = fixture.database.other_sessions().await;
        let mut statements = sessions.iter().map(|session| &session.statement);
        statements.any(|one| storing.iter().any(|words| one.contains(words)))
    })
    .await;
    // Now and then it is locked for the renewal of its claim.
    let mut free: Vec<i64> = Vec::new();
    for _ in 0..10 {
        let drive = "SELECT id FROM drives FOR UPDATE SKIP LOCKED";
        free = batch.query(drive).await.unwrap();
        if !free.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(free.len(), 1, "the drive is not locked");
    batch.query_drop("COMMIT").await.unwrap();
    end_as(&fixture.database, "0-25 analysed").await;
}
