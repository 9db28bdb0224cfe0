//! Batches that are refused: a 422 that names every location, nothing stored, and the server continues. One case for each
//! kind of fault; all others are tested where bodies are parsed (`actors/src/sync/batch/tests/`).

use serde_json::{Value, json};

use crate::support::{
    TestDatabase, TestServer, batch, kinds_and_places, reading, refused, with, without,
};

async fn start() -> (TestDatabase, TestServer) {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    (database, server)
}

#[tokio::test]
async fn every_kind_of_fault_is_a_422_with_its_location() {
    let (database, server) = start().await;
    let deep = "[".repeat(1_000_000);
    let row = |change: Value| {
        let rows = json!([reading(1), with(reading(4711), &change)]);
        batch(&json!({"realtime_data": rows})).to_string()
    };
    let rank = json!([{"id": 4711, "recommendation": "None", "priority_rank": 6}]);
    let of_row = |column: &str| format!("tables.realtime_data.rows.1.{column}");
    for (body, kind, place) in [
        ("{".to_owned(), "json_invalid", String::new()),
        ("[]".to_owned(), "model_attributes_type", String::new()),
        (
            row(json!({"value": "HERE"})).replace("\"HERE\"", "NaN"),
            "json_invalid",
            of_row("value"),
        ),
        (
            row(json!({"value": "HERE"})).replace("\"HERE\"", &deep),
            "json_invalid",
            String::new(),
        ),
        (row(json!({"value": "fast"})), "float_type", of_row("value")),
        (row(json!({"id": -1})), "greater_than_equal", of_row("id")),
        (row(json!({"id": 1.5})), "int_from_float", of_row("id")),
        (row(json!({"id": 1e19})), "int_parsing_size", of_row("id")),
        (row(json!({"id": "7"})), "int_type", of_row("id")),
        (
            row(json!({"timestamp": "now"})),
            "datetime_parsing",
            of_row("timestamp"),
        ),
        (
            row(json!({"timestamp": 7})),
            "datetime_type",
            of_row("timestamp"),
        ),
        (row(json!({"unit": 7})), "string_type", of_row("unit")),
        (
            row(json!({"unit": "°".repeat(65)})),
            "string_too_long",
            of_row("unit"),
        ),
        (
            row(json!({"profile_id": ""})),
            "string_too_short",
            of_row("profile_id"),
        ),
        (
            row(json!({"profile_id": "daily "})),
            "string_pattern_mismatch",
            of_row("profile_id"),
        ),
        (
            batch(&json!({"ai_recommendations": rank})).to_string(),
            "less_than_equal",
            "tables.ai_recommendations.rows.0.priority_rank".to_owned(),
        ),
        (
            batch(&json!({"realtime_data": [7]})).to_string(),
            "dict_type",
            "tables.realtime_data.rows.0".to_owned(),
        ),
        (
            batch(&json!({"realtime_data": [without(reading(1), "value")]})).to_string(),
            "missing",
            "tables.realtime_data.rows.0.value".to_owned(),
        ),
        (
            batch(&json!({"battery_log": []})).to_string(),
            "unknown_table",
            "tables.battery_log".to_owned(),
        ),
    ] {
        let problems = refused(&server, &database, body).await;
        let found = kinds_and_places(&problems);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].0, kind, "{found:?}");
        if !place.is_empty() {
            assert_eq!(found[0].1, place);
        }
    }
    assert!(database.count("devices", "device_id = 'test-device'").await == 0);
    let valid = batch(&json!({"realtime_data": [reading(1)]}));
    assert_eq!(server.sync(&valid).await.0, 200);
}

#[tokio::test]
async fn all_problems_of_a_batch_are_named_at_once() {
    let (_database, server) = start().await;
    let rows = json!([
        reading(1),
        with(
            without(reading(2), "timestamp"),
            &json!({"value": "fast", "unit": 7})
        ),
        with(reading(3), &json!({"id": "three"})),
    ]);
    let batch = batch(&json!({"realtime_data": rows, "statistics": [{"id": 9}], "fake_table": []}));
    let (status, answer) = server.sync(&batch).await;
    assert_eq!(status, 422);
    let mut places: Vec<String> = answer["detail"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| {
            let steps: Vec<String> = p["loc"].as_array().unwrap()[2..]
                .iter()
                .map(ToString::to_string)
                .collect();
            steps.join(".").replace('"', "")
        })
        .collect();
    places.sort();
    assert_eq!(
        places,
        [
            "fake_table",
            "realtime_data.rows.1.timestamp",
            "realtime_data.rows.1.unit",
            "realtime_data.rows.1.value",
            "realtime_data.rows.2.id",
            "statistics.rows.0.analysis_date",
            "statistics.rows.0.parameter_name",
            "statistics.rows.0.profile_id",
        ]
    );
}

#[tokio::test]
async fn a_long_text_is_shortened_in_the_answer() {
    let (_database, server) = start().await;
    let row = with(reading(1), &json!({"unit": "°".repeat(1_000_000)}));
    let (status, answer) = server.sync(&batch(&json!({"realtime_data": [row]}))).await;
    assert_eq!(status, 422);
    assert_eq!(
        answer["detail"][0]["input"],
        format!("{}…", "°".repeat(100))
    );
}

#[tokio::test]
async fn the_answer_to_a_thousand_bad_rows_is_short() {
    let (database, server) = start().await;
    let rows: Vec<Value> = (1..=1000)
        .map(|id| with(reading(id), &json!({"value": "x".repeat(1000)})))
        .collect();
    let body = batch(&json!({"realtime_data": rows})).to_string();
    let problems = refused(&server, &database, body).await;
    assert_eq!(problems.len(), 51);
    assert_eq!(problems[50]["msg"], "950 more problems are not listed");
    let length = json!(problems).to_string().len();
    assert!(length < 20_000, "{length} bytes");
}
