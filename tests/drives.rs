//! US-CMP-006: drives are found in the stored rows, and each is analysed once.

mod analysing;
mod away;
mod bulk;
mod clocks;
mod counting;
mod diagnosing;
mod epochs;
mod fairness;
mod finding;
mod habits;
mod interrupted;
mod listing;
mod lock_order;
mod property;
mod queue;
mod readings;
mod servers;
mod upgrade;
mod warnings;

use chrono::{NaiveDateTime, TimeDelta};
use serde_json::{Map, Value, json};

use crate::support::{Fixture, TestDatabase, TestServer, batch, eventually};

impl Fixture {
    /// A drive is quiet once no reading of it has arrived for this long.
    async fn with_quiet(seconds: &str) -> Self {
        Self::start_with(&[("AUTO_ANALYSIS_QUIET_SECONDS", seconds)]).await
    }

    /// The number of successful analyses.
    async fn successes(&self) -> u64 {
        successes(&self.database).await
    }
}

/// A server on which no drive becomes quiet: a drive is queued at once, or not at all.
async fn never_quiet() -> (TestDatabase, TestServer) {
    let database = TestDatabase::create().await;
    let variables = [("AUTO_ANALYSIS_QUIET_SECONDS", "86400")];
    let server = TestServer::start_with(&database.url(), &variables).await;
    (database, server)
}

async fn successes(database: &TestDatabase) -> u64 {
    database
        .count("analysis_history", "status = 'success'")
        .await
}

/// Waits until [`drives`] returns this.
async fn end_as(database: &TestDatabase, expected: &str) {
    eventually(expected, async || drives(database).await == expected).await;
}

/// Events like `start@0 end@25#3`: kind, minute, `drive_id`. Their ids count up from
/// `first_id`.
fn events(first_id: i64, text: &str) -> Vec<Value> {
    let ids = first_id..;
    let events = text.split_whitespace().zip(ids);
    events
        .map(|(event, id)| {
            let (kind, rest) = event.split_once('@').unwrap();
            let (minute, drive_id) = numbered(rest);
            json!({"id": id, "event_type": format!("drive_{kind}"), "timestamp": at(minute), "drive_id": drive_id})
        })
        .collect()
}

/// Readings like `10 11#3`: minute, `drive_id`. Their ids count up from `first_id`.
fn readings(first_id: i64, text: &str) -> Vec<Value> {
    let readings = text.split_whitespace().zip(first_id..);
    readings
        .map(|(reading, id)| {
            let (minute, drive_id) = numbered(reading);
            json!({"id": id, "timestamp": at(minute), "parameter_name": "RPM", "value": 2500.5, "unit": "rpm",
                   "drive_id": drive_id})
        })
        .collect()
}

fn numbered(text: &str) -> (i64, Option<i64>) {
    let (minute, number) = text
        .split_once('#')
        .map_or((text, None), |(minute, number)| (minute, Some(number)));
    (
        minute.parse().unwrap(),
        number.map(|number| number.parse().unwrap()),
    )
}

fn at(minute: i64) -> String {
    let start: NaiveDateTime = "2026-02-01T14:00:00".parse().unwrap();
    let time = start + TimeDelta::minutes(minute);
    time.format("%Y-%m-%dT%H:%M:%S").to_string()
}

/// Sends events and readings in one batch; returns the receipt.
async fn send(server: &TestServer, log: Vec<Value>, data: Vec<Value>) -> Value {
    let tables = [("connection_log", log), ("realtime_data", data)];
    let tables = tables.into_iter().filter(|(_, rows)| !rows.is_empty());
    let tables: Map<_, _> = tables
        .map(|(name, rows)| (name.to_owned(), json!(rows)))
        .collect();
    let (status, receipt) = server.sync(&batch(&Value::Object(tables))).await;
    assert_eq!(status, 200, "{receipt}");
    receipt
}

/// All drives in the order of their starts, like `0-25 waiting, 30-~35#3 open`; `~` is the last reading with the number
/// of a drive whose end is not logged.
async fn drives(database: &TestDatabase) -> String {
    let minute = |column: &str| format!("TIMESTAMPDIFF(MINUTE, '2026-02-01 14:00:00', {column})");
    let query = format!(
        "SELECT CONCAT({}, '-', COALESCE({}, CONCAT('~', {}), ''), \
         COALESCE(CONCAT('#', drive_id), ''), ' ', state) FROM drives ORDER BY drive_start, id",
        minute("drive_start"),
        minute("drive_end"),
        minute("window_end"),
    );
    database.rows::<String>(&query).await.join(", ")
}
