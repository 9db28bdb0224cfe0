//! Batches with rows of two tables, each sent once: stored as a whole or not at all.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use mysql_async::Conn;
use mysql_async::prelude::Queryable as _;
use serde_json::{Value, json};

use super::Target;
use crate::support::API_KEY;

const ROWS: i64 = 20;

/// What came of each batch: whether it was acknowledged.
#[derive(Default)]
pub(super) struct Pairs(BTreeMap<i64, bool>);

fn batch(number: i64) -> Value {
    let ids = number * ROWS + 1..=(number + 1) * ROWS;
    let at = "2026-04-18 07:20:00";
    let alert = |id| {
        json!({"id": id, "timestamp": at, "alert_type": "high", "parameter_name": "RPM", "value": 1.0,
               "threshold": 2.0, "profile_id": "daily"})
    };
    let statistic = |id| json!({"id": id, "parameter_name": "RPM", "analysis_date": at, "profile_id": "daily", "created_at": at});
    let alerts: Vec<Value> = ids.clone().map(alert).collect();
    let statistics: Vec<Value> = ids.map(statistic).collect();
    json!({"deviceId": "pairs", "batchId": format!("pair-{number}"), "tables": {
        "alert_log": {"lastSyncedId": number * ROWS, "rows": alerts},
        "statistics": {"lastSyncedId": number * ROWS, "rows": statistics},
    }})
}

/// Sends batches until the load ends.
pub(super) async fn send(target: Arc<Target>, pause: Duration) -> Pairs {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut sent = Pairs::default();
    for number in 0.. {
        if target.is_ending() {
            break;
        }
        let request = http
            .post(format!("{}/api/v1/sync", target.url()))
            .header("X-API-Key", API_KEY)
            .timeout(Duration::from_secs(30))
            .body(batch(number).to_string());
        let answer = request.send().await;
        let is_stored = answer.is_ok_and(|answer| answer.status() == 200);
        sent.0.insert(number, is_stored);
        target.acknowledge(usize::from(is_stored));
        tokio::time::sleep(pause).await;
    }
    sent
}

impl Pairs {
    pub(super) fn acknowledged(&self) -> usize {
        self.0.values().filter(|is_stored| **is_stored).count()
    }

    pub(super) async fn are_whole(&self, connection: &mut Conn) {
        let alerts = stored(connection, "alert_log").await;
        let statistics = stored(connection, "statistics").await;
        for (number, is_acknowledged) in &self.0 {
            let of = |rows: &BTreeMap<i64, i64>| rows.get(number).copied().unwrap_or_default();
            let rows = (of(&alerts), of(&statistics));
            let is_whole = rows == (ROWS, ROWS);
            assert!(
                is_whole || !is_acknowledged && rows == (0, 0),
                "batch {number} (acknowledged: {is_acknowledged}) has {rows:?} rows"
            );
        }
    }
}

/// The number of rows by batch.
async fn stored(connection: &mut Conn, table: &str) -> BTreeMap<i64, i64> {
    let query = format!(
        "SELECT CAST((source_id - 1) DIV {ROWS} AS SIGNED), COUNT(*) FROM {table} WHERE source_device = 'pairs' GROUP BY 1"
    );
    let rows: Vec<(i64, i64)> = connection.query(query).await.unwrap();
    rows.into_iter().collect()
}
