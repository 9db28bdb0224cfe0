//! The device that really exists, end to end.

use eclipse_ai_server::simulation::PARAMETERS;
use serde_json::json;

use crate::support::{Delivery, Drive, Fate, Pi, Proxy, TestDatabase, TestServer, with};

/// What the device notes down beside the readings of a drive, in its other tables.
fn record_notes(pi: &mut Pi, drive: i64) {
    for (parameter, _) in PARAMETERS {
        let row = json!({
            "parameter_name": parameter, "analysis_date": "2026-04-18 07:30:00.123456", "profile_id": "daily",
            "max_value": 90.5, "min_value": -1.0, "sample_count": 72, "data_source": "real", "drive_id": drive,
        });
        pi.record("statistics", row);
    }
    let alert = json!({
        "timestamp": "2026-04-18T07:20:00Z", "alert_type": "temp_high", "parameter_name": "COOLANT_TEMP",
        "value": 111.0, "threshold": 110, "profile_id": "performance", "drive_id": null,
    });
    pi.record("alert_log", alert);
    let session = json!({"start_time": "2026-04-18 07:00:00", "profile_id": "daily"});
    pi.record("calibration_sessions", session);
    let advice =
        json!({"recommendation": "Let it warm up", "priority_rank": 2, "profile_id": "daily"});
    let first = pi.record("ai_recommendations", advice.clone());
    let again = with(advice, &json!({"is_duplicate_of": first}));
    pi.record("ai_recommendations", again);
}

#[tokio::test]
async fn every_row_of_a_days_drives_arrives_exactly_once() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let mut pi = Pi::new("chi-eclipse-01");
    pi.record_drive(&Drive::new(1, "2026-04-18T07:18:50".parse().unwrap(), 6));
    pi.record_drive(&Drive::new(2, "2026-04-18T17:02:11".parse().unwrap(), 4));
    record_notes(&mut pi, 1);
    record_notes(&mut pi, 2);
    pi.sync_all(&server.url, 20).await;
    let all = [
        "ai_recommendations",
        "alert_log",
        "calibration_sessions",
        "connection_log",
        "realtime_data",
        "statistics",
    ];
    assert_eq!(pi.tables(), all);
    for table in pi.tables() {
        let stored = database
            .count(&table, "source_device = 'chi-eclipse-01'")
            .await;
        assert_eq!(stored, pi.rows(&table).len() as u64, "{table}");
    }
}

#[tokio::test]
async fn a_bad_way_home_loses_no_row_and_doubles_none() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let address = server.url.trim_start_matches("http://").parse().unwrap();
    let way = Proxy::start_with(address, |connection| match connection % 4 {
        0 => Fate::CutAnswer,
        1 => Fate::CutRequestAfter(2_000),
        2 => Fate::HangUp,
        _ => Fate::Pass,
    });
    let url = format!("http://{}", way.address);
    let mut pi = Pi::new("chi-eclipse-01");
    pi.record_drive(&Drive::new(1, "2026-04-18T07:18:50".parse().unwrap(), 2));
    record_notes(&mut pi, 1);
    let deliveries = pi.sweep(&url).await;
    assert_eq!(deliveries["connection_log"], Delivery::Accepted);
    pi.sync_all(&url, 20).await;
    for table in pi.tables() {
        let stored = database.count(&table, "TRUE").await;
        assert_eq!(stored, pi.rows(&table).len() as u64, "{table}");
    }
}
