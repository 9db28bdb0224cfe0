//! What a body may look like: headers, repeated fields, long texts.

use serde_json::{Value, json};

use crate::support::{TestDatabase, TestServer, batch, kinds_and_places, reading, refused, with};

async fn start() -> (TestDatabase, TestServer) {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    (database, server)
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

#[tokio::test]
async fn the_longest_texts_fit() {
    let (database, server) = start().await;
    for letter in ["x", "°", "🚗"] {
        let row = with(
            reading(1),
            &json!({"parameter_name": letter.repeat(64), "unit": letter.repeat(64), "data_source": letter.repeat(16),
                    "profile_id": letter.repeat(64)}),
        );
        let (status, answer) = server.sync(&batch(&json!({"realtime_data": [row]}))).await;
        assert_eq!(status, 200, "{answer}");
    }
    // TEXT is limited to 65,535 bytes, not characters.
    for (letter, length) in [("x", 65_535), ("°", 32_767), ("🚗", 16_383)] {
        let session = |length| json!({"id": 1, "notes": letter.repeat(length)});
        let sync = async |row| {
            server
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
            database.count("calibration_sessions", &stored).await,
            1,
            "{letter}"
        );
    }
}
