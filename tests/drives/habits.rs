//! The habits of the device that exists: no end at key-off, heartbeats without a number, ten tables, edited rows sent
//! again, sweeps that end when a connection is closed.

use chrono::{NaiveDateTime, TimeDelta};
use serde_json::{Value, json};

use super::drives;
use crate::support::{Drive, FakeOllama, Fate, Pi, Proxy, TestDatabase, TestServer, eventually};

const NEWER_TABLES: &str = "battery_health_log,drive_summary,dtc_freeze_frame,dtc_log";

/// Two drives with a night of heartbeats after each; returns how many readings each drive has.
fn record_days(pi: &mut Pi) -> [usize; 2] {
    ["2026-04-18T17:18:50", "2026-04-19T07:02:11"].map(|start| {
        let start: NaiveDateTime = start.parse().unwrap();
        let number = if pi.rows("realtime_data").is_empty() { 1 } else { 2 };
        let drive = Drive {
            has_end: false,
            ..Drive::new(number, start, 3)
        };
        let before = pi.rows("realtime_data").len();
        pi.record_drive(&drive);
        let readings = pi.rows("realtime_data").len() - before;
        pi.record_heartbeats(start + TimeDelta::minutes(5), 600);
        for table in NEWER_TABLES.split(',') {
            pi.record(table, json!({"drive_id": number, "code": "P0171", "distance_km": null}));
        }
        for table in ["alert_log", "statistics"] {
            let row = json!({
                "timestamp": "2026-04-18T17:20:00Z", "analysis_date": "2026-04-18T17:20:00Z", "alert_type": "coolant",
                "parameter_name": "COOLANT_TEMP", "value": 115.25, "threshold": 110.0, "profile_id": "daily",
            });
            pi.record(table, row);
        }
        pi.record(
            "ai_recommendations",
            json!({"timestamp": "2026-04-18T17:20:00Z", "recommendation": "Replace the thermostat."}),
        );
        pi.record(
            "calibration_sessions",
            json!({"start_time": "2026-04-18T17:18:50Z", "notes": "closed throttle"}),
        );
        readings
    })
}

#[tokio::test]
async fn drives_without_an_end_have_their_own_readings_and_no_heartbeats() {
    let database = TestDatabase::create().await;
    let ollama = FakeOllama::start();
    let variables = [
        ("OLLAMA_BASE_URL", ollama.url.as_str()),
        ("EXTRA_TABLES", NEWER_TABLES),
        ("AUTO_ANALYSIS_QUIET_SECONDS", "1"),
    ];
    let server = TestServer::start_with(&database.url(), &variables).await;
    let address = server.url.trim_start_matches("http://").parse().unwrap();
    let proxy = Proxy::start_with(address, |connection| match connection % 5 {
        3 => Fate::CutAnswer,
        _ => Fate::Pass,
    });
    let url = format!("http://{}", proxy.address);
    let mut pi = Pi::new("chi-eclipse-01");
    let readings = record_days(&mut pi);
    assert_eq!(pi.tables().len(), 10);
    pi.sync_all(&url, 60).await;
    pi.edit("drive_summary", 1, "distance_km", json!(4.2));
    pi.sync_all(&url, 5).await;
    let edited: String = database
        .row("SELECT CAST(row_json AS CHAR) FROM extra_rows WHERE table_name = 'drive_summary' AND source_id = '1'")
        .await;
    let edited: Value = serde_json::from_str(&edited).unwrap();
    assert_eq!(edited["distance_km"], 4.2);

    // The next drive closes the first one, the silence closes the second one.
    database
        .execute(
            "UPDATE drives SET last_reading_at = NOW(6) - INTERVAL 2 HOUR WHERE state = 'open'",
        )
        .await
        .unwrap();
    eventually("both drives are analysed", async || {
        database.count("drives", "state = 'analysed'").await == 2
    })
    .await;
    let analysed: Vec<u64> = database
        .rows("SELECT readings_analysed FROM drives ORDER BY drive_start")
        .await;
    let expected = readings.map(|readings| u64::try_from(readings).unwrap());
    assert_eq!(analysed, expected, "{}", drives(&database).await);
}
