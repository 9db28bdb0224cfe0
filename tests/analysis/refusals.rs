//! Rejected requests, and the scope of a device's own key.

use reqwest::header::CONTENT_ENCODING;
use serde_json::{Value, json};

use super::{ANALYZE, drive, request};
use crate::support::{Fixture, answer, batch, kinds_and_places, with};

const KEY: &str = "the-key-of-one-device";

async fn problems(fixture: &Fixture, request: &Value) -> Vec<Value> {
    let (status, body) = fixture.analyze(request).await;
    assert_eq!(status, 422, "{body}");
    body["detail"].as_array().unwrap().clone()
}

#[tokio::test]
async fn all_problems_are_listed_at_once() {
    let fixture = Fixture::with_drive().await;
    let request = json!({
        "profileId": [1], "driveStartTime": "noon", "parameters": [], "focusAreas": [1, "timing"],
    });
    let problems = problems(&fixture, &request).await;
    let reported = [
        ("string_type", "profileId".to_owned()),
        ("datetime_parsing", "driveStartTime".to_owned()),
        ("missing", "driveEndTime".to_owned()),
        ("too_short", "parameters".to_owned()),
        ("string_type", "focusAreas.0".to_owned()),
    ];
    assert_eq!(kinds_and_places(&problems), reported);
    assert_eq!(problems[1]["input"], "noon");
    assert!(fixture.ollama.questions().is_empty());
}

#[tokio::test]
async fn a_window_that_ends_before_its_start_is_refused() {
    let fixture = Fixture::with_drive().await;
    let mut backwards = request();
    backwards["driveEndTime"] = json!("2026-02-01T11:59:59.999999");
    let problems = problems(&fixture, &backwards).await;
    assert_eq!(
        kinds_and_places(&problems),
        [("value_error", "driveStartTime".to_owned())]
    );
}

#[tokio::test]
async fn invalid_json_large_and_compressed_bodies_are_refused() {
    let fixture = Fixture::start().await;
    let post = |body: String| fixture.server.post(ANALYZE).body(body);
    let (status, body) = answer(post("{\"profileId\": ".to_owned())).await;
    assert_eq!(
        (status, &body["detail"][0]["type"]),
        (422, &json!("json_invalid"))
    );
    let (status, body) = answer(post(" ".repeat(1024 * 1024 + 1))).await;
    assert_eq!(
        (status, &body["detail"]),
        (413, &json!("Payload too large. Max: 1MB"))
    );
    let compressed = post("{}".to_owned()).header(CONTENT_ENCODING, "gzip");
    assert_eq!(answer(compressed).await.0, 415);
}

#[tokio::test]
async fn a_devices_own_key_is_valid_for_that_device_only() {
    let fixture = Fixture::with_drive().await;
    let others = with(
        batch(&json!({"realtime_data": drive()})),
        &json!({"deviceId": "another-device"}),
    );
    assert_eq!(fixture.server.sync(&others).await.0, 200);
    let statement = format!(
        "UPDATE devices SET api_key_hash = SHA2('{KEY}', 256) WHERE device_id = 'test-device'"
    );
    fixture.database.execute(&statement).await.unwrap();
    let others = with(request(), &json!({"deviceId": "another-device"}));
    let (_, of_other) = fixture.analyze(&others).await;

    let http = &fixture.server.http;
    let url = |path: &str| format!("{}{path}", fixture.server.url);
    let analyze = |body: &Value| {
        http.post(url(ANALYZE))
            .header("X-API-Key", KEY)
            .body(body.to_string())
    };
    let get = |path: &str| http.get(url(path)).header("X-API-Key", KEY);
    // It need not name itself, although several devices have readings.
    let (status, own) = answer(analyze(&request())).await;
    assert_eq!(status, 200, "{own}");
    assert_eq!(answer(analyze(&others)).await.0, 403);

    let (_, listed) = answer(get("/api/v1/analyses")).await;
    let listed: Vec<_> = listed["analyses"].as_array().unwrap().iter().collect();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0]["analysisId"], own["analysisId"]);
    assert_eq!(
        answer(get("/api/v1/analyses?deviceId=another-device"))
            .await
            .0,
        403
    );
    let find = |answer: &Value| {
        get(&format!(
            "/api/v1/analyses/{}",
            answer["analysisId"].as_str().unwrap()
        ))
    };
    assert_eq!(answer(find(&own)).await.0, 200);
    assert_eq!(
        answer(find(&of_other)).await,
        (404, json!({"detail": "No such analysis"}))
    );
}
