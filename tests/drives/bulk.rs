//! Many drives in one batch, and many drives before one.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use serde_json::json;

use super::{events, never_quiet, readings};
use crate::support::{DEVICE, TestDatabase, TestServer, batch, with};

const DRIVES: i64 = 8_000;

#[tokio::test]
async fn a_batch_of_thousands_of_drives_with_their_readings_is_stored() {
    let database = TestDatabase::create().await;
    let variables = [
        ("AUTO_ANALYSIS_QUIET_SECONDS", "86400"),
        ("MAX_SYNC_PAYLOAD_MB", "20"),
    ];
    let server = TestServer::start_with(&database.url(), &variables).await;
    let (mut log, mut data) = (String::new(), String::new());
    for drive in 0..DRIVES {
        let minute = 100 * drive;
        let end = minute + 9;
        write!(log, "start@{minute}#{drive} end@{end}#{drive} ").unwrap();
        for reading in 1..5 {
            write!(data, "{}#{drive} ", minute + reading).unwrap();
        }
    }
    let rows = json!({"connection_log": events(1, &log), "realtime_data": readings(1, &data)});
    let large = batch(&rows);
    let began = Instant::now();
    let large = async { (server.sync(&large).await, began.elapsed()) };
    // Another device sends in the meantime.
    let mut slowest = Duration::ZERO;
    let others = async {
        for id in 1..20 {
            let small = json!({"connection_log": events(id, "start@0"), "realtime_data": readings(id, "1")});
            let small = with(
                batch(&small),
                &json!({"deviceId": "other", "batchId": "other"}),
            );
            let began = Instant::now();
            assert_eq!(server.sync(&small).await.0, 200);
            slowest = slowest.max(began.elapsed());
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    let (((status, receipt), took), ()) = tokio::join!(large, others);
    assert_eq!(status, 200, "{receipt}");
    println!(
        "{DRIVES} drives stored in {took:?}, the slowest batch of another device in {slowest:?}"
    );
    assert_eq!(database.count("drives", "state = 'queued'").await, 8_000);
}

/// The oldest drive is sent again to a device with 100,000 later ones.
#[tokio::test]
async fn an_old_drive_that_is_sent_again_leaves_the_later_ones_alone() {
    let (database, server) = never_quiet().await;
    let digits = "SELECT 0 AS n UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 \
                  UNION SELECT 6 UNION SELECT 7 UNION SELECT 8 UNION SELECT 9";
    let numbers = format!(
        "WITH digits AS ({digits}) SELECT a.n + 10 * b.n + 100 * c.n + 1000 * d.n + 10000 * e.n + 10 AS n \
         FROM digits AS a, digits AS b, digits AS c, digits AS d, digits AS e"
    );
    let log = events(1, "start@0#1 end@20#1 start@100#2 end@120#2");
    let (status, _) = server.sync(&batch(&json!({"connection_log": log}))).await;
    assert_eq!(status, 200);
    for statement in [
        format!(
            "INSERT INTO drives (source_device, drive_key, drive_id, start_source_id, drive_start, drive_end, window_end, state) \
             SELECT '{DEVICE}', CONCAT('s:', n), n, n, '2027-01-01' + INTERVAL n HOUR, '2027-01-01' + INTERVAL n HOUR, \
             '2027-01-01' + INTERVAL n HOUR, 'analysed' FROM ({numbers}) AS numbers"
        ),
        format!(
            "INSERT INTO drive_events (source_device, source_id, timestamp, event_type, drive_id, joined_id) \
             SELECT '{DEVICE}', n, '2027-01-01' + INTERVAL n HOUR, 'drive_start', n, n FROM ({numbers}) AS numbers"
        ),
    ] {
        database.execute(&statement).await.unwrap();
    }
    for later in 1..6 {
        let log = events(1, &format!("start@0#1 end@{}#1", 20 + later));
        let body = with(
            batch(&json!({"connection_log": log})),
            &json!({"batchId": "again"}),
        );
        assert_eq!(server.sync(&body).await.0, 200);
    }
    assert_eq!(
        database
            .count("drives", "drive_end = '2026-02-01 14:25:00'")
            .await,
        1
    );
    // The later ones, which have no event in the log, would be removed if they were paired again.
    assert_eq!(
        database.count("drives", "state = 'analysed'").await,
        100_000
    );
}
