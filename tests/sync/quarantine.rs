//! `BAD_ROWS=quarantine`: a row that fails validation is set aside, and the other rows are stored.

use serde_json::{Value, json};

use crate::support::{TestDatabase, TestServer, batch, reading, with, without};

async fn start(database: &TestDatabase) -> TestServer {
    let variables = [("BAD_ROWS", "quarantine"), ("EXTRA_TABLES", "dtc_log")];
    TestServer::start_with(&database.url(), &variables).await
}

async fn store(server: &TestServer, tables: Value) -> Value {
    let (status, receipt) = server.sync(&batch(&tables)).await;
    assert_eq!(status, 200, "{receipt}");
    receipt
}

async fn entries(database: &TestDatabase) -> Vec<(String, String)> {
    let query = "SELECT table_name, row_key FROM quarantined_rows ORDER BY table_name, row_key";
    database.rows(query).await
}

#[tokio::test]
async fn a_bad_row_is_set_aside_and_the_others_are_stored() {
    let database = TestDatabase::create().await;
    let server = start(&database).await;
    let bad = with(reading(2), &json!({"value": "fast", "unit": 7}));
    let rows = json!([reading(1), bad, reading(3)]);
    let receipt = store(&server, json!({"realtime_data": rows})).await;
    assert_eq!(
        receipt["tablesProcessed"]["realtime_data"],
        json!({"inserted": 2, "updated": 0, "errors": 1})
    );
    let reason = "unit: Input should be a string, and 1 more problem";
    assert_eq!(
        receipt["quarantined"],
        json!([{"table": "realtime_data", "id": 2, "reason": reason}])
    );
    assert_eq!(database.count("realtime_data", "TRUE").await, 2);
    let (table, key, row, stored_reason, batch_id): (String, String, String, String, String) =
        database
            .row(
                "SELECT table_name, row_key, row_json, reason, sync_batch_id FROM quarantined_rows",
            )
            .await;
    assert_eq!((table.as_str(), key.as_str()), ("realtime_data", "2"));
    assert_eq!(serde_json::from_str::<Value>(&row).unwrap(), bad);
    assert_eq!(
        (stored_reason.as_str(), batch_id.as_str()),
        (reason, "test-batch")
    );
}

#[tokio::test]
async fn a_later_valid_row_removes_the_entry_of_its_key() {
    let database = TestDatabase::create().await;
    let server = start(&database).await;
    let tables = |is_good: bool| {
        let value = |good: Value| if is_good { good } else { json!([]) };
        json!({
            "realtime_data": [with(reading(1), &json!({"value": value(json!(1))})), reading(2)],
            "profiles": [{"id": "daily", "name": value(json!("Daily"))}],
            "dtc_log": [{"id": "P0171", "deep": if is_good { json!(1) } else { nested(25) }}],
        })
    };
    store(&server, tables(false)).await;
    let expected = [
        ("dtc_log", "P0171"),
        ("profiles", "daily"),
        ("realtime_data", "1"),
    ]
    .map(|(table, key)| (table.to_owned(), key.to_owned()));
    assert_eq!(entries(&database).await, expected);
    // Valid rows with other keys leave the entries alone.
    store(&server, json!({"realtime_data": [reading(2), reading(3)]})).await;
    assert_eq!(entries(&database).await, expected);
    let receipt = store(&server, tables(true)).await;
    assert_eq!(receipt["quarantined"], Value::Null);
    assert_eq!(entries(&database).await, []);
}

fn nested(depth: usize) -> Value {
    (0..depth).fold(json!(1), |inner, _| json!([inner]))
}

#[tokio::test]
async fn the_same_bad_row_has_one_entry_however_often_it_is_sent() {
    let database = TestDatabase::create().await;
    let server = start(&database).await;
    let rows = json!([
        with(reading(1), &json!({"value": null})),
        without(reading(2), "id"),
        7
    ]);
    for _ in 0..3 {
        let receipt = store(&server, json!({"realtime_data": rows})).await;
        assert_eq!(receipt["tablesProcessed"]["realtime_data"]["errors"], 3);
        let ids: Vec<&Value> = receipt["quarantined"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| &row["id"])
            .collect();
        assert_eq!(ids, [&json!(1), &Value::Null, &Value::Null]);
    }
    assert_eq!(entries(&database).await.len(), 3);
    let condition = "first_seen < last_seen";
    assert_eq!(database.count("quarantined_rows", condition).await, 3);
}

#[tokio::test]
async fn nan_is_a_fault_of_its_row() {
    let database = TestDatabase::create().await;
    let server = start(&database).await;
    let rows = json!([reading(1), with(reading(2), &json!({"value": "HERE"}))]);
    let body = batch(&json!({"realtime_data": rows})).to_string();
    let body = body.replace("\"HERE\"", "-Infinity");
    let (status, receipt) = server.sync_bytes(body.into()).await;
    assert_eq!(status, 200, "{receipt}");
    assert_eq!(receipt["quarantined"][0]["id"], 2);
    assert_eq!(database.count("realtime_data", "source_id = 1").await, 1);
    let as_received = "row_json LIKE '%-Infinity%'";
    assert_eq!(database.count("quarantined_rows", as_received).await, 1);
}

#[tokio::test]
async fn faults_outside_of_rows_and_too_many_bad_rows_still_refuse_the_batch() {
    let database = TestDatabase::create().await;
    let server = start(&database).await;
    let bad = |id| with(reading(id), &json!({"value": null}));
    for tables in [
        json!({"fake_table": [{"id": 1}]}),
        json!({"realtime_data": (1..=1001).map(bad).collect::<Vec<_>>()}),
    ] {
        let (status, answer) = server.sync(&batch(&tables)).await;
        assert_eq!(status, 422, "{answer}");
    }
    assert_eq!(entries(&database).await, []);
}

#[tokio::test]
async fn the_receipt_lists_the_first_fifty_rows_and_counts_all() {
    let database = TestDatabase::create().await;
    let server = start(&database).await;
    let bad = |id| with(reading(id), &json!({"value": null}));
    let rows: Vec<Value> = (1..=60).map(bad).collect();
    let receipt = store(&server, json!({"realtime_data": rows})).await;
    assert_eq!(receipt["quarantined"].as_array().unwrap().len(), 50);
    assert_eq!(receipt["tablesProcessed"]["realtime_data"]["errors"], 60);
    assert_eq!(entries(&database).await.len(), 60);
}
