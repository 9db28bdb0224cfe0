//! Values that do not fit their column: the answer names table, row, column and id, and nothing is stored.

use serde_json::{Value, json};

use crate::support::{TestDatabase, TestServer, batch, reading, with, without};

struct Bench {
    database: TestDatabase,
    server: TestServer,
}

impl Bench {
    async fn start() -> Self {
        let database = TestDatabase::create().await;
        let server = TestServer::start(&database).await;
        Self { database, server }
    }

    /// Sends a valid row and then an invalid one, whose JSON has `text` in the place of the text `"HERE"`.
    async fn refuse(&self, table: &str, good: &Value, bad: &Value, text: &str) -> Value {
        let body = batch(&json!({table: [good, bad]})).to_string();
        assert_eq!(body.matches("\"HERE\"").count(), 1);
        let (status, answer) = self
            .server
            .sync_bytes(body.replace("\"HERE\"", text).into())
            .await;
        assert_eq!(status, 422, "{text} in {table}: {answer}");
        assert_eq!(
            self.database.count(table, "TRUE").await,
            0,
            "{text} in {table}"
        );
        let problems = answer["detail"].as_array().unwrap();
        assert_eq!(problems.len(), 1, "{text} in {table}: {answer}");
        problems[0].clone()
    }

    /// Asserts that `text` in a column of `realtime_data` is refused, with this location and kind.
    async fn refuse_reading(&self, column: &str, text: &str, kind: &str) {
        let bad = with(reading(4711), &json!({column: "HERE"}));
        let problem = self.refuse("realtime_data", &reading(1), &bad, text).await;
        let place = json!(["body", "tables", "realtime_data", "rows", 1, column]);
        assert_eq!(
            (&problem["type"], &problem["loc"]),
            (&json!(kind), &place),
            "{text}: {problem}"
        );
        if column != "id" {
            let message = problem["msg"].as_str().unwrap();
            assert!(message.ends_with("(row with id 4711)"), "{text}: {message}");
        }
    }
}

#[tokio::test]
async fn an_id_is_a_whole_number_of_at_least_0() {
    let bench = Bench::start().await;
    for (text, kind) in [
        ("-1", "greater_than_equal"),
        ("-9223372036854775808", "greater_than_equal"),
        ("-9223372036854775809", "int_parsing_size"),
        ("1.5", "int_from_float"),
        ("1e-3", "int_from_float"),
        ("9223372036854775808", "int_parsing_size"),
        ("18446744073709551616", "int_parsing_size"),
        ("9007199254740994.0", "int_parsing_size"),
        ("1e300", "int_parsing_size"),
        ("1e400", "json_invalid"),
        ("NaN", "json_invalid"),
        ("-Infinity", "json_invalid"),
        ("\"7\"", "int_type"),
        ("\"\"", "int_type"),
        ("null", "int_type"),
        ("[7]", "int_type"),
        ("{\"id\":7}", "int_type"),
    ] {
        bench.refuse_reading("id", text, kind).await;
    }
}

#[tokio::test]
async fn a_value_is_a_finite_number() {
    let bench = Bench::start().await;
    for (text, kind) in [
        ("NaN", "json_invalid"),
        ("Infinity", "json_invalid"),
        ("-Infinity", "json_invalid"),
        ("1e400", "json_invalid"),
        ("+1", "json_invalid"),
        (".5", "json_invalid"),
        ("\"2500\"", "float_type"),
        ("\"NaN\"", "float_type"),
        ("true", "float_type"),
        ("null", "float_type"),
        ("[]", "float_type"),
        ("{}", "float_type"),
    ] {
        bench.refuse_reading("value", text, kind).await;
    }
}

#[tokio::test]
async fn a_time_is_one_that_the_database_can_hold() {
    let bench = Bench::start().await;
    for text in [
        "0000-00-00 00:00:00",
        "0000-01-01T00:00:00",
        "0999-12-31T23:59:59",
        "10000-01-01T00:00:00",
        "-001-01-01T00:00:00",
        "2026-02-01T14:25:60",
        "2026-02-01T14:60:00",
        "2026-02-01T24:00:00",
        "2026-02-29T14:25:00",
        "2026-13-01T14:25:00",
        "2026-02-01T14:25:00 Europe/Berlin",
        "2026-02-01T14:25:00+25:00",
        "2026-02-01T14:25",
        "2026-02-01",
        "14:25:00",
        "01/02/2026 14:25:00",
        "1769955900",
        "now",
        "",
    ] {
        bench
            .refuse_reading("timestamp", &json!(text).to_string(), "datetime_parsing")
            .await;
    }
    for text in ["1769955900", "1769955900.5", "null", "true", "[]", "{}"] {
        bench
            .refuse_reading("timestamp", text, "datetime_type")
            .await;
    }
}

#[tokio::test]
async fn a_text_is_no_longer_than_its_column() {
    let bench = Bench::start().await;
    for (column, length) in [
        ("parameter_name", 64),
        ("unit", 64),
        ("data_source", 16),
        ("profile_id", 64),
    ] {
        for letter in ["x", "°", "🚗"] {
            let text = json!(letter.repeat(length + 1)).to_string();
            bench.refuse_reading(column, &text, "string_too_long").await;
        }
    }
    for (column, text) in [
        ("parameter_name", "7"),
        ("parameter_name", "null"),
        ("unit", "7"),
        ("unit", "[]"),
    ] {
        bench.refuse_reading(column, text, "string_type").await;
    }
    for (text, kind) in [
        ("\"\"", "string_too_short"),
        ("\"daily \"", "string_pattern_mismatch"),
        ("[]", "string_type"),
    ] {
        bench.refuse_reading("profile_id", text, kind).await;
    }
    for (text, kind) in [
        ("\"3\"", "int_type"),
        ("3.5", "int_from_float"),
        ("1e19", "int_parsing_size"),
    ] {
        bench.refuse_reading("drive_id", text, kind).await;
    }
}

#[tokio::test]
async fn the_longest_texts_fit() {
    let bench = Bench::start().await;
    for letter in ["x", "°", "🚗"] {
        let row = with(
            reading(1),
            &json!({"parameter_name": letter.repeat(64), "unit": letter.repeat(64), "data_source": letter.repeat(16),
                    "profile_id": letter.repeat(64)}),
        );
        let (status, answer) = bench
            .server
            .sync(&batch(&json!({"realtime_data": [row]})))
            .await;
        assert_eq!(status, 200, "{answer}");
    }
    // TEXT is limited to 65,535 bytes, not characters.
    for (letter, length) in [("x", 65_535), ("°", 32_767), ("🚗", 16_383)] {
        let session = |length| json!({"id": 1, "notes": letter.repeat(length)});
        let sync = async |row| {
            bench
                .server
                .sync(&batch(&json!({"calibration_sessions": [row]})))
                .await
        };
        assert_eq!(sync(session(length)).await.0, 200, "{letter}");
        let (status, answer) = sync(session(length + 1)).await;
        assert_eq!(
            (status, &answer["detail"][0]["type"]),
            (422, &json!("string_too_long")),
            "{letter}"
        );
        let stored = format!("notes = REPEAT('{letter}', {length})");
        assert_eq!(
            bench.database.count("calibration_sessions", &stored).await,
            1,
            "{letter}"
        );
    }
}

#[tokio::test]
async fn a_rank_is_from_1_to_5() {
    let bench = Bench::start().await;
    let good = json!({"id": 1, "recommendation": "None"});
    let bad = json!({"id": 4711, "recommendation": "None", "priority_rank": "HERE"});
    for (text, kind) in [
        ("0", "greater_than_equal"),
        ("6", "less_than_equal"),
        ("-1", "greater_than_equal"),
    ] {
        let problem = bench.refuse("ai_recommendations", &good, &bad, text).await;
        assert_eq!(problem["type"], kind, "{problem}");
        assert_eq!(problem["loc"][5], "priority_rank");
    }
}

#[tokio::test]
async fn missing_required_columns_are_named() {
    let bench = Bench::start().await;
    let required = [
        // First, because other tables create stubs there.
        ("profiles", json!({"name": "Daily"})),
        (
            "realtime_data",
            json!({"timestamp": "2026-02-01T14:25:00", "parameter_name": "RPM", "value": 1}),
        ),
        (
            "statistics",
            json!({"parameter_name": "RPM", "analysis_date": "2026-02-01T14:25:00", "profile_id": 1}),
        ),
        ("ai_recommendations", json!({"recommendation": "None"})),
        ("connection_log", json!({"event_type": "connect"})),
        (
            "alert_log",
            json!({"alert_type": "max", "parameter_name": "RPM", "value": 1, "threshold": 2}),
        ),
        ("vehicle_info", json!({})),
        ("calibration_sessions", json!({})),
    ];
    for (table, fields) in required {
        let whole = with(fields.clone(), &json!({"id": 4711}));
        for column in whole.as_object().unwrap().keys() {
            for row in [
                without(whole.clone(), column),
                with(whole.clone(), &json!({column: null})),
            ] {
                let (status, answer) = bench.server.sync(&batch(&json!({table: [row]}))).await;
                assert_eq!(status, 422, "{table}.{column}: {answer}");
                let problems = answer["detail"].as_array().unwrap();
                assert_eq!(problems.len(), 1, "{answer}");
                let place = json!(["body", "tables", table, "rows", 0, column]);
                assert_eq!(problems[0]["loc"], place, "{answer}");
                let message = problems[0]["msg"].as_str().unwrap();
                assert_eq!(
                    message.ends_with("(row with id 4711)")
                        || message.ends_with("(row with id \"4711\")"),
                    column != "id",
                    "{message}"
                );
            }
        }
        assert_eq!(bench.database.count(table, "TRUE").await, 0);
        let (status, answer) = bench.server.sync(&batch(&json!({table: [whole]}))).await;
        assert_eq!(status, 200, "{table}: {answer}");
    }
}

#[tokio::test]
async fn all_problems_of_a_batch_are_named_at_once() {
    let bench = Bench::start().await;
    let rows = json!([
        reading(1),
        with(
            without(reading(2), "timestamp"),
            &json!({"value": "fast", "unit": 7})
        ),
        with(reading(3), &json!({"id": "three"})),
    ]);
    let batch = batch(&json!({"realtime_data": rows, "statistics": [{"id": 9}], "fake_table": []}));
    let (status, answer) = bench.server.sync(&batch).await;
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
    let bench = Bench::start().await;
    let row = with(reading(1), &json!({"unit": "°".repeat(1_000_000)}));
    let (status, answer) = bench
        .server
        .sync(&batch(&json!({"realtime_data": [row]})))
        .await;
    assert_eq!(status, 422);
    assert_eq!(
        answer["detail"][0]["input"],
        format!("{}…", "°".repeat(100))
    );
}
