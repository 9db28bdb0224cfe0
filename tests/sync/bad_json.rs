//! Bodies that are not JSON, or hostile JSON: a 4xx, nothing stored, and the server continues.

use serde_json::{Value, json};

use crate::support::{
    TestDatabase, TestServer, batch, kinds_and_places, reading, readings, refused,
};

async fn start() -> (TestDatabase, TestServer) {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    (database, server)
}

#[tokio::test]
async fn invalid_json_is_refused() {
    let (database, server) = start().await;
    let whole = batch(&json!({"realtime_data": readings(1..=2)})).to_string();
    let cut = &whole[..whole.len() - 3];
    let twice = format!("{whole}{whole}");
    let trailing_comma = whole.replace("]}", ",]}");
    let hexadecimal = whole.replace("2501.5", "0x10");
    let octal = whole.replace("2501.5", "010");
    let byte_order_mark = format!("\u{feff}{whole}");
    for body in [
        "",
        " ",
        "hello",
        "{",
        "deviceId=x&batchId=y",
        cut,
        &twice,
        &trailing_comma,
        &hexadecimal,
        &octal,
        &byte_order_mark,
        "\0",
    ] {
        let problems = refused(&server, &database, body).await;
        assert_eq!(problems[0]["type"], "json_invalid", "{body}");
        let message = problems[0]["msg"].as_str().unwrap();
        assert!(
            message.starts_with("JSON decode error: ") && message.contains(" line "),
            "{message}"
        );
    }
}

#[tokio::test]
async fn deep_nesting_is_refused_anywhere() {
    let (database, server) = start().await;
    let depth = 1_000_000;
    let lists = "[".repeat(depth);
    let objects = "{\"a\":".repeat(depth);
    let whole_lists = format!("{lists}{}", "]".repeat(depth));
    let whole_objects = format!("{objects}1{}", "}".repeat(depth));
    for bomb in [&lists, &objects, &whole_lists, &whole_objects] {
        for (before, after) in [
            ("", ""),
            (r#"{"deviceId": "#, "}"),
            (r#"{"deviceId": "d", "batchId": "b", "surprise": "#, "}"),
            (r#"{"deviceId": "d", "batchId": "b", "tables": "#, "}"),
            (
                r#"{"deviceId": "d", "batchId": "b", "tables": {"fake_table": "#,
                "}}",
            ),
            (
                r#"{"deviceId": "d", "batchId": "b", "tables": {"statistics": "#,
                "}}",
            ),
            (
                r#"{"deviceId": "d", "batchId": "b", "tables": {"statistics": {"lastSyncedId": "#,
                "}}}",
            ),
            (
                r#"{"deviceId": "d", "batchId": "b", "tables": {"statistics": {"rows": "#,
                "}}}",
            ),
            (
                r#"{"deviceId": "d", "batchId": "b", "tables": {"statistics": {"rows": ["#,
                "]}}}",
            ),
            (
                r#"{"deviceId": "d", "batchId": "b", "tables": {"statistics": {"rows": [{"id": "#,
                "}]}}}",
            ),
            (
                r#"{"deviceId": "d", "batchId": "b", "tables": {"statistics": {"rows": [{"id": 1, "gear": "#,
                "}]}}}",
            ),
            (
                r#"{"deviceId": "d", "batchId": "b", "tables": {"profiles": {"rows": [{"id": 1, "name": "#,
                "}]}}}",
            ),
        ] {
            refused(&server, &database, format!("{before}{bomb}{after}")).await;
        }
    }
    assert_eq!(
        server
            .sync(&batch(&json!({"realtime_data": [reading(1)]})))
            .await
            .0,
        200
    );
}

#[tokio::test]
async fn invalid_unicode_is_refused() {
    let (database, server) = start().await;
    let [before, after] = [
        &br#"{"deviceId": "d", "batchId": "b", "tables": {"realtime_data": {"rows": [{"id": 1, "unit": ""#[..],
        &br#"", "timestamp": "2026-02-01T14:25:00", "parameter_name": "RPM", "value": 1}]}}}"#[..],
    ];
    for text in [
        &b"\xff"[..],
        b"\xc3",
        b"\xed\xa0\x80",
        br"\ud800",
        br"\udc00\ud800",
        br"\ud83d!",
        b"\n",
        br"\x41",
    ] {
        let problems = refused(&server, &database, [before, text, after].concat()).await;
        let place = "tables.realtime_data.rows.0.unit".to_owned();
        assert_eq!(
            kinds_and_places(&problems),
            [("json_invalid", place)],
            "{text:?}"
        );
        assert!(
            problems[0]["msg"]
                .as_str()
                .unwrap()
                .ends_with(" (row with id 1)"),
            "{problems:?}"
        );
    }
    // A well-formed body is accepted.
    let body = [before, br"\ud83d\ude97", after].concat();
    assert_eq!(server.sync_bytes(body).await.0, 200);
    assert_eq!(database.count("realtime_data", "unit = '🚗'").await, 1);
}

#[tokio::test]
async fn of_a_repeated_field_the_last_value_counts() {
    let (database, server) = start().await;
    let body = r#"{
        "deviceId": "first", "batchId": "first", "deviceId": "d", "batchId": "b",
        "tables": {"realtime_data": {"rows": [{"id": 7, "id": 7, "value": 1, "timestamp": "2026-02-01T14:25:00",
            "parameter_name": "RPM", "value": 2, "gear": 1, "gear": 2}]}},
        "tables": {"statistics": {"rows": []}}
    }"#;
    let (status, receipt) = server.sync_bytes(body.into()).await;
    assert_eq!(status, 200, "{receipt}");
    let condition = "source_device = 'd' AND sync_batch_id = 'b' AND value = 2";
    assert_eq!(database.count("realtime_data", condition).await, 1);
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let two_keys = body.replace("\"id\": 7, \"id\": 7", "\"id\": 7, \"id\": 8");
    let problems = refused(&server, &database, two_keys).await;
    assert_eq!(
        kinds_and_places(&problems),
        [("value_error", "tables.realtime_data.rows.0.id".to_owned())]
    );
}

#[tokio::test]
async fn the_content_type_header_is_ignored() {
    let (database, server) = start().await;
    let batch = batch(&json!({"realtime_data": [reading(1)]})).to_string();
    for content_type in [
        None,
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
        Some("nonsense"),
    ] {
        let mut request = server.post("/api/v1/sync").body(batch.clone());
        if let Some(content_type) = content_type {
            request = request.header("Content-Type", content_type);
        }
        assert_eq!(
            request.send().await.unwrap().status(),
            200,
            "{content_type:?}"
        );
    }
    assert_eq!(database.count("realtime_data", "TRUE").await, 1);
}

#[tokio::test]
async fn a_compressed_body_is_refused_by_its_header() {
    let (database, server) = start().await;
    for encoding in ["gzip", "br", "identity, gzip"] {
        let request = server
            .post("/api/v1/sync")
            .header("Content-Encoding", encoding)
            .body(&b"\x1f\x8b\x08"[..]);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 415);
        assert_eq!(response.headers()["Accept-Encoding"], "identity");
        let answer: Value = response.json().await.unwrap();
        assert_eq!(
            answer,
            json!({"detail": "A compressed body is not taken: send it without Content-Encoding"})
        );
    }
    let batch = batch(&json!({"realtime_data": [reading(1)]})).to_string();
    let request = server
        .post("/api/v1/sync")
        .header("Content-Encoding", "identity")
        .body(batch);
    assert_eq!(request.send().await.unwrap().status(), 200);
    assert_eq!(database.count("realtime_data", "TRUE").await, 1);
}
