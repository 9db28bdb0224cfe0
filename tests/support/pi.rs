use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Duration;

use chrono::{NaiveDateTime, TimeDelta};
use eclipse_ai_server::simulation::Drive;
use serde_json::{Map, Value, json};

use super::API_KEY;

/// The most rows in one request.
const ROWS_A_REQUEST: usize = 500;

/// Pauses between retries. The real ones are 1, 2 and 4 s.
const PAUSES_MS: [u64; 3] = [10, 20, 40];

/// The time limit of an answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(30);

/// The device in the car: its tables, its cursors, and its way of sending.
///
/// One table a request, in alphabetical order, at most 500 rows. Any 2xx advances the table's cursor; the
/// body is not read. Transient errors are retried with the same body; other refusals leave the rows for the
/// next sweep.
pub(crate) struct Pi {
    pub(crate) device_id: String,
    /// Its clock, which advances with each sweep: batch ids have a resolution of one second.
    pub(crate) now: NaiveDateTime,
    tables: BTreeMap<String, Vec<Value>>,
    /// The number of sent rows, by table.
    sent: BTreeMap<String, usize>,
    /// By table: positions of rows that were edited after they were sent.
    edited: BTreeMap<String, BTreeSet<usize>>,
    last_drive_id: Option<i64>,
    http: reqwest::Client,
}

/// The outcome of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// A 2xx.
    Accepted,
    /// A 4xx other than 429.
    Refused(u16),
    /// All retries failed.
    GaveUp,
    /// The connection was closed without an answer. The sweep ends.
    Aborted,
}

impl Pi {
    pub(crate) fn new(device_id: &str) -> Self {
        Self {
            device_id: device_id.to_owned(),
            now: "2026-04-18T14:30:00".parse().unwrap(),
            tables: BTreeMap::new(),
            sent: BTreeMap::new(),
            edited: BTreeMap::new(),
            last_drive_id: None,
            // Like Python's urllib: a connection a request.
            http: reqwest::Client::builder()
                .no_proxy()
                .pool_max_idle_per_host(0)
                .timeout(ANSWER_LIMIT)
                .build()
                .unwrap(),
        }
    }

    /// Inserts a row into one of its tables; returns its id.
    pub(crate) fn record(&mut self, table: &str, mut row: Value) -> i64 {
        let rows = self.tables.entry(table.to_owned()).or_default();
        let id = i64::try_from(rows.len() + 1).unwrap();
        row[key_of(table)] = json!(id);
        rows.push(row);
        id
    }

    /// Writes all rows of a drive.
    pub(crate) fn record_drive(&mut self, drive: &Drive) {
        let mut events = drive.events().into_iter();
        self.record("connection_log", events.next().unwrap());
        for reading in drive.readings() {
            self.record("realtime_data", reading);
        }
        for end in events {
            self.record("connection_log", end);
        }
        self.last_drive_id = drive.id.or(self.last_drive_id);
    }

    /// Writes what the device logs between two drives: its battery, without a number.
    pub(crate) fn record_heartbeats(&mut self, from: NaiveDateTime, minutes: i64) {
        for minute in 0..minutes {
            let at = from + TimeDelta::minutes(minute);
            self.record("realtime_data", json!({
                "timestamp": at.format("%Y-%m-%d %H:%M:%S").to_string(), "parameter_name": "BATTERY_V", "value": 12.6,
                "unit": "V", "profile_id": "daily", "data_source": "real", "drive_id": null,
            }));
        }
    }

    /// Changes a field of a row, which is then sent again.
    pub(crate) fn edit(&mut self, table: &str, id: i64, field: &str, value: Value) {
        let position = usize::try_from(id - 1).unwrap();
        self.tables.get_mut(table).unwrap()[position][field] = value;
        if position < self.sent.get(table).copied().unwrap_or_default() {
            let edited = self.edited.entry(table.to_owned()).or_default();
            edited.insert(position);
        }
    }

    /// All rows of a table, in the order of their ids.
    pub(crate) fn rows(&self, table: &str) -> &[Value] {
        self.tables.get(table).map_or(&[], Vec::as_slice)
    }

    /// The names of its tables.
    pub(crate) fn tables(&self) -> Vec<String> {
        self.tables.keys().cloned().collect()
    }

    /// The number of rows of all tables that are not accepted yet.
    pub(crate) fn unsent(&self) -> usize {
        let rows: usize = self.tables.values().map(Vec::len).sum();
        let edited: usize = self.edited.values().map(BTreeSet::len).sum();
        rows + edited - self.sent.values().sum::<usize>()
    }

    /// Sends the next rows of every table that has some; returns the outcome of each request.
    pub(crate) async fn sweep(&mut self, url: &str) -> BTreeMap<String, Delivery> {
        let mut deliveries = BTreeMap::new();
        for table in self.tables() {
            let next = self.sent.get(&table).copied().unwrap_or_default();
            let all = &self.tables[&table];
            let edited = self.edited.get(&table).into_iter().flatten();
            let edited: Vec<Value> = edited.map(|position| all[*position].clone()).collect();
            let count = all.len().min(next + ROWS_A_REQUEST - edited.len()) - next;
            let rows = [edited, all[next..next + count].to_vec()].concat();
            if rows.is_empty() {
                continue;
            }
            let body = self.batch(&table, next, &rows);
            let delivery = self.deliver(url, body).await;
            if delivery == Delivery::Accepted {
                self.sent.insert(table.clone(), next + count);
                self.edited.remove(&table);
            }
            deliveries.insert(table, delivery.clone());
            if delivery == Delivery::Aborted {
                self.now += TimeDelta::seconds(5);
                return deliveries;
            }
        }
        let counter = json!({
            "deviceId": self.device_id,
            "batchId": self.batch_id(),
            "tables": {},
            "driveCounter": {"lastDriveId": self.last_drive_id},
        });
        self.deliver(url, counter).await;
        self.now += TimeDelta::seconds(5);
        deliveries
    }

    /// Sweeps until every row is accepted; panics if `sweeps` are not enough.
    pub(crate) async fn sync_all(&mut self, url: &str, sweeps: usize) {
        let mut deliveries = BTreeMap::new();
        for _ in 0..sweeps {
            if self.unsent() == 0 {
                return;
            }
            deliveries = self.sweep(url).await;
        }
        let unsent = self.unsent();
        assert_eq!(
            unsent, 0,
            "rows are left after {sweeps} sweeps: {deliveries:?}"
        );
    }

    /// `<device>-<UTC time to the second>Z`.
    pub(crate) fn batch_id(&self) -> String {
        format!(
            "{}-{}Z",
            self.device_id,
            self.now.format("%Y-%m-%dT%H:%M:%S")
        )
    }

    fn batch(&self, table: &str, last_synced_id: usize, rows: &[Value]) -> Value {
        let rows: Vec<Value> = rows.iter().map(|row| renamed(table, row)).collect();
        json!({
            "deviceId": self.device_id,
            "batchId": self.batch_id(),
            "tables": {table: {"lastSyncedId": last_synced_id, "rows": rows}},
        })
    }

    async fn deliver(&self, url: &str, body: Value) -> Delivery {
        let body = in_ascii(&body);
        for pause_ms in PAUSES_MS.into_iter().map(Some).chain([None]) {
            let request = self
                .http
                .post(format!("{url}/api/v1/sync"))
                .header("Content-Type", "application/json")
                .header("Connection", "close")
                .header("X-API-Key", API_KEY)
                .body(body.clone());
            match request.send().await.map(|answer| answer.status().as_u16()) {
                Ok(200..=299) => return Delivery::Accepted,
                Err(error) if !error.is_connect() && !error.is_timeout() => {
                    return Delivery::Aborted;
                }
                Ok(429 | 500..) | Err(_) => {}
                Ok(status) => return Delivery::Refused(status),
            }
            if let Some(pause_ms) = pause_ms {
                tokio::time::sleep(Duration::from_millis(pause_ms)).await;
            }
        }
        Delivery::GaveUp
    }
}

fn key_of(table: &str) -> &'static str {
    if table == "calibration_sessions" {
        "session_id"
    } else {
        "id"
    }
}

/// The row as it is sent: its key is always called `id`.
fn renamed(table: &str, row: &Value) -> Value {
    let fields = row.as_object().unwrap().iter().map(|(name, value)| {
        let name = if name == key_of(table) { "id" } else { name };
        (name.to_owned(), value.clone())
    });
    Value::Object(fields.collect::<Map<_, _>>())
}

/// JSON as Python writes it, where everything beyond ASCII is escaped.
fn in_ascii(value: &Value) -> String {
    let mut text = String::new();
    for letter in value.to_string().chars() {
        if letter.is_ascii() {
            text.push(letter);
        } else {
            let mut units = [0; 2];
            for unit in letter.encode_utf16(&mut units) {
                write!(text, "\\u{unit:04x}").unwrap();
            }
        }
    }
    text
}
