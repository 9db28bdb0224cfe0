//! The data of release 1.0.0 survives the upgrade.

use mysql_async::prelude::Queryable as _;
use serde_json::json;

use crate::support::{Binary, TestDatabase, TestServer, batch, readings};

/// The last migration of release 1.0.0.
const RELEASE_1_0: usize = 15;

/// What that release stored: readings 1 to 50, a drive's events, a batch and an analysis.
const ROWS: [&str; 5] = [
    "INSERT INTO devices (device_id, last_seen) VALUES ('test-device', '2026-02-01 15:00:00')",
    "INSERT INTO realtime_data (source_device, source_id, synced_at, sync_batch_id, timestamp, parameter_name, value, unit) \
     WITH RECURSIVE ids (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM ids WHERE id < 50) \
     SELECT 'test-device', id, NOW(6), 'old', '2026-02-01 14:00:00' + INTERVAL id SECOND, 'RPM', 2500.5 + id, 'rpm' FROM ids",
    "INSERT INTO connection_log (source_device, source_id, synced_at, sync_batch_id, timestamp, event_type) VALUES \
     ('test-device', 1, NOW(6), 'old', '2026-02-01 14:00:00', 'drive_start'), \
     ('test-device', 2, NOW(6), 'old', '2026-02-01 14:00:50', 'drive_end')",
    "INSERT INTO sync_history (batch_id, device_id, started_at, completed_at, tables_synced, status) \
     VALUES ('old', 'test-device', NOW(6), NOW(6), '[\"realtime_data\"]', 'success')",
    "INSERT INTO analysis_history (analysis_id, source_device, model, status) \
     VALUES ('analysis-1', 'test-device', 'gemma2:2b', 'success')",
];

/// The migrations of that release, as it applied and recorded them.
async fn at_release_1_0(recorded_in: &TestDatabase) -> TestDatabase {
    let database = TestDatabase::create().await;
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/schema");
    let mut files: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path().to_str().unwrap().to_owned())
        .collect();
    files.sort();
    let mut connection = database.connect().await;
    for file in &files[..RELEASE_1_0] {
        let migration = std::fs::read_to_string(file).unwrap();
        connection.query_drop(migration).await.unwrap();
    }
    let history = recorded_in.name();
    for statement in [
        &format!("CREATE TABLE refinery_schema_history LIKE {history}.refinery_schema_history"),
        &format!(
            "INSERT INTO refinery_schema_history SELECT * FROM {history}.refinery_schema_history \
             WHERE version <= {RELEASE_1_0}"
        ),
    ]
    .into_iter()
    .map(String::as_str)
    .chain(ROWS)
    {
        connection.query_drop(statement).await.unwrap();
    }
    connection.disconnect().await.unwrap();
    database
}

#[tokio::test]
async fn data_of_release_1_0_is_kept_and_continued() {
    let whole = TestDatabase::create().await;
    let ended = Binary::with_database(&whole.url()).run(&["init-db"]);
    assert_eq!(ended.code, Some(0), "{}", ended.output);
    let database = at_release_1_0(&whole).await;
    let server = TestServer::start_with(&database.url(), &[]).await;
    for (table, rows) in [
        ("realtime_data", 50),
        ("connection_log", 2),
        ("analysis_history", 1),
    ] {
        assert_eq!(database.count(table, "TRUE").await, rows, "{table}");
    }
    let (status, receipt) = server
        .sync(&batch(&json!({"realtime_data": readings(41..=60)})))
        .await;
    assert_eq!(status, 200, "{receipt}");
    let counts = &receipt["tablesProcessed"]["realtime_data"];
    assert_eq!(
        (&counts["inserted"], &counts["updated"]),
        (&json!(10), &json!(10))
    );
    assert_eq!(database.count("realtime_data", "TRUE").await, 60);
}
