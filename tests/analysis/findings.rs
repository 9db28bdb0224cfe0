//! Findings and their evidence: the same with and without the model.

use chrono::{NaiveDateTime, TimeDelta};
use serde_json::{Value, json};
use simulation::{Engine, Fault, Logger, Simulation, Strength};

use super::ANALYZE;
use crate::support::{DEVICE, Fixture, answer, eventually};

fn start() -> NaiveDateTime {
    "2026-02-01T12:00:00".parse().unwrap()
}

/// The readings of a drive as the owner's device logs them, with ids from `first_id` on.
pub(super) fn readings(simulation: &Simulation, start: NaiveDateTime, first_id: i64) -> Vec<Value> {
    let rows = simulation.readings(Logger::Pi).into_iter().zip(first_id..);
    rows.map(|(reading, id)| {
        #[allow(clippy::cast_possible_truncation)] // Seconds of a drive.
        let at = start + TimeDelta::milliseconds((reading.seconds * 1_000.0) as i64);
        json!({
            "id": id, "timestamp": at.to_string(), "parameter_name": reading.parameter, "value": reading.value,
            "unit": reading.unit, "drive_id": 7, "data_source": "real",
        })
    })
    .collect()
}

impl Fixture {
    /// With a drive that shows a vacuum leak, and whose end is not logged.
    pub(super) async fn with_leak(variables: &[(&str, &str)]) -> Self {
        let fixture = Self::start_with(variables).await;
        let (car, fault) = (Engine::ECLIPSE_TURBO, Fault::VacuumLeak);
        let leaking = Simulation::faulty(car, fault, Strength::Strong, 1);
        for part in readings(&leaking, start(), 1).chunks(5_000) {
            fixture.store(&json!({"realtime_data": part})).await;
        }
        let car = json!({"vin": "V", "make": "Mitsubishi", "model": "Eclipse", "engine": "2.0L Turbo (4G63)"});
        fixture.store(&json!({"vehicle_info": [car]})).await;
        fixture
    }
}

/// The window of the drive.
pub(super) fn window() -> Value {
    json!({"deviceId": DEVICE, "driveStartTime": start().to_string(), "driveEndTime": "2026-02-01T14:00:00"})
}

fn rules(body: &Value) -> Vec<&str> {
    let findings = body["findings"].as_array().unwrap().iter();
    findings
        .map(|finding| finding["rule"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_recommendation_that_names_a_finding_carries_the_servers_evidence() {
    let fixture = Fixture::with_leak(&[]).await;
    fixture.ollama.recommends(&json!([
        {"rank": 1, "finding": "none", "category": "general", "recommendation": "Log the boost pressure too.", "confidence": 0.9},
        {"rank": 2, "finding": "vacuum_leak", "category": "fuel", "recommendation": "Check the intake hoses for a leak.", "confidence": 0.8},
        {"rank": 3, "finding": "flux_capacitor", "category": "fuel", "recommendation": "Check the fuel filter.", "confidence": 0.8},
    ]));
    let (status, body) = fixture.analyze(&window()).await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(rules(&body), ["vacuum_leak"]);
    let recommendations = body["recommendations"].as_array().unwrap();
    let order: Vec<_> = recommendations
        .iter()
        .map(|found| (found["rank"].clone(), found["finding"].clone()))
        .collect();
    assert_eq!(
        order,
        [
            (json!(1), json!("vacuum_leak")),
            (json!(2), Value::Null),
            (json!(3), Value::Null)
        ]
    );
    let evidence = &recommendations[0]["evidence"];
    assert_eq!(evidence["figures"], body["findings"][0]["evidence"]);
    assert_eq!(evidence["tier"], "warning");
    let sentence = evidence["sentence"].as_str().unwrap();
    let value = evidence["figures"][0]["value"].as_f64().unwrap();
    assert!(sentence.contains(&format!("{value:.1} %")), "{sentence}");
    assert_eq!(recommendations[1]["evidence"], Value::Null);

    // The same again from the history.
    let path = format!("/api/v1/analyses/{}", body["analysisId"].as_str().unwrap());
    let (_, past) = answer(fixture.server.get(&path)).await;
    for field in ["recommendations", "findings"] {
        assert_eq!(past[field], body[field]);
    }
    let question = fixture.ollama.questions().remove(0);
    let finding =
        &question["format"]["properties"]["recommendations"]["items"]["properties"]["finding"];
    assert_eq!(finding["enum"], json!(["vacuum_leak", "none"]));
    let user = question["messages"][1]["content"].as_str().unwrap();
    assert!(user.contains("\nvacuum_leak (warning): "), "{user}");
}

#[tokio::test]
async fn without_the_model_the_findings_are_the_same() {
    let fixture = Fixture::with_leak(&[("ANALYSIS_TIMEOUT_SECONDS", "1")]).await;
    let (_, with_model) = fixture.analyze(&window()).await;
    let findings = &with_model["findings"];
    assert_eq!(rules(&with_model), ["vacuum_leak"]);

    fixture.ollama.answers(500, &json!({"error": "too hot"}));
    let (status, failed) = fixture.analyze(&window()).await;
    assert_eq!((status, &failed["findings"]), (502, findings), "{failed}");
    fixture.ollama.answers(503, &json!({"error": "busy"}));
    let (status, away) = fixture.analyze(&window()).await;
    assert_eq!((status, &away["findings"]), (503, findings), "{away}");
    fixture.ollama.hold();
    let (status, late) = fixture.analyze(&window()).await;
    assert_eq!((status, &late["findings"]), (504, findings), "{late}");
    fixture.ollama.release();

    let failures = answer(fixture.server.get("/api/v1/analyses?status=failed"))
        .await
        .1;
    let id = failures["analyses"][0]["analysisId"].as_str().unwrap();
    let (_, past) = answer(fixture.server.get(&format!("/api/v1/analyses/{id}"))).await;
    assert_eq!(
        (&past["findings"], &past["recommendations"]),
        (findings, &json!([]))
    );
}

#[tokio::test]
async fn a_window_is_diagnosed_as_the_drive_is() {
    let fixture = Fixture::with_leak(&[("AUTO_ANALYSIS_QUIET_SECONDS", "0")]).await;
    let events: Vec<Value> = [
        ("drive_start", start().to_string()),
        ("drive_end", "2026-02-01T13:59:00".to_owned()),
    ]
    .into_iter()
    .zip(1..)
    .map(|((kind, at), id)| json!({"id": id, "event_type": kind, "timestamp": at, "drive_id": 7}))
    .collect();
    fixture.store(&json!({"connection_log": events})).await;
    eventually("the drive is diagnosed and analysed", async || {
        let both = "state = 'analysed' AND id IN (SELECT drive FROM drive_diagnoses)";
        fixture.database.count("drives", both).await == 1
    })
    .await;
    let drive: i64 = fixture.database.row("SELECT id FROM drives").await;
    let (_, of_drive) = answer(fixture.server.get(&format!("/api/v1/drives/{drive}"))).await;
    let findings = &of_drive["diagnosis"]["findings"];
    for request in [window(), json!({"deviceId": DEVICE, "driveId": 7})] {
        let post = fixture.server.post(ANALYZE).body(request.to_string());
        let (status, analysis) = answer(post).await;
        assert_eq!(
            (status, &analysis["findings"]),
            (200, findings),
            "{analysis}"
        );
    }
    // The automatic analysis, and the one that was asked for by its number: both began with the drive.
    let (_, of_drive) = answer(fixture.server.get(&format!("/api/v1/drives/{drive}"))).await;
    let analyses = of_drive["analyses"].as_array().unwrap();
    assert_eq!(analyses.len(), 3, "{of_drive}");
    for analysis in analyses {
        assert_eq!(analysis["status"], "success");
        assert_eq!(&analysis["findings"], findings);
        assert_eq!(analysis["recommendations"].as_array().unwrap().len(), 3);
    }
}

#[tokio::test]
async fn alerts_and_trouble_codes_of_the_drive_are_put_before_the_model() {
    let fixture = Fixture::with_leak(&[("EXTRA_TABLES", "dtc_log")]).await;
    let alert = |id: i64, minute: u32, value: f64| {
        json!({"id": id, "timestamp": format!("2026-02-01T12:{minute:02}:00"), "alert_type": "high", "parameter_name": "COOLANT_TEMP",
               "value": value, "threshold": 105.0})
    };
    let mut elsewhen = alert(3, 0, 140.0);
    elsewhen["timestamp"] = json!("2026-01-01T12:00:00");
    let code = |id: i64, code: &str, day: u32| {
        json!({"id": id, "dtc_code": code, "description": "System too lean", "status": "stored",
               "last_seen_timestamp": format!("2026-02-{day:02}T12:05:00Z")})
    };
    fixture
        .store(&json!({
            "alert_log": [alert(1, 1, 106.0), alert(2, 2, 111.5), elsewhen],
            "dtc_log": [code(1, "P0171", 1), code(2, "P0420", 2)],
        }))
        .await;
    assert_eq!(fixture.analyze(&window()).await.0, 200);
    let question = fixture.ollama.questions().remove(0);
    let user = question["messages"][1]["content"].as_str().unwrap();
    for line in [
        "alert high on COOLANT_TEMP: 2 times, values 106 to 111.5, limit 105",
        "trouble code P0171 System too lean, stored",
    ] {
        assert!(user.lines().any(|found| found == line), "{line}\n{user}");
    }
    assert!(!user.contains("P0420"), "{user}");
}

#[tokio::test]
async fn an_answer_with_a_number_from_nowhere_is_asked_for_again_and_then_replaced() {
    let fixture = Fixture::with_leak(&[]).await;
    fixture.ollama.recommends(&json!([
        {"rank": 1, "finding": "vacuum_leak", "category": "fuel", "recommendation": "Check the intake hoses: the fuel trims reached 77.3 %.", "confidence": 0.4},
        {"rank": 2, "finding": "none", "category": "general", "recommendation": "The engine reached 9400 rpm, which is too much for it.", "confidence": 0.4},
    ]));
    let (status, body) = fixture.analyze(&window()).await;
    assert_eq!(status, 200, "{body}");
    let [first, second] = [0, 1].map(|place| &body["recommendations"][place]);
    let text = first["recommendation"].as_str().unwrap();
    let finding = &body["findings"][0];
    for part in ["title", "explanation"] {
        assert!(text.contains(finding[part].as_str().unwrap()), "{text}");
    }
    assert_eq!(
        (&first["grounded"], &second["grounded"]),
        (&json!(true), &json!(false))
    );
    let questions = fixture.ollama.questions();
    assert_eq!(questions.len(), 2);
    let again = questions[1]["messages"][1]["content"].as_str().unwrap();
    for number in ["77.3", "9400"] {
        assert!(again.contains(number), "{again}");
    }
    assert!(
        again.ends_with("Write the whole answer again, without numbers."),
        "{again}"
    );
}

#[tokio::test]
async fn gibberish_is_replaced_by_the_findings_own_words() {
    let fixture = Fixture::with_leak(&[]).await;
    let gibberish = "____ ____ 1998 2003 ____ {{finding}} ____";
    fixture.ollama.recommends(&json!([
        {"rank": 1, "finding": "none", "category": "fuel", "recommendation": gibberish, "confidence": 0.4},
        {"rank": 2, "finding": "none", "category": "fuel", "recommendation": format!("{gibberish} again"), "confidence": 0.4},
    ]));
    let (status, body) = fixture.analyze(&window()).await;
    assert_eq!(status, 200, "{body}");
    let recommendations = body["recommendations"].as_array().unwrap();
    let findings: Vec<_> = recommendations
        .iter()
        .map(|found| &found["finding"])
        .collect();
    assert_eq!(findings, ["vacuum_leak"]);
    assert_eq!(recommendations[0]["grounded"], true);
    assert!(
        !body["recommendations"].to_string().contains("____"),
        "{body}"
    );
}
