//! US-CMP-004: the rows of a batch are stored, and the receipt has their counts.

use chrono::NaiveDateTime;
use serde_json::{Value, json};

use crate::support::{
    DEVICE, TestDatabase, TestServer, batch, readings, with, without, without_request_id,
};

#[tokio::test]
async fn the_rows_of_a_batch_are_stored_as_they_were_sent() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let rows = readings(1..=5);
    let (status, receipt) = server.sync(&batch(&json!({"realtime_data": rows}))).await;
    assert_eq!(status, 200, "{receipt}");
    let counts = json!({"inserted": 5, "updated": 0, "errors": 0});
    assert_eq!(receipt["status"], "ok");
    assert_eq!(receipt["batchId"], "test-batch");
    assert_eq!(receipt["tablesProcessed"]["realtime_data"], counts);
    assert_eq!(receipt["driveDataReceived"], false);
    let stored: Vec<(i64, NaiveDateTime, String, f64, String)> = database
        .rows(
            "SELECT source_id, timestamp, parameter_name, value, unit FROM realtime_data \
             WHERE sync_batch_id = 'test-batch' AND source_device = 'test-device' ORDER BY source_id",
        )
        .await;
    let stored: Vec<Value> = stored
        .into_iter()
        .map(|(id, timestamp, parameter, value, unit)| {
            json!({
                "id": id,
                "timestamp": timestamp.format("%Y-%m-%dT%H:%M:%S").to_string(),
                "parameter_name": parameter,
                "value": value,
                "unit": unit,
                "profile_id": 1,
            })
        })
        .collect();
    assert_eq!(stored, rows);
}

#[tokio::test]
async fn the_receipt_has_the_time_of_storing_in_utc() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let before = chrono::Utc::now().naive_utc();
    let (_, receipt) = server
        .sync(&batch(&json!({"realtime_data": readings(1..=1)})))
        .await;
    let after = chrono::Utc::now().naive_utc();
    let synced_at = receipt["syncedAt"].as_str().unwrap();
    let reported = NaiveDateTime::parse_from_str(synced_at, "%Y-%m-%dT%H:%M:%S").unwrap();
    // The receipt has whole seconds.
    assert!(reported <= after && before.and_utc().timestamp() <= reported.and_utc().timestamp());
    let stored: NaiveDateTime = database.row("SELECT synced_at FROM realtime_data").await;
    assert!(
        before <= stored && stored <= after,
        "{before} {stored} {after}"
    );
}

#[tokio::test]
async fn a_table_without_rows_is_counted_as_nothing() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let (status, receipt) = server.sync(&batch(&json!({"realtime_data": []}))).await;
    assert_eq!(status, 200);
    let counts = json!({"inserted": 0, "updated": 0, "errors": 0});
    assert_eq!(receipt["tablesProcessed"], json!({"realtime_data": counts}));
}

#[tokio::test]
async fn a_repeated_batch_updates_and_never_duplicates() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let batch = batch(&json!({"realtime_data": readings(1..=5)}));
    server.sync(&batch).await;
    let (status, receipt) = server.sync(&batch).await;
    assert_eq!(status, 200);
    let counts = json!({"inserted": 0, "updated": 5, "errors": 0});
    assert_eq!(receipt["tablesProcessed"]["realtime_data"], counts);
    assert_eq!(database.count("realtime_data", "TRUE").await, 5);
}

#[tokio::test]
async fn counts_distinguish_new_rows_from_stored_ones() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    server
        .sync(&batch(&json!({"realtime_data": readings(1..=600)})))
        .await;
    let (_, receipt) = server
        .sync(&batch(&json!({"realtime_data": readings(401..=1_400)})))
        .await;
    let counts = json!({"inserted": 800, "updated": 200, "errors": 0});
    assert_eq!(receipt["tablesProcessed"]["realtime_data"], counts);
    assert_eq!(database.count("realtime_data", "TRUE").await, 1_400);
}

#[tokio::test]
async fn two_devices_may_use_the_same_ids() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let first = batch(&json!({"realtime_data": readings(1..=3)}));
    let second = with(first.clone(), &json!({"deviceId": "other-device"}));
    for batch in [&first, &second] {
        let (_, receipt) = server.sync(batch).await;
        assert_eq!(receipt["tablesProcessed"]["realtime_data"]["inserted"], 3);
    }
    assert_eq!(database.count("realtime_data", "TRUE").await, 6);
}

#[tokio::test]
async fn all_eight_tables_fit_into_one_batch() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let rows = json!({
        "ai_recommendations": [{"id": 1, "recommendation": "Richer at high load", "profile_id": "daily"}],
        "alert_log": [{"id": 1, "alert_type": "max", "parameter_name": "RPM", "value": 7000.0, "threshold": 6500}],
        "calibration_sessions": [{"id": 1, "notes": "cold start"}],
        "connection_log": [{"id": 1, "event_type": "drive_start"}],
        "profiles": [{"id": "daily", "name": "Daily"}],
        "realtime_data": readings(1..=1),
        "statistics": [{"id": 1, "parameter_name": "RPM", "analysis_date": "2026-02-01T15:00:00Z", "profile_id": 1}],
        "vehicle_info": [{"vin": "4A3AK34T2VE033921"}],
    });
    let (status, receipt) = server.sync(&batch(&rows)).await;
    assert_eq!(status, 200, "{receipt}");
    for table in rows.as_object().unwrap().keys() {
        assert_eq!(receipt["tablesProcessed"][table]["inserted"], 1, "{table}");
        let condition = "sync_batch_id = 'test-batch' AND source_device = 'test-device' AND source_id <> '1' = \
                         (source_id IN ('daily', '4A3AK34T2VE033921'))";
        let stubs = u64::from(table == "profiles");
        assert_eq!(database.count(table, condition).await, 1 + stubs, "{table}");
    }
}

#[tokio::test]
async fn a_drive_is_received_when_its_end_is() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let events = |types: &[&str]| {
        let rows: Vec<Value> = types
            .iter()
            .enumerate()
            .map(|(at, event)| json!({"id": at + 1, "event_type": event}))
            .collect();
        batch(&json!({"connection_log": rows}))
    };
    let received = async |types: &[&str]| {
        let (status, receipt) = server.sync(&events(types)).await;
        assert_eq!(status, 200, "{receipt}");
        receipt["driveDataReceived"].clone()
    };
    assert_eq!(received(&["drive_start"]).await, false);
    assert_eq!(received(&["drive_start", "drive_end"]).await, true);
    assert_eq!(
        received(&["connect", "drive_end", "disconnect"]).await,
        true
    );
    assert_eq!(received(&["drive_ended"]).await, false);
    assert_eq!(received(&[]).await, false);
}

#[tokio::test]
async fn a_request_without_device_or_batch_id_is_refused() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let whole = batch(&json!({"realtime_data": readings(1..=5)}));
    for field in ["deviceId", "batchId", "tables"] {
        let (status, answer) = server.sync(&without(whole.clone(), field)).await;
        assert_eq!(status, 422, "{field}");
        assert_eq!(answer["detail"][0]["type"], "missing");
        assert_eq!(answer["detail"][0]["loc"], json!(["body", field]));
    }
    assert_eq!(database.count("realtime_data", "TRUE").await, 0);
}

#[tokio::test]
async fn an_unknown_table_is_refused_and_the_known_ones_are_named() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let batch = batch(&json!({"fake_table": [{"id": 1}], "realtime_data": readings(1..=5)}));
    let (status, answer) = server.sync(&batch).await;
    assert_eq!(status, 422);
    let problem = &answer["detail"][0];
    assert_eq!(problem["loc"], json!(["body", "tables", "fake_table"]));
    for table in &actors::sync::tables::TABLES {
        assert!(
            problem["msg"].as_str().unwrap().contains(table.name),
            "{problem}"
        );
    }
    assert_eq!(database.count("realtime_data", "TRUE").await, 0);
}

#[tokio::test]
async fn a_row_that_the_database_refuses_fails_the_whole_batch() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    database
        .execute("ALTER TABLE alert_log ADD CONSTRAINT ck_of_test CHECK (value < 1000)")
        .await
        .unwrap();
    let alert = json!({"id": 1, "alert_type": "max", "parameter_name": "RPM", "value": 7000.0, "threshold": 6500});
    let batch = batch(&json!({"realtime_data": readings(1..=5), "alert_log": [alert]}));
    let (status, answer) = server.sync(&batch).await;
    let expected = json!({
        "detail": "Sync failed",
        "batchId": "test-batch",
        "error": "A row violates a schema constraint",
    });
    assert_eq!((status, without_request_id(answer)), (500, expected));
    for table in ["realtime_data", "alert_log", "profiles"] {
        assert_eq!(database.count(table, "TRUE").await, 0, "{table}");
    }
    let (device, status, rows): (String, String, i64) = database
        .row("SELECT device_id, status, rows_inserted + rows_updated FROM sync_history WHERE batch_id = 'test-batch'")
        .await;
    assert_eq!(
        (device.as_str(), status.as_str(), rows),
        (DEVICE, "failed", 0)
    );
}

#[tokio::test]
async fn a_row_that_violates_a_constraint_fails_the_whole_batch() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let advice = json!({"id": 8, "recommendation": "Slow down", "priority_rank": 6});
    let batch = batch(&json!({"realtime_data": readings(1..=5), "ai_recommendations": [advice]}));
    let (status, answer) = server.sync(&batch).await;
    assert_eq!(status, 422);
    let loc = json!([
        "body",
        "tables",
        "ai_recommendations",
        "rows",
        0,
        "priority_rank"
    ]);
    assert_eq!(answer["detail"][0]["loc"], loc);
    assert_eq!(database.count("realtime_data", "TRUE").await, 0);
    let status: String = database
        .row("SELECT status FROM sync_history WHERE batch_id = 'test-batch'")
        .await;
    assert_eq!(status, "failed");
}

#[tokio::test]
async fn an_outdated_schema_fails_batches_and_loses_none() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    database
        .execute("ALTER TABLE realtime_data DROP COLUMN unit")
        .await
        .unwrap();
    let batch = batch(&json!({"realtime_data": readings(1..=5)}));
    let (status, answer) = server.sync(&batch).await;
    let expected = json!({
        "detail": "Sync failed",
        "batchId": "test-batch",
        "error": "The database refused a statement: it has no column unit",
    });
    assert_eq!((status, without_request_id(answer)), (500, expected));
    assert_eq!(database.count("sync_history", "status = 'failed'").await, 1);
    database
        .execute("ALTER TABLE realtime_data ADD COLUMN unit VARCHAR(64) NULL")
        .await
        .unwrap();
    assert_eq!(server.sync(&batch).await.0, 200);
    assert_eq!(database.count("realtime_data", "unit = 'rpm'").await, 5);
}
