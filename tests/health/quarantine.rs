//! Rows in quarantine are shown with table and count, and degrade the status for a day.

use serde_json::{Value, json};

use crate::support::{DEVICE, Fixture, eventually, reading, with};

fn bad(id: i64) -> Value {
    with(reading(id), &json!({"value": "fast"}))
}

/// Waits until health has this status, with these quarantined tables as device, table and rows.
async fn health_shows(fixture: &Fixture, status: &str, quarantined: Value) -> Value {
    let shown = |health: &Value| {
        let tables = health["sync"]["quarantined"].as_array().unwrap().iter();
        let tables = tables.map(|table| json!([table["deviceId"], table["table"], table["rows"]]));
        health["status"] == status && json!(tables.collect::<Vec<_>>()) == quarantined
    };
    eventually("health shows what is in quarantine", async || {
        shown(&fixture.server.health().await)
    })
    .await;
    fixture.server.health().await
}

#[tokio::test]
async fn quarantined_rows_are_named_until_they_are_a_day_old_or_valid() {
    let fixture = Fixture::start_with(&[("BAD_ROWS", "quarantine")]).await;
    health_shows(&fixture, "healthy", json!([])).await;

    let rows = json!([bad(1), reading(2), bad(3)]);
    fixture.store(&json!({"realtime_data": rows})).await;
    let both = json!([[DEVICE, "realtime_data", 2]]);
    let health = health_shows(&fixture, "degraded", both.clone()).await;
    let reason = health["reasons"][0].as_str().unwrap();
    let names =
        format!("2 rows of realtime_data from {DEVICE} are in quarantine, the latest since 2");
    assert!(reason.starts_with(&names), "{reason}");

    let older = "UPDATE quarantined_rows SET last_seen = last_seen - INTERVAL 25 HOUR";
    fixture.database.execute(older).await.unwrap();
    health_shows(&fixture, "healthy", both).await;

    let valid = json!([reading(1), reading(3)]);
    fixture.store(&json!({"realtime_data": valid})).await;
    health_shows(&fixture, "healthy", json!([])).await;
}
