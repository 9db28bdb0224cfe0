//! Drives with a real Ollama, if there is one: `TEST_OLLAMA_URL` names it, `TEST_OLLAMA_MODEL` a model that it has, if that
//! is not the default one, and `TEST_OLLAMA_DRIVES` how many drives. The answers are printed, to be read.

use std::env;

use chrono::{NaiveDateTime, TimeDelta};
use serde_json::{Value, json};
use simulation::{Engine, Fault, Route, Simulation, Strength};

use super::ANALYZE;
use super::findings::readings;
use crate::support::{DEVICE, TestDatabase, TestServer, answer, batch};

/// Healthy drives and drives with a fault, one after the other, no two alike.
fn simulation(number: usize) -> Simulation {
    let (car, seed) = (Engine::ECLIPSE_TURBO, u64::try_from(number).unwrap());
    if number.is_multiple_of(8) {
        return Simulation::healthy(car, Route::ALL[number / 8 % Route::ALL.len()], seed);
    }
    let fault = Fault::ALL[number % Fault::ALL.len()];
    Simulation::faulty(car, fault, Strength::ALL[number % 3], seed)
}

#[tokio::test]
async fn a_real_model_gives_true_recommendations_about_drives() {
    let Ok(url) = env::var("TEST_OLLAMA_URL") else {
        return;
    };
    let model = env::var("TEST_OLLAMA_MODEL").unwrap_or_else(|_| "gemma2:2b".to_owned());
    let drives: u32 = env::var("TEST_OLLAMA_DRIVES").map_or(1, |drives| drives.parse().unwrap());
    let database = TestDatabase::create().await;
    let variables = [
        ("OLLAMA_BASE_URL", url.as_str()),
        ("OLLAMA_MODEL", &model),
        ("ANALYSIS_TIMEOUT_SECONDS", "600"),
    ];
    let server = TestServer::start_with(&database.url(), &variables).await;
    let (mut first_id, mut texts, mut own) = (1, 0, 0);
    for (day, number) in (0..drives).zip(1..) {
        let start: NaiveDateTime = "2026-02-01T14:00:00".parse().unwrap();
        let start = start + TimeDelta::days(day.into());
        let rows = readings(&simulation(number), start, first_id);
        first_id += i64::try_from(rows.len()).unwrap();
        for part in rows.chunks(5_000) {
            let (status, receipt) = server.sync(&batch(&json!({"realtime_data": part}))).await;
            assert_eq!(status, 200, "{receipt}");
        }
        let request = json!({
            "deviceId": DEVICE, "driveStartTime": start.to_string(),
            "driveEndTime": (start + TimeDelta::hours(3)).to_string(), "focusAreas": ["air_fuel_ratio", "cooling"],
        });
        let (status, body) = answer(server.post(ANALYZE).body(request.to_string())).await;

        let findings: Vec<&Value> = body["findings"].as_array().unwrap().iter().collect();
        let rules: Vec<&Value> = findings.iter().map(|finding| &finding["rule"]).collect();
        println!(
            "drive {number}: {status}, findings {rules:?} {}",
            body["ollamaError"]
        );
        assert!([200, 502].contains(&status), "{body}");
        let none = Vec::new();
        for found in body["recommendations"].as_array().unwrap_or(&none) {
            println!(
                "  {} {} {}",
                found["finding"], found["grounded"], found["recommendation"]
            );
            let confidence = found["confidence"].as_f64().unwrap();
            assert!((0.0..=1.0).contains(&confidence), "{found}");
            assert!(
                found["finding"].is_null() || found["grounded"] == true,
                "{found}"
            );
            let text = found["recommendation"].as_str().unwrap();
            let begins = text.starts_with(|c: char| !c.is_lowercase());
            assert!(
                begins && text.ends_with(['.', '!', ')', '*', '"']),
                "{text}"
            );
            texts += 1;
            let is_own = |finding: &&Value| text.starts_with(finding["title"].as_str().unwrap());
            own += u32::from(findings.iter().any(is_own) || text.starts_with("No fault was found"));
        }
    }
    println!("{texts} recommendations of {drives} drives, {own} in the server's words");
}
