//! One drive, or one device, never keeps the others from being analysed.

use serde_json::json;

use super::{events, never_quiet, readings};
use crate::support::{FakeOllama, Fixture, TestDatabase, TestServer, batch, eventually, with};

/// Many waiting drives of a device, all due.
async fn waiting(database: &TestDatabase, device: &str, drives: u32) {
    let statement = format!(
        "INSERT INTO drives (source_device, drive_key, start_source_id, drive_start, drive_end, state, next_look_at) \
         WITH digits AS (SELECT 0 AS n UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 \
         UNION SELECT 6 UNION SELECT 7 UNION SELECT 8 UNION SELECT 9), \
         numbers AS (SELECT a.n + 10 * b.n + 100 * c.n + 1000 * d.n + 10000 * e.n + 1 AS n \
         FROM digits AS a, digits AS b, digits AS c, digits AS d, digits AS e) \
         SELECT '{device}', CONCAT('s:', n), n, '2025-01-01' + INTERVAL n MINUTE, '2025-01-01' + INTERVAL n MINUTE, \
         'waiting', NOW(6) - INTERVAL 1 DAY FROM numbers WHERE n <= {drives}"
    );
    database.execute(&statement).await.unwrap();
}

/// A drive that comes whole with its readings.
async fn drive_of(fixture: &Fixture, device: &str) {
    let rows = json!({"connection_log": events(90_000, "start@0 end@25"), "realtime_data": readings(1, "10")});
    let batch = with(batch(&rows), &json!({"deviceId": device}));
    let (status, receipt) = fixture.server.sync(&batch).await;
    assert_eq!(status, 200, "{receipt}");
}

async fn is_analysed(fixture: &Fixture, device: &str) {
    let analysed = format!("source_device = '{device}' AND state = 'analysed'");
    eventually("the drive is analysed", async || {
        fixture.database.count("drives", &analysed).await == 1
    })
    .await;
}

#[tokio::test]
async fn a_ready_drive_is_analysed_while_60_000_others_wait_to_be_checked() {
    let fixture = Fixture::start().await;
    for device in ["busy", "another"] {
        waiting(&fixture.database, device, 60_000).await;
    }
    drive_of(&fixture, "busy").await;
    is_analysed(&fixture, "busy").await;
    let unchecked = "state = 'waiting' AND next_look_at < NOW(6) - INTERVAL 1 HOUR";
    assert!(
        fixture.database.count("drives", unchecked).await > 0,
        "the others were checked first"
    );
}

#[tokio::test]
async fn a_waiting_drive_is_checked_while_another_device_has_60_000_that_are_due_before() {
    let fixture = Fixture::with_quiet("0").await;
    waiting(&fixture.database, "busy", 60_000).await;
    let log = json!({"connection_log": events(1, "start@0 end@25")});
    for rows in [log, json!({"realtime_data": readings(1, "10")})] {
        let batch = with(batch(&rows), &json!({"deviceId": "modest"}));
        assert_eq!(fixture.server.sync(&batch).await.0, 200);
    }
    is_analysed(&fixture, "modest").await;
    let unchecked = "state = 'waiting' AND next_look_at < NOW(6) - INTERVAL 1 HOUR";
    assert!(
        fixture.database.count("drives", unchecked).await > 0,
        "the others were checked first"
    );
}

#[tokio::test]
async fn a_drive_that_cannot_be_checked_is_moved_back_and_seen_and_the_others_are_analysed() {
    let fixture = Fixture::with_quiet("0").await;
    waiting(&fixture.database, "broken", 1).await;
    // Due before all others, and no time that a server can read.
    for statement in [
        "UPDATE drives SET deferrals = 2 WHERE source_device = 'broken'",
        "UPDATE IGNORE drives SET readings_analysed = -1 WHERE source_device = 'broken'",
    ] {
        fixture.database.execute(statement).await.unwrap();
    }
    drive_of(&fixture, "sound").await;
    is_analysed(&fixture, "sound").await;
    let postponed = "source_device = 'broken' AND state = 'waiting' AND deferrals >= 3 \
                     AND next_look_at > NOW(6) \
                     AND reason LIKE 'the check failed: %'";
    eventually("the drive is postponed", async || {
        fixture.database.count("drives", postponed).await == 1
    })
    .await;
    let named =
        "The drive of broken that began at 2025-01-01T00:01:00 is not analysed: the check failed: ";
    eventually("health names the drive", async || {
        let health = fixture.server.health().await;
        let reasons = health["reasons"].as_array().cloned().unwrap_or_default();
        health["status"] == "degraded"
            && reasons
                .iter()
                .any(|reason| reason.as_str().unwrap().starts_with(named))
    })
    .await;
}

#[tokio::test]
async fn a_queued_drive_that_cannot_be_read_is_moved_back() {
    let fixture = Fixture::start().await;
    waiting(&fixture.database, "broken", 1).await;
    let queued = "UPDATE drives SET state = 'queued', attempts = -1";
    fixture.database.execute(queued).await.unwrap();
    drive_of(&fixture, "sound").await;
    is_analysed(&fixture, "sound").await;
    let postponed = "source_device = 'broken' AND state = 'queued' AND deferrals >= 1 \
                     AND next_look_at > NOW(6) AND reason LIKE 'its row cannot be read%'";
    eventually("the drive is postponed", async || {
        fixture.database.count("drives", postponed).await == 1
    })
    .await;
}

#[tokio::test]
async fn devices_take_turns_at_the_model() {
    let (database, server) = never_quiet().await;
    drop(server);
    waiting(&database, "busy", 500).await;
    waiting(&database, "modest", 1).await;
    database
        .execute("UPDATE drives SET state = 'queued'")
        .await
        .unwrap();
    database
        .execute(
            "INSERT INTO realtime_data (source_device, source_id, synced_at, timestamp, parameter_name, value) \
             SELECT source_device, start_source_id, NOW(6), drive_start, 'RPM', 900 FROM drives",
        )
        .await
        .unwrap();
    database
        .execute(
            "INSERT INTO reading_blocks (source_device, block, drive_id, day, first_source_id, last_source_id, first_at, \
             last_at, readings) SELECT source_device, source_id DIV 256, -9223372036854775808, DATE(timestamp), \
             MIN(source_id), MAX(source_id), MIN(timestamp), MAX(timestamp), COUNT(*) FROM realtime_data \
             GROUP BY source_device, source_id DIV 256, DATE(timestamp)",
        )
        .await
        .unwrap();
    let ollama = FakeOllama::start();
    let variables = [("OLLAMA_BASE_URL", ollama.url.as_str())];
    let _server = TestServer::start_with(&database.url(), &variables).await;
    let analysed = "source_device = 'modest' AND state = 'analysed'";
    eventually("the drive of the other device is analysed", async || {
        database.count("drives", analysed).await == 1
    })
    .await;
    assert!(
        database
            .count("drives", "source_device = 'busy' AND state = 'queued'")
            .await
            > 0,
        "the drives of the first device were analysed first"
    );
}
