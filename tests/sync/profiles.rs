//! The device's profile ids are resolved to stored ones, also for profiles that were never sent.

use serde_json::{Value, json};

use crate::support::{TestDatabase, TestServer, batch, reading, with};

async fn store(server: &TestServer, rows_by_table: Value) -> Value {
    let (status, receipt) = server.sync(&batch(&rows_by_table)).await;
    assert_eq!(status, 200, "{receipt}");
    receipt["tablesProcessed"].clone()
}

fn reading_with(id: i64, profile_id: impl Into<Value>) -> Value {
    with(reading(id), &json!({"profile_id": profile_id.into()}))
}

/// The profile of each reading, by the id of the reading.
async fn profiles_of_readings(database: &TestDatabase) -> Vec<(i64, Option<String>)> {
    database
        .rows(
            "SELECT r.source_id, p.source_id FROM realtime_data r LEFT JOIN profiles p \
             ON p.id = r.profile_id AND p.source_device = r.source_device ORDER BY r.source_id",
        )
        .await
}

#[tokio::test]
async fn a_profile_that_was_never_sent_gets_a_stub() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let rows = json!([
        reading_with(1, "daily"),
        reading_with(2, "daily"),
        reading_with(3, Value::Null)
    ]);
    let tables = store(&server, json!({"realtime_data": rows})).await;
    assert!(
        tables["profiles"].is_null(),
        "a stub is no row of the batch"
    );
    let stub: (String, String, String, String) = database
        .row("SELECT source_id, name, source_device, sync_batch_id FROM profiles")
        .await;
    assert_eq!(
        stub,
        (
            "daily".into(),
            "daily".into(),
            "test-device".into(),
            "test-batch".into()
        )
    );
    let daily = Some("daily".to_owned());
    assert_eq!(
        profiles_of_readings(&database).await,
        [(1, daily.clone()), (2, daily), (3, None)]
    );
}

#[tokio::test]
async fn a_stub_is_completed_by_its_real_row_and_keeps_its_id() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    store(
        &server,
        json!({"realtime_data": [reading_with(1, "daily")]}),
    )
    .await;
    let stub: i64 = database.row("SELECT id FROM profiles").await;
    let profile = json!({"id": "daily", "name": "Daily driving", "polling_interval_ms": 500});
    let tables = store(&server, json!({"profiles": [profile]})).await;
    assert_eq!(
        tables["profiles"],
        json!({"inserted": 0, "updated": 1, "errors": 0})
    );
    let whole: (i64, String, i64) = database
        .row("SELECT id, name, polling_interval_ms FROM profiles")
        .await;
    assert_eq!(whole, (stub, "Daily driving".to_owned(), 500));
    assert_eq!(
        profiles_of_readings(&database).await,
        [(1, Some("daily".to_owned()))]
    );
}

#[tokio::test]
async fn a_profile_of_the_same_batch_needs_no_stub() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let profile = json!({"id": "daily", "name": "Daily driving"});
    let rows = json!({"realtime_data": [reading_with(1, "daily")], "profiles": [profile]});
    assert_eq!(store(&server, rows).await["profiles"]["inserted"], 1);
    assert_eq!(
        profiles_of_readings(&database).await,
        [(1, Some("daily".to_owned()))]
    );
    assert_eq!(
        database.count("profiles", "name = 'Daily driving'").await,
        1
    );
}

#[tokio::test]
async fn a_number_is_the_same_profile_as_its_text() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let rows = json!([
        reading_with(1, 1),
        reading_with(2, "1"),
        reading_with(3, u64::MAX)
    ]);
    store(
        &server,
        json!({"realtime_data": rows, "profiles": [{"id": 1, "name": "First"}]}),
    )
    .await;
    let profiles: Vec<(String, String)> = database
        .rows("SELECT source_id, name FROM profiles ORDER BY CHAR_LENGTH(source_id)")
        .await;
    let largest = u64::MAX.to_string();
    assert_eq!(
        profiles,
        [
            ("1".into(), "First".into()),
            (largest.clone(), largest.clone())
        ]
    );
    let one = Some("1".to_owned());
    let expected = [(1, one.clone()), (2, one), (3, Some(largest))];
    assert_eq!(profiles_of_readings(&database).await, expected);
}

#[tokio::test]
async fn two_devices_never_share_a_profile() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let first = batch(&json!({"realtime_data": [reading_with(1, "daily")]}));
    let second = with(first.clone(), &json!({"deviceId": "other-device"}));
    server.sync(&first).await;
    server.sync(&second).await;
    assert_eq!(database.count("profiles", "source_id = 'daily'").await, 2);
    let own: u64 = database
        .row("SELECT COUNT(*) FROM realtime_data r JOIN profiles p ON p.id = r.profile_id AND p.source_device = r.source_device")
        .await;
    assert_eq!(own, 2);
}

#[tokio::test]
async fn names_that_differ_only_in_case_or_accents_are_different_profiles() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let names = ["daily", "Daily", "dåily", "daily2"];
    let rows: Vec<Value> = (1..)
        .zip(names)
        .map(|(id, name)| reading_with(id, name))
        .collect();
    store(&server, json!({"realtime_data": rows})).await;
    let expected: Vec<_> = (1..).zip(names.map(|name| Some(name.to_owned()))).collect();
    assert_eq!(profiles_of_readings(&database).await, expected);
}

#[tokio::test]
async fn more_profiles_than_fit_one_statement_are_all_found() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let rows: Vec<Value> = (1..=1_203)
        .map(|id| reading_with(id, format!("profile-{id}")))
        .collect();
    for _ in 0..2 {
        store(&server, json!({"realtime_data": rows})).await;
    }
    assert_eq!(database.count("profiles", "TRUE").await, 1_203);
    let right = profiles_of_readings(&database).await.into_iter();
    let right = right.filter(|(id, profile)| *profile == Some(format!("profile-{id}")));
    assert_eq!(right.count(), 1_203);
}

#[tokio::test]
async fn all_tables_that_have_a_profile_refer_to_it() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let tables = json!({
        "statistics": [{"id": 1, "parameter_name": "RPM", "analysis_date": "2026-02-01T15:00:00", "profile_id": "daily"}],
        "ai_recommendations": [{"id": 1, "recommendation": "None", "profile_id": "daily"}],
        "alert_log": [{"id": 1, "alert_type": "max", "parameter_name": "RPM", "value": 1, "threshold": 2, "profile_id": "daily"}],
        "calibration_sessions": [{"id": 1, "profile_id": "daily"}],
    });
    store(&server, tables.clone()).await;
    for table in tables.as_object().unwrap().keys() {
        let condition = "profile_id = (SELECT id FROM profiles WHERE source_id = 'daily')";
        assert_eq!(database.count(table, condition).await, 1, "{table}");
    }
}
