//! A whole drive with a real Ollama, if there is one: `TEST_OLLAMA_URL` names it, and `TEST_OLLAMA_MODEL` a model
//! that it has, if that is not the default one.

use std::env;

use serde_json::{Value, json};

use super::ANALYZE;
use crate::support::{Drive, Pi, TestDatabase, TestServer, answer};

#[tokio::test]
async fn a_real_model_gives_recommendations_about_a_drive() {
    let Ok(url) = env::var("TEST_OLLAMA_URL") else {
        return;
    };
    let model = env::var("TEST_OLLAMA_MODEL").unwrap_or_else(|_| "gemma2:2b".to_owned());
    let database = TestDatabase::create().await;
    let variables = [
        ("OLLAMA_BASE_URL", url.as_str()),
        ("OLLAMA_MODEL", &model),
        ("ANALYSIS_TIMEOUT_SECONDS", "600"),
    ];
    let server = TestServer::start_with(&database.url(), &variables).await;
    let drive = Drive::new(1, "2026-02-01T14:00:00".parse().unwrap(), 10);
    let mut pi = Pi::new("chi-eclipse-01");
    pi.record_drive(&drive);
    pi.sync_all(&server.url, 20).await;

    let request = json!({
        "profileId": "daily", "driveStartTime": drive.start.to_string(), "driveEndTime": drive.end().to_string(),
        "focusAreas": ["air_fuel_ratio", "cooling"],
    });
    let (status, body) = answer(server.post(ANALYZE).body(request.to_string())).await;

    assert_eq!(status, 200, "{body}");
    let recommendations = body["recommendations"].as_array().unwrap();
    assert!(!recommendations.is_empty(), "{body}");
    for found in recommendations {
        let confidence = found["confidence"].as_f64().unwrap();
        assert!((0.0..=1.0).contains(&confidence), "{found}");
        assert_ne!(found["recommendation"], Value::from(""));
    }
}
