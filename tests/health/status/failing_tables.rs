//! Tables whose batches fail again and again.

use super::*;

fn alert(id: u64) -> Value {
    json!({
        "id": id, "timestamp": "2026-02-01T14:25:00", "alert_type": "max",
        "parameter_name": "RPM", "value": 7000.0, "threshold": 6500.0,
    })
}

fn statistic(id: u64) -> Value {
    json!({
        "id": id, "parameter_name": "RPM", "analysis_date": "2026-02-01T14:25:00", "profile_id": "daily",
    })
}

fn batch(table: &str, row: &Value) -> Value {
    json!({
        "deviceId": "chi-eclipse-tuner", "batchId": format!("{table}-{}", row["id"]),
        "tables": { table: { "rows": [row] } },
    })
}

#[tokio::test]
async fn a_table_that_the_database_refuses_degrades_while_others_are_stored() {
    let database = TestDatabase::create().await;
    let ollama = ollama(&["gemma2:2b"], Duration::ZERO).await;
    let server = start_with_ollama(&database, &ollama).await;
    database.execute("DROP TABLE statistics").await.unwrap();
    for id in 1..=3 {
        let (status, body) = server.sync(&batch("statistics", &statistic(id))).await;
        assert_eq!(status, 500, "{body}");
        let (status, body) = server.sync(&batch("alert_log", &alert(id))).await;
        assert_eq!(status, 200, "{body}");
    }
    let report = health(&server).await;
    let reason = "The last 3 batches of chi-eclipse-tuner with rows of statistics were not stored: \
                  the database refused a statement: it has no table statistics.";
    let failing = json!([{
        "deviceId": "chi-eclipse-tuner", "table": "statistics", "failures": 3,
        "isUnknown": false, "error": "the database refused a statement: it has no table statistics",
    }]);
    assert_eq!(report["status"], "degraded");
    assert_eq!(report["reasons"], json!([reason]));
    assert_eq!(report["sync"]["failingTables"], failing);
    assert_eq!(report["sync"]["failuresLastHour"], 3);
    assert_eq!(
        report["sync"]["lastError"]["error"],
        "the database refused a statement: it has no table statistics"
    );
    assert_eq!(report["lastSync"]["batchId"], "alert_log-3");
    // The batch was reported once its commit had returned.
    let times = [
        &report["lastSync"]["syncedAt"],
        &report["sync"]["lastSuccess"],
    ];
    let [stored, reported] = times.map(|time| time.as_str().unwrap());
    assert!(stored <= reported, "{stored} {reported}");
}

#[tokio::test]
async fn a_table_whose_rows_are_refused_degrades_until_one_is_stored() {
    let database = TestDatabase::create().await;
    let ollama = ollama(&["gemma2:2b"], Duration::ZERO).await;
    let server = start_with_ollama(&database, &ollama).await;
    let mut broken = alert(1);
    broken["value"] = json!("high");
    for _ in 0..3 {
        assert_eq!(server.sync(&batch("alert_log", &broken)).await.0, 422);
    }
    let report = health(&server).await;
    assert_eq!(report["status"], "degraded");
    let error = report["sync"]["lastError"]["error"].as_str().unwrap();
    assert!(error.contains("alert_log"), "{error}");
    assert_eq!(server.sync(&batch("alert_log", &alert(1))).await.0, 200);
    let report = health(&server).await;
    assert_eq!(report["status"], "healthy", "{report}");
    assert_eq!(report["sync"]["failuresLastHour"], 3);
}
