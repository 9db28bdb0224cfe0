//! An Ollama that is busy, restarting or without its model is away: no attempt is spent, and the drive waits.

use serde_json::{Value, json};

use super::{end_as, events, readings, send};
use crate::support::{Fixture, answer, eventually};

async fn reasons(fixture: &Fixture) -> Vec<Value> {
    let health = fixture.server.health().await;
    health["reasons"].as_array().cloned().unwrap_or_default()
}

async fn waits(status: u16, error: &str, reason: &str) {
    let fixture = Fixture::start().await;
    fixture.ollama.answers(status, &json!({ "error": error }));
    send(
        &fixture.server,
        events(1, "start@0 end@25"),
        readings(1, "10"),
    )
    .await;
    let waiting = format!("state = 'queued' AND attempts = 0 AND reason = '{reason}'");
    eventually("the drive waits", async || {
        fixture.database.count("drives", &waiting).await == 1
    })
    .await;
    assert_eq!(fixture.database.count("analysis_history", "TRUE").await, 0);
    let said = json!(format!("Queued drives wait: {reason}."));
    eventually("health says why", async || {
        reasons(&fixture).await.contains(&said)
    })
    .await;

    fixture
        .ollama
        .recommends(&json!([{"rank": 1, "category": "general", "recommendation": "Drive on.", "confidence": 0.5}]));
    let due = "UPDATE drives SET next_look_at = NOW(6)";
    fixture.database.execute(due).await.unwrap();
    end_as(&fixture.database, "0-25 analysed").await;
    eventually("health is content", async || {
        reasons(&fixture).await.is_empty()
    })
    .await;
}

#[tokio::test]
async fn a_busy_ollama_costs_no_attempt() {
    let reason = "Ollama refuses requests with status 503: server busy, please try again";
    waits(503, "server busy, please try again", reason).await;
}

#[tokio::test]
async fn an_ollama_without_the_model_costs_no_attempt() {
    let reason = "Ollama answers 404: model gemma2:2b not found";
    waits(404, "model gemma2:2b not found", reason).await;
}

#[tokio::test]
async fn a_request_is_answered_503_by_a_busy_ollama_and_502_by_one_without_the_model() {
    let fixture = Fixture::start().await;
    send(&fixture.server, Vec::new(), readings(1, "10")).await;
    let request = json!({"driveStartTime": super::at(10), "driveEndTime": super::at(11)});
    for (status, answered) in [(503, 503), (429, 503), (404, 502), (500, 502)] {
        fixture.ollama.answers(status, &json!({"error": "no"}));
        let request = fixture
            .server
            .post("/api/v1/analyze")
            .body(request.to_string());
        assert_eq!(answer(request).await.0, answered, "{status}");
    }
}
