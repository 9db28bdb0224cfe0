//! Rows that an earlier release stored are found and counted after the upgrade.

use super::{drives, end_as, events, readings, send};
use crate::support::{FakeOllama, TestDatabase, TestServer, eventually};

const QUIET: [(&str, &str); 1] = [("AUTO_ANALYSIS_QUIET_SECONDS", "86400")];

/// Leaves the database as an earlier release left it: without the derived tables, and with drives that have no readings.
async fn forget_derived_tables(database: &TestDatabase) {
    for statement in [
        "DELETE FROM reading_blocks",
        "DELETE FROM drive_events",
        "DELETE FROM backfills",
        "UPDATE drives SET first_source_id = NULL, last_source_id = NULL, window_end = NULL, drive_key = \
         COALESCE(CONCAT('d:', drive_id), drive_key)",
    ] {
        database.execute(statement).await.unwrap();
    }
}

async fn all_is_added(database: &TestDatabase) {
    eventually("all rows are added", async || {
        let left = "SELECT COUNT(*) FROM realtime_data AS r, backfills AS b \
                    WHERE b.name = 'reading_blocks' AND r.id >= b.next_id AND r.id < b.end_id";
        let begun = database.count("backfills", "TRUE").await == 2;
        begun && database.row::<i64>(left).await == 0
    })
    .await;
}

#[tokio::test]
async fn a_drive_of_an_earlier_release_is_analysed_with_all_of_its_readings() {
    let database = TestDatabase::create().await;
    let server = TestServer::start_with(&database.url(), &QUIET).await;
    let log = "start@0#1 end@25#1 start@30 end@40";
    send(&server, events(1, log), readings(1, "1#1 2#1 3 31 32 33")).await;
    forget_derived_tables(&database).await;
    database
        .execute("UPDATE drives SET state = 'abandoned'")
        .await
        .unwrap();
    drop(server);
    let ollama = FakeOllama::start();
    let variables = [
        ("OLLAMA_BASE_URL", ollama.url.as_str()),
        ("AUTO_ANALYSIS_QUIET_SECONDS", "1"),
    ];
    let server = TestServer::start_with(&database.url(), &variables).await;
    // The last readings arrive after the upgrade.
    send(&server, Vec::new(), readings(7, "4#1 34")).await;
    all_is_added(&database).await;
    let analysed = "state = 'analysed' AND readings_analysed = 4";
    eventually("both are analysed with all readings", async || {
        database.count("drives", analysed).await == 2
    })
    .await;
    assert_eq!(database.count("drives", "TRUE").await, 2);
}

#[tokio::test]
async fn adding_continues_where_it_was_interrupted() {
    let database = TestDatabase::create().await;
    let server = TestServer::start_with(&database.url(), &QUIET).await;
    let many: Vec<String> = (0..200).map(|minute| format!("{minute}#1")).collect();
    send(&server, Vec::new(), readings(1, &many.join(" "))).await;
    let before = drives(&database).await;
    forget_derived_tables(&database).await;
    database.execute("DELETE FROM drives").await.unwrap();
    drop(server);
    // As after a first step that covered the first half.
    for statement in [
        "INSERT INTO backfills SELECT 'drive_events', 1, 1",
        "INSERT INTO backfills SELECT 'reading_blocks', MIN(id) + 100, MAX(id) + 1 FROM realtime_data",
    ] {
        database.execute(statement).await.unwrap();
    }
    let _server = TestServer::start_with(&database.url(), &QUIET).await;
    all_is_added(&database).await;
    // Blocks are always summed up whole.
    assert_eq!(drives(&database).await, before);
    let counted: i64 = database
        .row("SELECT CAST(SUM(readings) AS SIGNED) FROM reading_blocks")
        .await;
    assert_eq!(counted, 200);
}

#[tokio::test]
async fn the_drives_of_a_log_that_an_earlier_release_stored_are_found() {
    let database = TestDatabase::create().await;
    let server = TestServer::start_with(&database.url(), &QUIET).await;
    let log = "start@0 end@25 start@30 end@40";
    send(&server, events(1, log), readings(1, "3 31")).await;
    forget_derived_tables(&database).await;
    database.execute("DELETE FROM drives").await.unwrap();
    drop(server);
    let _server = TestServer::start_with(&database.url(), &QUIET).await;
    // Nothing tells how long ago their readings arrived.
    end_as(&database, "0-25 waiting, 30-40 waiting").await;
    assert_eq!(database.count("drive_events", "TRUE").await, 4);
}
