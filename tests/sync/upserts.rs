//! The effect of an upsert on each column: absent is not null, defaults are the device's, the last row of an id counts.

use chrono::NaiveDateTime;
use serde_json::{Value, json};

use crate::support::{TestDatabase, TestServer, batch, reading, with, without};

async fn store(server: &TestServer, table: &str, rows: Value) -> Value {
    let (status, receipt) = server.sync(&batch(&json!({table: rows}))).await;
    assert_eq!(status, 200, "{receipt}");
    receipt["tablesProcessed"][table].clone()
}

#[tokio::test]
async fn of_rows_with_the_same_id_the_last_one_is_stored() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let rows = json!([
        with(reading(7), &json!({"value": 1.0})),
        with(reading(8), &json!({"value": 5.0})),
        with(reading(7), &json!({"value": 2.0})),
        with(without(reading(7), "unit"), &json!({"value": 3.0})),
    ]);
    let counts = store(&server, "realtime_data", rows).await;
    assert_eq!(counts, json!({"inserted": 2, "updated": 0, "errors": 0}));
    let stored: Vec<(i64, f64, Option<String>)> = database
        .rows("SELECT source_id, value, unit FROM realtime_data ORDER BY source_id")
        .await;
    assert_eq!(stored, [(7, 3.0, None), (8, 5.0, Some("rpm".to_owned()))]);
}

#[tokio::test]
async fn a_column_omitted_from_an_update_keeps_its_value() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let whole = with(reading(1), &json!({"data_source": "real", "drive_id": 4}));
    store(&server, "realtime_data", json!([whole])).await;
    let sparse = without(without(reading(1), "unit"), "profile_id");
    store(
        &server,
        "realtime_data",
        json!([with(sparse, &json!({"value": 9.0}))]),
    )
    .await;
    let stored: (f64, String, bool, String, i64) = database
        .row("SELECT value, unit, profile_id IS NOT NULL, data_source, drive_id FROM realtime_data")
        .await;
    assert_eq!(stored, (9.0, "rpm".to_owned(), true, "real".to_owned(), 4));
}

#[tokio::test]
async fn null_removes_the_value_of_a_column() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    store(&server, "realtime_data", json!([reading(1)])).await;
    let emptied = with(reading(1), &json!({"unit": null, "profile_id": null}));
    store(&server, "realtime_data", json!([emptied])).await;
    let condition = "unit IS NULL AND profile_id IS NULL";
    assert_eq!(database.count("realtime_data", condition).await, 1);
}

#[tokio::test]
async fn a_column_omitted_from_a_new_row_gets_the_devices_default() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    store(
        &server,
        "profiles",
        json!([{"id": "daily", "name": "Daily"}]),
    )
    .await;
    store(
        &server,
        "ai_recommendations",
        json!([{"id": 1, "recommendation": "Keep it up"}]),
    )
    .await;
    store(
        &server,
        "connection_log",
        json!([{"id": 1, "event_type": "connect"}]),
    )
    .await;
    let interval: i64 = database
        .row("SELECT polling_interval_ms FROM profiles")
        .await;
    assert_eq!(interval, 1000);
    let rank: i64 = database
        .row("SELECT priority_rank FROM ai_recommendations")
        .await;
    assert_eq!(rank, 3);
    let log: (i64, i64) = database
        .row("SELECT success, retry_count FROM connection_log")
        .await;
    assert_eq!(log, (0, 0));
    for (table, column) in [
        ("profiles", "created_at"),
        ("profiles", "updated_at"),
        ("ai_recommendations", "timestamp"),
        ("connection_log", "timestamp"),
    ] {
        // Now, in UTC, for any time zone of the database server.
        let condition = format!("ABS(TIMESTAMPDIFF(SECOND, {column}, UTC_TIMESTAMP())) < 60");
        assert_eq!(
            database.count(table, &condition).await,
            1,
            "{table}.{column}"
        );
    }
}

#[tokio::test]
async fn null_means_the_default_for_a_column_that_is_not_nullable() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let event = json!({"id": 1, "event_type": "connect", "timestamp": null, "success": null});
    store(&server, "connection_log", json!([event])).await;
    assert_eq!(
        database
            .count("connection_log", "success = 0 AND timestamp IS NOT NULL")
            .await,
        1
    );
}

#[tokio::test]
async fn null_is_stored_for_a_nullable_column_with_a_default() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let advice = json!({"id": 1, "recommendation": "Keep it up", "priority_rank": null});
    store(&server, "ai_recommendations", json!([advice])).await;
    assert_eq!(
        database
            .count("ai_recommendations", "priority_rank IS NULL")
            .await,
        1
    );
}

#[tokio::test]
async fn rows_with_different_columns_share_a_batch() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let rows = json!([
        reading(1),
        without(reading(2), "unit"),
        with(reading(3), &json!({"drive_id": 1})),
        with(reading(4), &json!({"unit": null})),
        without(without(reading(5), "unit"), "profile_id"),
        reading(6),
    ]);
    let counts = store(&server, "realtime_data", rows).await;
    assert_eq!(counts["inserted"], 6);
    let with_unit: Vec<i64> = database
        .rows("SELECT source_id FROM realtime_data WHERE unit = 'rpm' ORDER BY source_id")
        .await;
    assert_eq!(with_unit, [1, 3, 6]);
}

#[tokio::test]
async fn times_are_stored_in_utc_with_microseconds() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let times = [
        ("2026-04-19 07:18:50.697867", "2026-04-19T07:18:50.697867"),
        ("2026-05-01T10:01:00Z", "2026-05-01T10:01:00"),
        ("2026-05-01T00:30:00+02:00", "2026-04-30T22:30:00"),
    ];
    let ids = 1..;
    let rows: Vec<Value> = ids
        .zip(times)
        .map(|(id, (sent, _))| with(reading(id), &json!({"timestamp": sent})))
        .collect();
    store(&server, "realtime_data", json!(rows)).await;
    let stored: Vec<NaiveDateTime> = database
        .rows("SELECT timestamp FROM realtime_data ORDER BY source_id")
        .await;
    let expected = times.map(|(_, stored)| stored.parse::<NaiveDateTime>().unwrap());
    assert_eq!(stored, expected);
}

#[tokio::test]
async fn texts_and_numbers_are_stored_unchanged() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let texts = [
        "°C",
        "Ünïcödé 🚗",
        "'; DROP TABLE realtime_data; --",
        "\\",
        "",
        " ",
        "\u{0}",
    ];
    let values = [
        0.1,
        -0.0,
        1e-300,
        -1.797e308,
        2500.0,
        4_503_599_627_370_497.5,
        1.0 / 3.0,
    ];
    let ids = 1..;
    let rows: Vec<Value> = ids
        .zip(texts.into_iter().zip(values))
        .map(|(id, (unit, value))| with(reading(id), &json!({"unit": unit, "value": value})))
        .collect();
    store(&server, "realtime_data", json!(rows)).await;
    let stored: Vec<(String, f64)> = database
        .rows("SELECT unit, value FROM realtime_data ORDER BY source_id")
        .await;
    let expected: Vec<_> = texts.map(str::to_owned).into_iter().zip(values).collect();
    assert_eq!(stored, expected);
}

#[tokio::test]
async fn the_largest_integers_are_stored_exactly() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let beyond_doubles = (1_i64 << 53) + 1;
    let row = with(
        reading(1),
        &json!({"id": i64::MAX, "drive_id": i64::MIN, "value": beyond_doubles}),
    );
    store(
        &server,
        "realtime_data",
        json!([row, with(reading(2), &json!({"id": beyond_doubles}))]),
    )
    .await;
    let ids: Vec<i64> = database
        .rows("SELECT source_id FROM realtime_data ORDER BY source_id")
        .await;
    assert_eq!(ids, [beyond_doubles, i64::MAX]);
    let condition = format!("drive_id = {}", i64::MIN);
    assert_eq!(database.count("realtime_data", &condition).await, 1);
}

#[tokio::test]
async fn a_calibration_session_may_call_its_key_id_or_session_id() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let sessions = json!([{"id": 4, "notes": "by id"}, {"session_id": 5, "notes": "by session"}, {"id": 6, "session_id": 6}]);
    let counts = store(&server, "calibration_sessions", sessions).await;
    assert_eq!(counts["inserted"], 3);
    let (status, answer) = server
        .sync(&batch(
            &json!({"calibration_sessions": [{"id": 7, "session_id": 8}]}),
        ))
        .await;
    assert_eq!(
        (status, &answer["detail"][0]["type"]),
        (422, &json!("value_error"))
    );
    let ids: Vec<i64> = database
        .rows("SELECT source_id FROM calibration_sessions ORDER BY 1")
        .await;
    assert_eq!(ids, [4, 5, 6]);
}

#[tokio::test]
async fn a_vehicle_is_identified_by_its_vin_or_its_id() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let vehicles = json!([
        {"vin": "4A3AK34T2VE033921", "make": "MITSUBISHI", "year": 1997},
        {"id": "by-id", "vin": "4A3AK34T2VE000001"},
        {"id": 17},
        {"vin": 4711},
    ]);
    assert_eq!(
        store(&server, "vehicle_info", vehicles).await["inserted"],
        4
    );
    let again = json!([{"vin": "4A3AK34T2VE033921", "model": "Eclipse"}]);
    assert_eq!(store(&server, "vehicle_info", again).await["updated"], 1);
    let stored: Vec<(String, String)> = database
        .rows("SELECT source_id, vin FROM vehicle_info ORDER BY source_id")
        .await;
    let expected = [
        ("17", "17"),
        ("4711", "4711"),
        ("4A3AK34T2VE033921", "4A3AK34T2VE033921"),
        ("by-id", "4A3AK34T2VE000001"),
    ];
    assert_eq!(
        stored,
        expected.map(|(id, vin)| (id.to_owned(), vin.to_owned()))
    );
    let condition = "make = 'MITSUBISHI' AND model = 'Eclipse' AND year = 1997";
    assert_eq!(database.count("vehicle_info", condition).await, 1);
}
