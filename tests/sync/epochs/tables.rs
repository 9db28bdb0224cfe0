//! The time of a row that shows a new image is that of its table.

use serde_json::{Value, json};

use super::{readings_of, start};
use crate::support::{Fixture, with};

#[tokio::test]
async fn three_replaced_rows_of_any_table_start_an_epoch() {
    let alert =
        json!({"alert_type": "hot", "parameter_name": "RPM", "value": 1.0, "threshold": 1.0});
    for (table, column, fields) in [
        ("alert_log", "timestamp", alert),
        (
            "connection_log",
            "timestamp",
            json!({"event_type": "heartbeat"}),
        ),
        (
            "statistics",
            "analysis_date",
            json!({"parameter_name": "RPM", "profile_id": "daily"}),
        ),
        ("calibration_sessions", "start_time", json!({})),
    ] {
        let fixture = Fixture::start().await;
        let rows_at = |hours: i64| -> Vec<Value> {
            let time = start() + chrono::TimeDelta::hours(hours);
            let time = time.format("%Y-%m-%d %H:%M:%S").to_string();
            (1..=3)
                .map(|id| with(fields.clone(), &json!({"id": id, column: time})))
                .collect()
        };
        fixture
            .store(&json!({"realtime_data": readings_of(1..=3, 0, 1.5)}))
            .await;
        for hours in [0, 48] {
            fixture.store(&json!({table: rows_at(hours)})).await;
        }
        let rows = fixture.database.count(table, "TRUE").await;
        let epochs = fixture.database.count("sync_epochs", "TRUE").await;
        assert_eq!((table, rows, epochs), (table, 6, 1));
    }
}
