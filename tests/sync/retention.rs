//! `REALTIME_RETENTION_DAYS`: readings are removed some time after they were stored, and nothing else.

use serde_json::{Value, json};

use crate::support::{Binary, Drive, FakeOllama, Pi, TestDatabase, TestServer, answer, eventually};

const A_MONTH: (&str, &str) = ("REALTIME_RETENTION_DAYS", "30");

/// More than a page of readings.
const MINUTES: i64 = 3;

/// Two diagnosed drives of a car. The readings of the first were stored long ago.
async fn with_an_old_drive() -> (TestDatabase, Pi) {
    let database = TestDatabase::create().await;
    let server = quick(&database, &[]).await;
    let mut pi = Pi::new("car-1");
    for (id, start) in [(1, "2026-04-11T07:00:00"), (2, "2026-04-12T07:00:00")] {
        pi.record_drive(&Drive::new(id, start.parse().unwrap(), MINUTES));
        pi.sync_all(&server.url, 20).await;
        let diagnosed = "drives AS d JOIN drive_diagnoses AS x ON x.drive = d.id";
        let finally =
            "d.state = 'queued' AND x.rules_version > 0 AND x.last_reading_at = d.last_reading_at";
        eventually("the drive is diagnosed", async || {
            database.count(diagnosed, finally).await == id.unsigned_abs()
        })
        .await;
    }
    drop(server);
    age(&database, "drive_id = 1").await;
    (database, pi)
}

async fn quick(database: &TestDatabase, variables: &[(&str, &str)]) -> TestServer {
    let quick = [("AUTO_ANALYSIS_QUIET_SECONDS", "0")];
    let variables: Vec<_> = quick.iter().chain(variables).copied().collect();
    TestServer::start_with(&database.url(), &variables).await
}

async fn age(database: &TestDatabase, condition: &str) {
    let aged = format!("UPDATE realtime_data SET synced_at = '2025-01-01' WHERE {condition}");
    database.execute(&aged).await.unwrap();
}

async fn removes_the_first_drive(database: &TestDatabase) {
    eventually("the readings of the first drive are removed", async || {
        database.count("realtime_data", "drive_id = 1").await == 0
    })
    .await;
}

/// Everything that outlasts the readings.
async fn known(database: &TestDatabase) -> Vec<String> {
    let mut known = Vec::new();
    for query in [
        "SELECT CONCAT_WS(' ', id, drive_key, drive_start, drive_end, first_source_id, last_source_id, window_end, state) \
         FROM drives ORDER BY id",
        "SELECT CONCAT_WS(' ', drive, grade, readings, diagnosed_at, diagnosis) FROM drive_diagnoses ORDER BY drive",
        "SELECT CONCAT_WS(' ', block, drive_id, day, first_source_id, last_source_id, first_at, last_at, readings) \
         FROM reading_blocks ORDER BY block, drive_id, day",
        "SELECT CONCAT_WS(' ', table_name, page, HEX(runs)) FROM stored_ids ORDER BY table_name, page",
    ] {
        known.extend(database.rows::<String>(query).await);
    }
    known
}

/// The status of the readings, without the latest batch.
async fn coverage(server: &TestServer) -> Value {
    let (_, status) = answer(server.get("/api/v1/sync/status?deviceId=car-1")).await;
    let tables = status["devices"][0]["tables"].as_array().unwrap();
    let readings = tables
        .iter()
        .find(|table| table["table"] == "realtime_data");
    let readings = readings.unwrap();
    json!([
        readings["rows"],
        readings["lowestId"],
        readings["highestId"],
        readings["gaps"]
    ])
}

#[tokio::test(flavor = "multi_thread")]
async fn old_readings_are_removed_and_what_is_known_of_them_stays() {
    let (database, pi) = with_an_old_drive().await;
    let before = known(&database).await;
    let [old, young] = [1, 2].map(|id| format!("drive_id = {id}"));
    let old_readings = database.count("realtime_data", &old).await;
    let young_readings = database.count("realtime_data", &young).await;
    assert!(old_readings > 500, "more than one page: {old_readings}");

    let server = quick(&database, &[A_MONTH]).await;
    removes_the_first_drive(&database).await;
    assert_eq!(
        database.count("realtime_data", &young).await,
        young_readings
    );
    assert_eq!(known(&database).await, before);
    let readings = pi.rows("realtime_data");
    let ids = [readings.first(), readings.last()].map(|row| row.unwrap()["id"].clone());
    let complete = json!([readings.len(), ids[0], ids[1], []]);
    assert_eq!(coverage(&server).await, complete);

    // What was removed may be sent again, in other batches than before.
    for rows in readings.chunks(300) {
        let batch = json!({"deviceId": "car-1", "batchId": "again", "tables": {"realtime_data":
            {"lastSyncedId": 0, "rows": rows}}});
        let (status, receipt) = server.sync(&batch).await;
        assert_eq!(status, 200, "{receipt}");
    }
    assert_eq!(database.count("realtime_data", &old).await, old_readings);
    assert_eq!(known(&database).await, before);
    assert_eq!(coverage(&server).await, complete);
}

#[tokio::test(flavor = "multi_thread")]
async fn readings_are_kept_without_limit_if_retention_is_zero() {
    let (database, pi) = with_an_old_drive().await;
    let all = pi.rows("realtime_data").len() as u64;
    drop(quick(&database, &[]).await);
    drop(quick(&database, &[("REALTIME_RETENTION_DAYS", "0")]).await);
    assert_eq!(database.count("realtime_data", "TRUE").await, all);
}

/// The newest batch, or the newest reading, is a year old: either the database's clock is wrong, or nothing was sent.
#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_a_year_ahead_removes_no_recent_readings() {
    for newest in [
        "last_batch_at = NOW(6) - INTERVAL 365 DAY, newest_reading_at = NOW(6)",
        "last_batch_at = NOW(6), newest_reading_at = NOW(6) - INTERVAL 365 DAY",
    ] {
        let (database, _) = with_an_old_drive().await;
        let newest = format!("UPDATE sync_devices SET {newest} WHERE source_device = 'car-1'");
        database.execute(&newest).await.unwrap();
        let a_month_old =
            "UPDATE realtime_data SET synced_at = NOW(6) - INTERVAL 392 DAY WHERE drive_id = 2";
        database.execute(a_month_old).await.unwrap();
        let recent = database.count("realtime_data", "drive_id = 2").await;
        let _server = quick(&database, &[A_MONTH]).await;
        removes_the_first_drive(&database).await;
        // They follow the old ones, on the same page and on later ones.
        assert_eq!(
            database.count("realtime_data", "drive_id = 2").await,
            recent
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drive_whose_readings_were_removed_is_not_diagnosed_again() {
    let (database, _) = with_an_old_drive().await;
    let drive: i64 = database
        .row("SELECT id FROM drives WHERE drive_id = 1")
        .await;
    let server = quick(&database, &[A_MONTH]).await;
    removes_the_first_drive(&database).await;
    let before = known(&database).await;

    // The running server finds out on its own.
    let outdated = "UPDATE drive_diagnoses SET rules_version = 0";
    database.execute(outdated).await.unwrap();
    let is_noted = format!("id = {drive} AND readings_gone_at IS NOT NULL");
    eventually("the server has noted it", async || {
        database.count("drives", &is_noted).await == 1
    })
    .await;
    drop(server);

    let binary = Binary::with_database(&database.url());
    let [number, gone] = [
        drive.to_string(),
        format!("the readings of drive {drive} are no longer stored"),
    ];
    for command in [
        &["diagnose", "--drive", &number][..],
        &["reanalyse", &number],
    ] {
        let ended = binary.run(command);
        assert_eq!(ended.code, Some(1), "{}", ended.output);
        assert!(ended.output.contains(&gone), "{}", ended.output);
    }
    let all = binary.run(&["diagnose", "--recompute"]);
    let unchanged = format!("Drive {drive}: unchanged, for its readings are no longer stored\n");
    assert!(all.output.contains(&unchanged), "{}", all.output);
    assert!(
        all.output.contains("Drives diagnosed: 1\n"),
        "{}",
        all.output
    );
    let shown = binary.run(&["show", &number]);
    let title = format!("Drive {drive} of car-1, whose readings are no longer stored\n2026-04-11");
    assert!(shown.output.starts_with(&title), "{}", shown.output);

    let is_of_first = |row: &&String| row.starts_with(&format!("{drive} "));
    let after = known(&database).await;
    assert!(
        before
            .iter()
            .filter(is_of_first)
            .eq(after.iter().filter(is_of_first))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queued_drive_whose_readings_were_removed_is_abandoned() {
    let (database, _) = with_an_old_drive().await;
    drop({
        let server = quick(&database, &[A_MONTH]).await;
        removes_the_first_drive(&database).await;
        server
    });
    let ollama = FakeOllama::start();
    let _server = quick(&database, &[("OLLAMA_BASE_URL", &ollama.url)]).await;
    let ended = "drive_id = 1 AND state = 'abandoned' AND reason = 'its readings are no longer stored' \
                 OR drive_id = 2 AND state = 'analysed'";
    eventually("both drives have ended", async || {
        database.count("drives", ended).await == 2
    })
    .await;
    assert_eq!(ollama.questions().len(), 1);
}
