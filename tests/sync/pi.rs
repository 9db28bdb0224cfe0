//! The real device's behaviour, end to end.

use serde_json::{Value, json};

use crate::support::{Delivery, Drive, Fate, Pi, Proxy, TestDatabase, TestServer, assert_mirrored};

/// Tables that only newer devices have.
const NEWER_TABLES: &str = "battery_health_log,drive_summary,dtc_freeze_frame,dtc_log";

/// A device after a day with two drives.
fn pi_after_a_day() -> Pi {
    let mut pi = Pi::new("chi-eclipse-01");
    pi.record_drive(&Drive::new(1, "2026-04-18T07:18:50".parse().unwrap(), 6));
    pi.record_drive(&Drive {
        // The power failed first, and the clock had jumped before.
        has_end: false,
        ..Drive::new(2, "2026-04-18T02:02:11".parse().unwrap(), 4)
    });
    pi.record("alert_log", json!({
        "timestamp": "2026-04-18T07:20:00Z", "alert_type": "coolant_temp_critical", "parameter_name": "COOLANT_TEMP",
        "value": 115.25, "threshold": 110.0, "profile_id": "daily", "drive_id": 1,
    }));
    for (rank, of) in [(1, Value::Null), (2, Value::Null), (5, json!(1))] {
        pi.record("ai_recommendations", json!({
            "timestamp": "2026-04-18 07:31:00", "recommendation": "Let it idle at 85 °C", "priority_rank": rank,
            "is_duplicate_of": of, "profile_id": "performance", "created_at": "2026-04-18 07:31:00",
        }));
    }
    pi.record("calibration_sessions", json!({
        "start_time": "2026-04-17 12:17:09", "end_time": null, "notes": "Größe geprüft", "profile_id": "daily",
        "created_at": "2026-04-17 12:17:09", "data_source": "real",
    }));
    for number in 0..26 {
        pi.record("statistics", json!({
            "parameter_name": format!("PARAMETER_{number}"), "analysis_date": "2026-04-18 07:30:00.000001",
            "profile_id": "daily", "max_value": 97.5, "min_value": -1.25, "avg_value": 31.0, "mode_value": null,
            "std_1": 3.5, "std_2": 7.0, "outlier_min": null, "outlier_max": 99.0, "sample_count": 121,
            "created_at": "2026-04-18 07:30:01", "data_source": "real", "drive_id": 1, "confidence": "high",
        }));
    }
    pi
}

#[tokio::test]
async fn every_row_of_a_day_is_stored_exactly_once_and_unchanged() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let mut pi = pi_after_a_day();
    assert_eq!(pi.tables().len(), 6);
    pi.sync_all(&server.url, 20).await;
    assert_mirrored(&database, &pi).await;
    // Never sent, only referenced.
    let profiles: Vec<String> = database
        .rows("SELECT source_id FROM profiles ORDER BY source_id")
        .await;
    assert_eq!(profiles, ["daily", "performance"]);
    let counter: String = database
        .row("SELECT CAST(extra AS CHAR) FROM devices WHERE device_id = 'chi-eclipse-01'")
        .await;
    let counter: Value = serde_json::from_str(&counter).unwrap();
    assert_eq!(counter, json!({"driveCounter": {"lastDriveId": 2}}));
}

#[tokio::test]
async fn a_faulty_network_loses_and_duplicates_no_row() {
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
    let mut pi = pi_after_a_day();
    // An answer that is lost ends the sweep.
    let deliveries = pi.sweep(&url).await;
    assert!(
        deliveries
            .values()
            .any(|delivery| *delivery == Delivery::Aborted)
    );
    pi.sync_all(&url, 80).await;
    assert_mirrored(&database, &pi).await;
}

#[tokio::test]
async fn a_database_going_down_and_up_loses_and_duplicates_no_row() {
    let database = TestDatabase::create().await;
    let way = Proxy::to_database_server().await;
    let server = TestServer::start_with(&way.url_of(&database), &[]).await;
    let mut pi = pi_after_a_day();
    for sweep in 0.. {
        match sweep % 3 {
            0 => way.cut_answer_to("COMMIT"),
            1 => way.refuse(),
            _ => way.restore(),
        }
        let deliveries = pi.sweep(&server.url).await;
        let failed = deliveries
            .values()
            .any(|delivery| *delivery == Delivery::GaveUp);
        assert_eq!(failed, sweep % 3 == 1, "{deliveries:?}");
        way.restore();
        if pi.unsent() == 0 {
            break;
        }
        assert!(sweep < 30, "{} rows are left", pi.unsent());
    }
    assert_mirrored(&database, &pi).await;
}

#[tokio::test]
async fn unknown_tables_of_newer_devices_block_no_other_table() {
    let database = TestDatabase::create().await;
    let mut server = TestServer::start(&database).await;
    let mut pi = pi_after_a_day();
    for table in NEWER_TABLES.split(',') {
        pi.record(
            table,
            json!({"drive_id": 1, "code": "P0171", "freeze": {"RPM": 2500.5}}),
        );
    }
    for _ in 0..12 {
        let deliveries = pi.sweep(&server.url).await;
        for table in NEWER_TABLES.split(',') {
            assert_eq!(deliveries[table], Delivery::Refused(422), "{table}");
        }
    }
    assert_eq!(pi.unsent(), 4);
    assert_mirrored(&database, &pi).await;
    server.stop().unwrap();
    let server = TestServer::start_with(&database.url(), &[("EXTRA_TABLES", NEWER_TABLES)]).await;
    pi.sync_all(&server.url, 1).await;
    for table in NEWER_TABLES.split(',') {
        let row: String = database
            .row(&format!(
                "SELECT CAST(row_json AS CHAR) FROM extra_rows WHERE table_name = '{table}'"
            ))
            .await;
        let row: Value = serde_json::from_str(&row).unwrap();
        assert_eq!(row, pi.rows(table)[0], "{table}");
    }
}
