//! US-CMP-005: analyses of readings, with a real database and a fake model over real HTTP.

mod answers;
mod faults;
mod findings;
mod hostile;
mod line;
mod past;
mod readings;
mod real_model;
mod refusals;

use chrono::{NaiveDateTime, TimeDelta};
use serde_json::{Value, json};

use crate::support::{DEVICE, Fixture, answer};

const ANALYZE: &str = "/api/v1/analyze";

impl Fixture {
    /// With the readings of [`drive`].
    async fn with_drive() -> Self {
        let fixture = Self::start().await;
        fixture.store(&json!({"realtime_data": drive()})).await;
        fixture
    }

    async fn analyze(&self, request: &Value) -> (u16, Value) {
        answer(self.server.post(ANALYZE).body(request.to_string())).await
    }

    /// The only analysis in the history.
    async fn history(&self) -> Past {
        let query = "SELECT analysis_id, CAST(status AS CHAR), processing_time_ms, error FROM analysis_history";
        let (id, status, took_ms, error) = self.database.row(query).await;
        Past {
            id,
            status,
            took_ms,
            error,
        }
    }
}

/// An analysis in the history.
#[derive(Debug)]
struct Past {
    id: String,
    status: String,
    took_ms: Option<i64>,
    error: Option<String>,
}

/// The start of the tests' drive.
fn noon() -> NaiveDateTime {
    "2026-02-01T12:00:00".parse().unwrap()
}

/// 50 readings of three parameters within ten minutes.
fn drive() -> Vec<Value> {
    (0..50).map(|number| reading(number + 1, number)).collect()
}

fn reading(id: i32, number: i32) -> Value {
    let parameters = [
        ("RPM", 2500.0, "rpm"),
        ("SPEED", 60.0, "kilometer_per_hour"),
        ("COOLANT_TEMP", 90.0, "°C"),
    ];
    let (parameter, value, unit) = parameters[usize::try_from(number).unwrap() % 3];
    let at = noon() + TimeDelta::seconds(i64::from(number) * 12);
    json!({
        "id": id, "timestamp": at.to_string(), "parameter_name": parameter,
        "value": value + f64::from(number), "unit": unit, "profile_id": 1, "data_source": "real",
    })
}

/// The window of the drive.
fn request() -> Value {
    json!({
        "profileId": 1,
        "driveStartTime": "2026-02-01T12:00:00",
        "driveEndTime": "2026-02-01T12:10:00",
        "parameters": ["RPM", "SPEED", "COOLANT_TEMP"],
        "focusAreas": ["air_fuel_ratio", "timing"],
    })
}

#[tokio::test]
async fn readings_of_a_window_are_analysed_and_recommendations_stored() {
    let fixture = Fixture::with_drive().await;
    let (status, body) = fixture.analyze(&request()).await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(
        (&body["status"], &body["model"]),
        (&json!("ok"), &json!("gemma2:2b"))
    );
    let recommendations = body["recommendations"].as_array().unwrap();
    let first = json!({
        "rank": 1, "finding": null, "category": "air_fuel_ratio", "recommendation": "Log the fuel trims.",
        "confidence": 0.85, "grounded": true, "evidence": null,
    });
    assert_eq!((recommendations.len(), &recommendations[0]), (3, &first));
    assert!(body["processingTimeMs"].as_u64() > Some(0));

    let id = body["analysisId"].as_str().unwrap();
    assert!(id.starts_with("analysis-20"), "{id}");
    let past = fixture.history().await;
    assert_eq!(
        (past.id.as_str(), past.status.as_str(), past.error),
        (id, "success", None)
    );
    assert!(past.took_ms > Some(0));
    let stored = "sync_batch_id LIKE 'analysis-%' AND source_id < 0 AND priority_rank BETWEEN 1 AND 3 \
                  AND profile_id = (SELECT id FROM profiles WHERE source_id = '1')";
    let database = &fixture.database;
    assert_eq!(database.count("ai_recommendations", stored).await, 3);
    let extra = "SELECT CAST(extra AS CHAR) FROM ai_recommendations WHERE priority_rank = 2";
    let extra: Value = serde_json::from_str(&database.row::<String>(extra).await).unwrap();
    assert_eq!(
        extra,
        json!({"rank": 2, "finding": null, "category": "timing", "confidence": 0.7, "grounded": true, "evidence": null})
    );
    let whose = format!(
        "source_device = '{DEVICE}' AND profile_source_id = '1' AND drive_start = '2026-02-01 12:00:00' \
         AND drive_end = '2026-02-01 12:10:00' AND model = 'gemma2:2b'"
    );
    assert_eq!(database.count("analysis_history", &whose).await, 1);
}

#[tokio::test]
async fn a_window_without_readings_has_no_recommendations_and_calls_no_model() {
    let fixture = Fixture::with_drive().await;
    let mut elsewhen = request();
    elsewhen["driveStartTime"] = json!("2026-01-31T12:00:00");
    elsewhen["driveEndTime"] = json!("2026-01-31T12:10:00");
    let mut elsewhere = request();
    elsewhere["deviceId"] = json!("another-device");
    let mut nothing = request();
    nothing["parameters"] = json!(["rpm"]);
    for request in [elsewhen, elsewhere, nothing] {
        let (status, body) = fixture.analyze(&request).await;
        assert_eq!((status, &body["status"]), (200, &json!("ok")), "{body}");
        assert_eq!(body["recommendations"], json!([]));
        let message = "No drive data found for the specified time window";
        assert_eq!(body["message"], message);
    }
    assert!(fixture.ollama.questions().is_empty());
    for table in ["ai_recommendations", "analysis_history"] {
        assert_eq!(fixture.database.count(table, "TRUE").await, 0, "{table}");
    }
}

#[tokio::test]
async fn without_ollama_the_answer_is_503_and_no_history_is_written() {
    let nobody = "http://127.0.0.1:9";
    let fixture = Fixture::start_with(&[("OLLAMA_BASE_URL", nobody)]).await;
    fixture.store(&json!({"realtime_data": drive()})).await;
    let post = fixture.server.post(ANALYZE).body(request().to_string());
    let response = post.send().await.unwrap();
    assert_eq!(response.status(), 503);
    assert!(response.headers().contains_key("Retry-After"));
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["detail"], "Ollama unavailable");
    assert_eq!(
        (&body["ollamaUrl"], &body["model"]),
        (&json!(nobody), &json!("gemma2:2b"))
    );
    assert_eq!(fixture.database.count("analysis_history", "TRUE").await, 0);
}

#[tokio::test]
async fn an_ollama_error_is_a_502_with_its_text_and_a_failure_in_the_history() {
    let fixture = Fixture::with_drive().await;
    for (status, error) in [(500, "model runner has stopped"), (404, "model not found")] {
        fixture.ollama.answers(status, &json!({ "error": error }));
        let (status, body) = fixture.analyze(&request()).await;
        assert_eq!(
            (status, &body["detail"]),
            (502, &json!("Ollama error")),
            "{body}"
        );
        assert_eq!(body["ollamaError"], error);
        let failed =
            format!("status = 'failed' AND error LIKE '%{error}%' AND processing_time_ms > 0");
        assert_eq!(fixture.database.count("analysis_history", &failed).await, 1);
    }
    assert_eq!(
        fixture.database.count("ai_recommendations", "TRUE").await,
        0
    );
}

#[tokio::test]
async fn a_model_that_exceeds_the_time_limit_is_a_504_and_is_disconnected() {
    let fixture = Fixture::start_with(&[("ANALYSIS_TIMEOUT_SECONDS", "1")]).await;
    fixture.store(&json!({"realtime_data": drive()})).await;
    fixture.ollama.hold();
    let (status, body) = fixture.analyze(&request()).await;
    assert_eq!(
        (status, &body["detail"]),
        (504, &json!("The analysis took longer than 1 s"))
    );
    assert!(body["findings"].is_array(), "{body}");
    fixture.ollama.is_left(1).await;
    let past = fixture.history().await;
    assert_eq!(past.status, "failed");
    assert_eq!(
        past.error.as_deref(),
        Some("the model took longer than 1 s")
    );
}
