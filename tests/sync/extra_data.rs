//! Unknown data is stored: columns with their row, fields with their device, tables that `EXTRA_TABLES` names.

use serde_json::{Value, json};

use crate::support::{TestDatabase, TestServer, batch, reading, with};

async fn extra_of(database: &TestDatabase, query: &str) -> Value {
    let text: String = database
        .row(&format!("SELECT CAST(extra AS CHAR) FROM {query}"))
        .await;
    serde_json::from_str(&text).unwrap()
}

#[tokio::test]
async fn an_unknown_column_is_stored_and_named_in_the_receipt() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let rows = json!([
        reading(1),
        with(
            reading(2),
            &json!({"gear": 3, "weather": {"sky": "°", "wind": [1, null, 0.1]}})
        ),
        with(reading(3), &json!({"gear": null})),
    ]);
    let (status, receipt) = server.sync(&batch(&json!({"realtime_data": rows}))).await;
    assert_eq!(status, 200, "{receipt}");
    let table = &receipt["tablesProcessed"]["realtime_data"];
    let expected =
        json!({"inserted": 3, "updated": 0, "errors": 0, "unknownColumns": ["gear", "weather"]});
    assert_eq!(*table, expected);
    let extra = extra_of(&database, "realtime_data WHERE source_id = 2").await;
    assert_eq!(
        extra,
        json!({"gear": 3, "weather": {"sky": "°", "wind": [1, null, 0.1]}})
    );
    let extra = extra_of(&database, "realtime_data WHERE source_id = 3").await;
    assert_eq!(extra, json!({"gear": null}));
    assert_eq!(database.count("realtime_data", "extra IS NULL").await, 1);
}

#[tokio::test]
async fn the_latest_value_of_an_unknown_column_replaces_the_earlier_one() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let store = async |fields: Value| {
        let rows = json!([with(reading(1), &fields)]);
        let (status, receipt) = server.sync(&batch(&json!({"realtime_data": rows}))).await;
        assert_eq!(status, 200, "{receipt}");
        extra_of(&database, "realtime_data").await
    };
    store(json!({"gear": 3, "weather": {"sky": "grey"}, "road": "wet"})).await;
    let extra = store(json!({"gear": null, "weather": {"wind": 4}})).await;
    assert_eq!(
        extra,
        json!({"gear": null, "weather": {"wind": 4}, "road": "wet"})
    );
    // A row without unknown columns does not change them.
    assert_eq!(store(json!({"value": 1.0})).await, extra);
}

/// MariaDB's `JSON_MERGE_PATCH` leaves the member behind the first one that it removes, if the patch has another order.
#[tokio::test]
async fn unknown_data_is_replaced_in_whatever_order_it_comes() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    for sent in [
        json!({"u": 1, "v": 2, "w": 3, "x": 4}),
        json!({"a": {"x": 1}}),
        json!({"a": {"x": 2}, "x": {}, "w": null, "v": [1], "u": null}),
    ] {
        for (first, last) in [(1, 1), (2, 4)] {
            let rows: Vec<Value> = (first..=last).map(|id| with(reading(id), &sent)).collect();
            let fields = with(batch(&json!({"realtime_data": rows})), &sent);
            let (status, receipt) = server.sync(&fields).await;
            assert_eq!(status, 200, "{receipt}");
        }
    }
    let expected = json!({"u": null, "v": [1], "w": null, "x": {}, "a": {"x": 2}});
    for id in 1..=4 {
        let row = format!("realtime_data WHERE source_id = {id}");
        assert_eq!(extra_of(&database, &row).await, expected, "{id}");
    }
    let device = "devices WHERE device_id = 'test-device'";
    assert_eq!(extra_of(&database, device).await, expected);
}

#[tokio::test]
async fn columns_of_the_server_cannot_be_written_by_a_client() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let forged = json!({
        "synced_at": "1999-01-01T00:00:00",
        "source_device": "somebody-else",
        "source_id": 99,
        "sync_batch_id": "forged",
        "extra": {"a": 1},
    });
    let rows = json!([with(reading(1), &forged)]);
    let (status, receipt) = server.sync(&batch(&json!({"realtime_data": rows}))).await;
    assert_eq!(status, 200, "{receipt}");
    let condition = "source_id = 1 AND source_device = 'test-device' AND sync_batch_id = 'test-batch' \
                     AND synced_at > '2026-01-01'";
    assert_eq!(database.count("realtime_data", condition).await, 1);
    assert_eq!(extra_of(&database, "realtime_data").await, forged);
}

#[tokio::test]
async fn the_key_of_mysql_cannot_be_written_by_a_client() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    server
        .sync(&batch(&json!({"realtime_data": [reading(4_000)]})))
        .await;
    let ids: (i64, i64) = database
        .row("SELECT id, source_id FROM realtime_data")
        .await;
    assert_eq!(ids, (1, 4_000));
}

#[tokio::test]
async fn column_names_are_never_executed_as_sql() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let names = [
        "'",
        "\"",
        "`",
        "``",
        "\\",
        "\\\"",
        "`) VALUES (1) -- ",
        "value`, `unit",
        "?",
        ":value",
        "@device",
        "$.x",
        "",
        " ",
        "\u{0}",
        "\u{7f}",
        "__proto__",
        "constructor",
        "SELECT",
        "rank",
        "VALUE",
        "Value",
        "°",
        "🚗",
        "a.b",
        "*",
        "$[0]",
        "id ",
    ];
    let mut row = reading(1);
    for (at, name) in names.iter().enumerate() {
        row[name] = json!(at);
    }
    let long = "x".repeat(10_000);
    row[&long] = json!("long");
    let batch = batch(&json!({"realtime_data": [row]}));
    for _ in 0..2 {
        let (status, receipt) = server.sync(&batch).await;
        assert_eq!(status, 200, "{receipt}");
        let reported = receipt["tablesProcessed"]["realtime_data"]["unknownColumns"]
            .as_array()
            .unwrap();
        assert_eq!(reported.len(), names.len() + 1);
        let extra = extra_of(&database, "realtime_data").await;
        for (at, name) in names.iter().enumerate() {
            assert_eq!(extra[name], at, "{name:?}");
        }
        assert_eq!(extra[&long], "long");
    }
    assert_eq!(
        database
            .count("realtime_data", "value = 2501.5 AND unit = 'rpm'")
            .await,
        1
    );
}

#[tokio::test]
async fn a_name_that_the_database_cannot_hold_is_refused() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let long = "x".repeat(70_000);
    for row in [
        with(reading(1), &json!({&long: 1})),
        with(reading(1), &json!({"nested": [{&long: 1}]})),
    ] {
        let (status, answer) = server.sync(&batch(&json!({"realtime_data": [row]}))).await;
        assert_eq!(
            (status, &answer["detail"][0]["type"]),
            (422, &json!("string_too_long"))
        );
    }
    assert_eq!(database.count("realtime_data", "TRUE").await, 0);
}

#[tokio::test]
async fn a_value_may_nest_as_deep_as_both_databases_can_read_it() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let nested = |depth: usize| (0..depth).fold(json!(1), |inner, _| json!([inner]));
    let sync = async |depth| {
        let rows = json!([with(reading(1), &json!({"deep": nested(depth)}))]);
        let batch = with(
            batch(&json!({"realtime_data": rows})),
            &json!({"deepField": nested(depth)}),
        );
        server.sync(&batch).await
    };
    for _ in 0..2 {
        assert_eq!(sync(24).await.0, 200);
    }
    assert_eq!(
        extra_of(&database, "realtime_data").await["deep"],
        nested(24)
    );
    assert_eq!(
        extra_of(&database, "devices WHERE device_id = 'test-device'").await["deepField"],
        nested(24)
    );
    let (status, answer) = sync(25).await;
    assert_eq!(
        (status, &answer["detail"][0]["type"]),
        (422, &json!("json_too_deep"))
    );
}

#[tokio::test]
async fn unknown_fields_are_stored_with_the_device() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let say = async |fields: Value| {
        let (status, receipt) = server.sync(&with(batch(&json!({})), &fields)).await;
        assert_eq!(status, 200, "{receipt}");
        receipt["unknownFields"].clone()
    };
    let fields =
        say(json!({"driveCounter": {"lastDriveId": 3, "since": "2026"}, "firmware": "1.2"})).await;
    assert_eq!(fields, json!(["driveCounter", "firmware"]));
    say(json!({"driveCounter": {"lastDriveId": 4}, "mood": null})).await;
    assert_eq!(say(json!({})).await, Value::Null);
    let extra = extra_of(&database, "devices WHERE device_id = 'test-device'").await;
    let expected = json!({"driveCounter": {"lastDriveId": 4}, "firmware": "1.2", "mood": null});
    assert_eq!(extra, expected);
}

#[tokio::test]
async fn extra_tables_are_stored_row_by_row() {
    let database = TestDatabase::create().await;
    let variables = [("EXTRA_TABLES", "dtc_log,battery_health_log")];
    let server = TestServer::start_with(&database.url(), &variables).await;
    let rows = json!([
        {"id": 1, "code": "P0171", "freeze": {"RPM": 2500}},
        {"id": "two", "code": "P0300"},
        {"id": 1, "code": "P0172"},
    ]);
    let first = batch(&json!({"dtc_log": rows, "realtime_data": [reading(1)]}));
    let (status, receipt) = server.sync(&first).await;
    assert_eq!(status, 200, "{receipt}");
    let counts = json!({"inserted": 2, "updated": 0, "errors": 0});
    assert_eq!(receipt["tablesProcessed"]["dtc_log"], counts);
    let (_, receipt) = server
        .sync(&batch(
            &json!({"dtc_log": [{"id": 1, "cleared": true}], "battery_health_log": [{"id": 1}]}),
        ))
        .await;
    assert_eq!(receipt["tablesProcessed"]["dtc_log"]["updated"], 1);
    assert_eq!(
        receipt["tablesProcessed"]["battery_health_log"]["inserted"],
        1
    );
    let stored: Vec<(String, String, String)> = database
        .rows("SELECT table_name, source_id, CAST(row_json AS CHAR) FROM extra_rows ORDER BY 1, 2")
        .await;
    let stored: Vec<(&str, &str, Value)> = stored
        .iter()
        .map(|(table, id, row)| {
            (
                table.as_str(),
                id.as_str(),
                serde_json::from_str(row).unwrap(),
            )
        })
        .collect();
    let expected = [
        ("battery_health_log", "1", json!({"id": 1})),
        ("dtc_log", "1", json!({"id": 1, "cleared": true})),
        ("dtc_log", "two", json!({"id": "two", "code": "P0300"})),
    ];
    assert_eq!(stored, expected);
    let (inserted, updated): (i64, i64) = database
        .row("SELECT rows_inserted, rows_updated FROM sync_history")
        .await;
    assert_eq!((inserted, updated), (4, 1));
}

#[tokio::test]
async fn a_row_of_an_extra_table_without_a_key_is_refused() {
    let database = TestDatabase::create().await;
    let server = TestServer::start_with(&database.url(), &[("EXTRA_TABLES", "dtc_log")]).await;
    let rows = json!([{"id": 1}, {"code": "P0171"}, {"id": [1]}]);
    let (status, answer) = server.sync(&batch(&json!({"dtc_log": rows}))).await;
    assert_eq!(status, 422);
    let places: Vec<&Value> = answer["detail"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| &p["loc"])
        .collect();
    let place = |row| json!(["body", "tables", "dtc_log", "rows", row, "id"]);
    assert_eq!(places, [&place(1), &place(2)]);
    assert_eq!(database.count("extra_rows", "TRUE").await, 0);
}

#[tokio::test]
async fn a_table_that_is_not_an_extra_table_is_refused() {
    let database = TestDatabase::create().await;
    let server = TestServer::start_with(&database.url(), &[("EXTRA_TABLES", "dtc_log")]).await;
    let (status, answer) = server
        .sync(&batch(&json!({"drive_summary": [{"id": 1}]})))
        .await;
    assert_eq!(status, 422);
    let message = answer["detail"][0]["msg"].as_str().unwrap();
    assert!(
        message.contains("dtc_log") && message.contains("realtime_data"),
        "{message}"
    );
}
