//! Each transition locks a drive before its entries in the indexes, so that no two of them deadlock.

use std::time::{Duration, Instant};

use actors::database::{Database, DatabaseError, DatabaseUrl};
use actors::drives::{self, ClockWatch, QueueTiming};
use mysql_async::prelude::Queryable as _;

use super::{events, readings, send};
use crate::support::{DEVICE, TestDatabase, TestServer};

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
        let waiting = "SELECT trx_lock_structs FROM information_schema.innodb_trx WHERE trx_mysql_thread_id = ";
        let mut locks = Vec::new();
        for session in database.other_sessions().await {
            let of_session = format!("{waiting}{} AND trx_state = 'LOCK WAIT'", session.id);
            locks.extend(database.rows::<u64>(&of_session).await);
        }
        // That of the table and the one that it waits for.
        assert_eq!(locks, [2]);
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
