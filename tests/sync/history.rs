//! The history of batches, and the registry of devices.

use chrono::NaiveDateTime;
use mysql_async::prelude::Queryable as _;
use serde_json::{Value, json};

use crate::support::{DEVICE, TestDatabase, TestServer, batch, effort, eventually, readings, with};

type Entry = (String, i64, i64, Value);

/// Status, inserted, updated and tables of the history of `test-batch`.
async fn entry(database: &TestDatabase, device: &str) -> Entry {
    let (status, inserted, updated, tables): (String, i64, i64, String) = database
        .row(&format!(
            "SELECT status, rows_inserted, rows_updated, CAST(tables_synced AS CHAR) FROM sync_history \
             WHERE batch_id = 'test-batch' AND device_id = '{device}'"
        ))
        .await;
    (
        status,
        inserted,
        updated,
        serde_json::from_str(&tables).unwrap(),
    )
}

fn entry_of(status: &str, inserted: i64, updated: i64, tables: &[&str]) -> Entry {
    (status.to_owned(), inserted, updated, json!(tables))
}

#[tokio::test]
async fn a_stored_batch_is_in_the_history() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let before = chrono::Utc::now().naive_utc();
    server
        .sync(&batch(&json!({"realtime_data": readings(1..=5)})))
        .await;
    let after = chrono::Utc::now().naive_utc();
    assert_eq!(
        entry(&database, DEVICE).await,
        entry_of("success", 5, 0, &["realtime_data"])
    );
    let (started_at, completed_at, error): (NaiveDateTime, NaiveDateTime, Option<String>) =
        database
            .row("SELECT started_at, completed_at, error FROM sync_history")
            .await;
    assert!(before <= started_at && started_at <= completed_at && completed_at <= after);
    assert_eq!(error, None);
}

#[tokio::test]
async fn requests_that_share_a_batch_id_share_a_row() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let events =
        json!([{"id": 1, "event_type": "drive_start"}, {"id": 2, "event_type": "drive_end"}]);
    server
        .sync(&batch(&json!({"connection_log": events})))
        .await;
    server
        .sync(&batch(&json!({"realtime_data": readings(1..=5)})))
        .await;
    server
        .sync(&batch(
            &json!({"realtime_data": readings(4..=9), "connection_log": events}),
        ))
        .await;
    let expected = entry_of("success", 11, 4, &["connection_log", "realtime_data"]);
    assert_eq!(entry(&database, DEVICE).await, expected);
    assert_eq!(database.count("sync_history", "TRUE").await, 1);
}

#[tokio::test]
async fn two_devices_with_the_same_batch_id_have_a_row_each() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    server
        .sync(&batch(&json!({"realtime_data": readings(1..=5)})))
        .await;
    let other = batch(&json!({"realtime_data": readings(1..=2)}));
    server
        .sync(&with(other, &json!({"deviceId": "other-device"})))
        .await;
    assert_eq!(entry(&database, DEVICE).await.1, 5);
    assert_eq!(entry(&database, "other-device").await.1, 2);
}

#[tokio::test]
async fn a_failure_after_a_success_keeps_the_counts() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    server
        .sync(&batch(&json!({"realtime_data": readings(1..=5)})))
        .await;
    let bad = json!({"statistics": [{"id": 1}]});
    assert_eq!(server.sync(&batch(&bad)).await.0, 422);
    let tables = ["realtime_data", "statistics"];
    assert_eq!(
        entry(&database, DEVICE).await,
        entry_of("failed", 5, 0, &tables)
    );
    let error: String = database.row("SELECT error FROM sync_history").await;
    assert!(
        error.contains("statistics") && error.contains("parameter_name"),
        "{error}"
    );
    // The next success is the latest status.
    server
        .sync(&batch(&json!({"realtime_data": readings(1..=5)})))
        .await;
    assert_eq!(
        entry(&database, DEVICE).await,
        entry_of("success", 5, 5, &tables)
    );
    assert_eq!(database.count("sync_history", "error IS NULL").await, 1);
}

#[tokio::test]
async fn a_refused_batch_with_readable_ids_is_recorded() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    server.sync(&batch(&json!({"fake_table": []}))).await;
    assert_eq!(
        entry(&database, DEVICE).await,
        entry_of("failed", 0, 0, &[])
    );
    server
        .sync(&with(
            batch(&json!({"fake_table": []})),
            &json!({"batchId": ""}),
        ))
        .await;
    server
        .sync(&json!({"batchId": "other-batch", "tables": {}}))
        .await;
    assert_eq!(database.count("sync_history", "TRUE").await, 1);
    // Only an accepted batch updates `last_seen`.
    assert_eq!(
        database.count("devices", "device_id = 'test-device'").await,
        0
    );
}

#[tokio::test]
async fn a_batch_without_rows_updates_last_seen_only() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let before = chrono::Utc::now().naive_utc();
    for tables in [json!({}), json!({"realtime_data": [], "statistics": []})] {
        let (status, receipt) = server.sync(&batch(&tables)).await;
        assert_eq!(status, 200, "{receipt}");
        assert_eq!(receipt["driveDataReceived"], false);
    }
    assert_eq!(database.count("sync_history", "TRUE").await, 0);
    let last_seen: NaiveDateTime = database
        .row("SELECT last_seen FROM devices WHERE device_id = 'test-device'")
        .await;
    assert!(before <= last_seen);
}

#[tokio::test]
async fn a_batch_without_rows_never_becomes_the_last_one() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let stored = batch(&json!({"realtime_data": readings(1..=1)}));
    let mut empty = batch(&json!({"realtime_data": [], "statistics": []}));
    empty["batchId"] = json!("empty-batch");
    for batch in [&stored, &empty] {
        assert_eq!(server.sync(batch).await.0, 200);
    }
    let of_device =
        database.row("SELECT last_batch_id FROM sync_devices WHERE source_device = 'test-device'");
    let of_tables = database.row(
        "SELECT GROUP_CONCAT(table_name, ' ', last_batch_id) FROM sync_tables \
         WHERE source_device = 'test-device'",
    );
    let last: (String, String) = (of_device.await, of_tables.await);
    let expected = ("test-batch", "realtime_data test-batch");
    assert_eq!((last.0.as_str(), last.1.as_str()), expected);
}

#[tokio::test]
async fn a_device_is_registered_by_its_first_batch_and_seen_at_each() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let seen = async || -> NaiveDateTime {
        server
            .sync(&batch(&json!({"realtime_data": readings(1..=1)})))
            .await;
        database
            .row("SELECT last_seen FROM devices WHERE device_id = 'test-device'")
            .await
    };
    let first = seen().await;
    assert!(seen().await > first);
}

/// Adds an old batch to the history.
async fn remember(database: &TestDatabase, device: &str, batch: &str, days_ago: u32, status: &str) {
    database
        .execute(&format!(
            "INSERT INTO sync_history (batch_id, device_id, started_at, completed_at, tables_synced, status) VALUES \
             ('{batch}', '{device}', UTC_TIMESTAMP(6) - INTERVAL {days_ago} DAY, \
              UTC_TIMESTAMP(6) - INTERVAL {days_ago} DAY, '[]', '{status}')"
        ))
        .await
        .unwrap();
}

async fn remembered(database: &TestDatabase) -> Vec<String> {
    database
        .rows("SELECT batch_id FROM sync_history ORDER BY batch_id")
        .await
}

#[tokio::test]
async fn old_history_is_removed_except_a_devices_newest_success() {
    let database = TestDatabase::create().await;
    drop(TestServer::start(&database).await);
    remember(&database, "a", "a-old", 100, "success").await;
    remember(&database, "a", "a-old-failure", 93, "failed").await;
    remember(&database, "a", "a-young", 89, "success").await;
    remember(&database, "a", "a-new", 0, "failed").await;
    remember(&database, "b", "b-oldest", 300, "success").await;
    remember(&database, "b", "b-newest-success", 200, "success").await;
    remember(&database, "b", "b-later-failure", 150, "failed").await;
    let _server = TestServer::start(&database).await;
    eventually("what is old is removed", async || {
        remembered(&database).await == ["a-new", "a-young", "b-newest-success"]
    })
    .await;
}

#[tokio::test]
async fn history_is_kept_without_limit_if_retention_is_zero() {
    let database = TestDatabase::create().await;
    drop(TestServer::start(&database).await);
    for (batch, days_ago) in [("one", 3_000), ("two", 3_000), ("three", 0)] {
        remember(&database, "a", batch, days_ago, "success").await;
    }
    let forever = [("SYNC_HISTORY_RETENTION_DAYS", "0")];
    drop(TestServer::start_with(&database.url(), &forever).await);
    assert_eq!(remembered(&database).await, ["one", "three", "two"]);
    let a_week = [("SYNC_HISTORY_RETENTION_DAYS", "7")];
    let _server = TestServer::start_with(&database.url(), &a_week).await;
    eventually("the older ones are removed", async || {
        remembered(&database).await == ["three"]
    })
    .await;
}

#[tokio::test]
async fn a_backlog_of_old_history_is_removed_in_steps() {
    let database = TestDatabase::create().await;
    drop(TestServer::start(&database).await);
    let digits = "SELECT 0 AS n UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 \
                  UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9";
    let backlog = format!(
        "INSERT INTO sync_history (batch_id, device_id, started_at, completed_at, tables_synced, status) \
         SELECT CONCAT('old-', a.n, b.n, c.n, d.n), 'a', NOW(6) - INTERVAL 200 DAY, \
         NOW(6) - INTERVAL 100 DAY - INTERVAL (a.n * 1000 + b.n * 100 + c.n * 10 + d.n) SECOND, '[]', 'success' \
         FROM ({digits}) AS a, ({digits}) AS b, ({digits}) AS c, ({digits}) AS d"
    );
    database.execute(&backlog).await.unwrap();
    remember(&database, "a", "new", 0, "success").await;
    let _server = TestServer::start(&database).await;
    eventually("all 10,000 old entries are removed", async || {
        remembered(&database).await == ["new"]
    })
    .await;
}

#[tokio::test]
async fn removing_old_history_deadlocks_with_no_batch_that_is_sent_again() {
    // Removing waits for a lock for some seconds only.
    if effort(true, false) {
        return;
    }
    let database = TestDatabase::create().await;
    drop(TestServer::start(&database).await);
    remember(&database, "a", "again", 100, "success").await;
    remember(&database, "a", "newest", 0, "success").await;
    let mut batch = database.connect().await;
    let of_batch = "batch_id = 'again' AND device_id = 'a'";
    let lock = format!("SELECT status FROM sync_history WHERE {of_batch} FOR UPDATE");
    for statement in ["START TRANSACTION", &lock] {
        batch.query_drop(statement).await.unwrap();
    }
    let _server = TestServer::start(&database).await;
    database.makes_wait(1).await;
    // That of the table and the one that it waits for: none of an index, which the batch needs.
    assert_eq!(database.locks_of_waiting().await, [2]);
    let send_again = format!("UPDATE sync_history SET completed_at = NOW(6) WHERE {of_batch}");
    for statement in [&send_again, "COMMIT"] {
        batch.query_drop(statement).await.unwrap();
    }
    database.makes_wait(0).await;
    assert_eq!(remembered(&database).await, ["again", "newest"]);
}

/// From the database's point of view, the newest entry is 100 days old: either its clock is wrong, or nothing was synced.
#[tokio::test]
async fn a_clock_that_is_months_ahead_removes_no_recent_history() {
    let database = TestDatabase::create().await;
    drop(TestServer::start(&database).await);
    for (batch, days_ago) in [("newest", 100), ("recent", 180), ("old", 200)] {
        remember(&database, "a", batch, days_ago, "failed").await;
    }
    let _server = TestServer::start(&database).await;
    eventually("the old entry is removed", async || {
        remembered(&database).await == ["newest", "recent"]
    })
    .await;
}

/// A server whose clock was ahead left an entry in the future. It neither keeps nor removes others.
#[tokio::test]
async fn an_entry_from_the_future_does_not_stand_for_the_present() {
    let database = TestDatabase::create().await;
    drop(TestServer::start(&database).await);
    remember(&database, "a", "newest", 100, "failed").await;
    remember(&database, "a", "old", 200, "failed").await;
    database
        .execute(
            "INSERT INTO sync_history (batch_id, device_id, started_at, completed_at, tables_synced, status) \
             VALUES ('future', 'a', NOW(6), NOW(6) + INTERVAL 100 DAY, '[]', 'failed')",
        )
        .await
        .unwrap();
    let _server = TestServer::start(&database).await;
    eventually("the old entry is removed", async || {
        remembered(&database).await == ["future", "newest"]
    })
    .await;
}
