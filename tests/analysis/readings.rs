//! The selection of readings.

use serde_json::{Value, json};

use super::{drive, reading, request};
use crate::support::{API_KEY, DEVICE, Fixture, answer, batch, with};

/// The statistics of one parameter in the prompt: `RPM: count 17, min …`.
fn figures(question: &Value, parameter: &str) -> Option<String> {
    let user = question["messages"][1]["content"].as_str().unwrap();
    let row = user
        .lines()
        .find(|line| line.starts_with(&format!("{parameter}: count ")));
    row.map(str::to_owned)
}

/// The prompt of this request.
async fn question(fixture: &Fixture, request: &Value) -> Value {
    let (status, body) = fixture.analyze(request).await;
    assert_eq!(status, 200, "{body}");
    fixture
        .ollama
        .questions()
        .pop()
        .expect("the model is asked")
}

#[tokio::test]
async fn the_window_includes_both_ends_and_nothing_beyond() {
    let fixture = Fixture::with_drive().await;
    let mut narrow = request();
    // Number 3 at its start, number 30 at its end.
    narrow["driveStartTime"] = json!("2026-02-01T12:00:36");
    narrow["driveEndTime"] = json!("2026-02-01T13:06:00+01:00");
    let question = question(&fixture, &narrow).await;
    let rpm = figures(&question, "RPM").unwrap();
    assert!(rpm.starts_with("RPM: count 10, min 2503, "), "{rpm}");
    assert!(rpm.ends_with(", max 2530 rpm"), "{rpm}");
}

#[tokio::test]
async fn all_parameters_are_analysed_unless_some_are_named() {
    let fixture = Fixture::with_drive().await;
    let mut narrow = request();
    narrow["parameters"] = json!(["SPEED", "BOOST"]);
    let narrow = question(&fixture, &narrow).await;
    assert!(figures(&narrow, "SPEED").is_some());
    assert_eq!(figures(&narrow, "RPM"), None);
    let mut wide = request();
    wide.as_object_mut().unwrap().remove("parameters");
    let wide = question(&fixture, &wide).await;
    assert!(
        ["SPEED", "RPM", "COOLANT_TEMP"]
            .iter()
            .all(|name| figures(&wide, name).is_some())
    );
}

#[tokio::test]
async fn simulated_readings_are_excluded_unless_all_are_simulated() {
    let fixture = Fixture::start().await;
    let simulated: Vec<Value> = (0..30)
        .map(|number| {
            with(
                reading(1000 + number, number),
                &json!({"data_source": "simulated", "value": 9999.0}),
            )
        })
        .collect();
    fixture.store(&json!({"realtime_data": simulated})).await;
    let all_simulated = question(&fixture, &request()).await;
    let rpm = figures(&all_simulated, "RPM").unwrap();
    assert!(rpm.starts_with("RPM: count 10, min 9999, "), "{rpm}");

    let told_nothing = drive()
        .into_iter()
        .map(|row| with(row, &json!({"data_source": null})));
    fixture
        .store(&json!({"realtime_data": told_nothing.collect::<Vec<_>>()}))
        .await;
    let mixed = question(&fixture, &request()).await;
    let rpm = figures(&mixed, "RPM").unwrap();
    assert!(rpm.starts_with("RPM: count 17, min 2500, "), "{rpm}");
    assert!(!rpm.contains("9999"), "{rpm}");
}

#[tokio::test]
async fn several_devices_in_the_window_are_a_422_unless_one_is_named() {
    let fixture = Fixture::with_drive().await;
    let others = with(
        batch(
            &json!({"realtime_data": [with(reading(1, 3), &json!({"value": 3333.0, "profile_id": null}))]}),
        ),
        &json!({"deviceId": "another-device"}),
    );
    assert_eq!(fixture.server.sync(&others).await.0, 200);
    let (status, body) = fixture.analyze(&request()).await;
    let reported = json!([{
        "type": "value_error", "loc": ["body", "deviceId"], "input": null,
        "msg": "Value error, several devices have readings in this window: another-device, test-device",
    }]);
    assert_eq!((status, &body["detail"]), (422, &reported));

    let mut named = request();
    named["deviceId"] = json!("another-device");
    let question = question(&fixture, &named).await;
    let rpm = figures(&question, "RPM").unwrap();
    assert!(rpm.starts_with("RPM: count 1, min 3333, "), "{rpm}");
    assert_eq!(
        fixture
            .database
            .count("ai_recommendations", "source_device = 'another-device'")
            .await,
        3
    );
    // It has no profile of that id.
    assert_eq!(
        fixture
            .database
            .count("ai_recommendations", "profile_id IS NOT NULL")
            .await,
        0
    );
}

#[tokio::test]
async fn two_hundred_parameters_of_a_long_drive_stay_within_the_context() {
    let fixture = Fixture::start().await;
    for part in 0..4_i32 {
        let rows: Vec<Value> = (0..2000)
            .map(|number| {
                let name = format!("A_PARAMETER_WITH_A_LONG_NAME_{}", number % 200);
                with(
                    reading(part * 2000 + number, number % 50),
                    &json!({"parameter_name": name}),
                )
            })
            .collect();
        fixture.store(&json!({"realtime_data": rows})).await;
    }
    let mut wide = request();
    wide.as_object_mut().unwrap().remove("parameters");
    let question = question(&fixture, &wide).await;
    let user = question["messages"][1]["content"].as_str().unwrap();
    assert!(user.contains("logged, but not understood (50): "), "{user}");
    // Numbers take at least one token for three characters.
    assert!(user.len() < 3 * 8192, "{} bytes", user.len());
}

#[tokio::test]
async fn a_drive_is_analysed_by_its_number() {
    let fixture = Fixture::start_with(&[("AUTO_ANALYSIS_QUIET_SECONDS", "86400")]).await;
    fixture.ollama.hold();
    let event = |id: i64, kind: &str, day: u32, minute: u32| json!({"id": id, "event_type": kind, "timestamp": format!("2026-02-{day:02}T14:{minute:02}:00"), "drive_id": 7});
    let reading = |id: i64, day: u32, value: f64| {
        json!({"id": id, "timestamp": format!("2026-02-{day:02}T14:10:00"), "parameter_name": "RPM", "value": value,
               "unit": "rpm", "drive_id": 7})
    };
    fixture
        .store(&json!({
            "connection_log": [event(1, "drive_start", 1, 0), event(2, "drive_end", 1, 25)],
            "realtime_data": [reading(1, 1, 1234.0), reading(2, 1, 1235.0)],
        }))
        .await;
    fixture.ollama.release();
    let ask = |request: Value| {
        let request = fixture
            .server
            .post("/api/v1/analyze")
            .body(request.to_string());
        answer(request)
    };
    let (status, body) = ask(json!({"deviceId": DEVICE, "driveId": 7})).await;
    assert_eq!(
        (status, body["analysisId"].is_string()),
        (200, true),
        "{body}"
    );
    let asked = fixture.ollama.questions().pop().unwrap().to_string();
    assert!(asked.contains("1235"), "{asked}");
    let (_, past) = ask_for(&fixture, body["analysisId"].as_str().unwrap()).await;
    assert_eq!(past["driveStartTime"], "2026-02-01T14:00:00");
    assert_eq!(past["driveEndTime"], "2026-02-01T14:25:00");

    let (status, unknown) = ask(json!({"deviceId": DEVICE, "driveId": 8})).await;
    assert_eq!(
        (status, &unknown["recommendations"]),
        (200, &json!([])),
        "{unknown}"
    );
    let (status, nowhere) = ask(json!({"driveId": 7})).await;
    assert_eq!(
        (status, &nowhere["detail"][0]["loc"]),
        (422, &json!(["body", "deviceId"]))
    );
}

async fn ask_for(fixture: &Fixture, analysis_id: &str) -> (u16, Value) {
    let url = format!("{}/api/v1/analyses/{analysis_id}", fixture.server.url);
    let request = fixture.server.http.get(url).header("X-API-Key", API_KEY);
    answer(request).await
}
