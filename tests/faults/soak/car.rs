//! A car: what it records and sends in a day.

use std::path::Path;
use std::time::Duration;

use chrono::TimeDelta;
use mysql_async::Conn;
use mysql_async::prelude::Queryable as _;
use serde_json::{Value, json};

use super::{BACKUPS, Day};
use crate::support::{API_KEY, Delivery, Drive, Form, Pi};

/// Between two sweeps of a car that drives.
const PAUSE: Duration = Duration::from_millis(300);

/// Rows of a batch that another client sends for the car.
const LARGE: usize = 4_000;

pub(super) struct Car {
    pub(super) pi: Pi,
    number: usize,
    url: String,
    drives: i64,
    /// How many readings have been counted.
    counted: usize,
    http: reqwest::Client,
}

impl Car {
    pub(super) fn new(number: usize, url: &str) -> Self {
        Self {
            pi: Pi::new(&format!("car-{number}")),
            number,
            url: url.to_owned(),
            drives: 0,
            counted: 0,
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
        }
    }

    pub(super) fn drives(&self) -> u64 {
        u64::try_from(self.drives).unwrap()
    }

    /// On weekdays to work, on a Sunday back from a trip.
    pub(super) async fn morning(mut self, day: Day) -> Self {
        self.pi.now = day.at(8);
        if day.is_weekday() {
            self.record(day, 7, 12);
            self.send(PAUSE).await;
        } else if day.is_saturday() {
            self.record(day, 7, 90);
            if !self.is_out_of_reach(day) {
                self.send(PAUSE).await;
            }
        }
        self
    }

    pub(super) async fn evening(mut self, day: Day) -> Self {
        self.pi.now = day.at(18);
        self.record(day, 17, if day.is_weekday() { 12 } else { 60 });
        if self.is_out_of_reach(day) {
            return self;
        }
        let is_backlog = !day.is_weekday() && !day.is_saturday();
        if is_backlog {
            self.send(Duration::ZERO).await;
            self.repeat().await;
            self.is_refused().await;
        } else {
            self.send(PAUSE).await;
        }
        self
    }

    /// The battery's voltage, and a backup of the day.
    pub(super) async fn night(mut self, day: Day) -> Self {
        self.pi.now = day.at(23);
        if self.is_out_of_reach(day) {
            return self;
        }
        self.pi.record_heartbeats(day.at(22), 10);
        self.send(PAUSE).await;
        let content = format!("{} on day {}\n", self.pi.device_id, day.0).repeat(1_000);
        let form = Form::default()
            .text("type", "logs")
            .text("deviceId", &self.pi.device_id)
            .file("obd.log", content);
        let request = self.http.post(format!("{}/api/v1/backup", self.url));
        let request = request.header("X-API-Key", API_KEY);
        let request = request.header("Content-Type", Form::CONTENT_TYPE);
        let answer = request.body(form.finish()).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        self
    }

    /// Sends what is left.
    pub(super) async fn comes_home(mut self, day: Day) -> Self {
        self.pi.now = day.at(12);
        self.send(PAUSE).await;
        self
    }

    /// Two of the cars are away from home from Saturday to Sunday.
    fn is_out_of_reach(&self, day: Day) -> bool {
        day.is_saturday() && self.number < 2
    }

    /// Every third end is not noted, because the power goes first.
    fn record(&mut self, day: Day, hour: u32, minutes: i64) {
        self.drives += 1;
        self.pi.record_drive(&Drive {
            interval: TimeDelta::seconds(15),
            has_end: self.drives % 3 > 0,
            ..Drive::new(self.drives, day.at(hour), minutes)
        });
    }

    async fn send(&mut self, pause: Duration) {
        while self.pi.unsent() > 0 {
            let deliveries = self.pi.sweep(&self.url).await;
            let is_accepted = |delivery: &Delivery| *delivery == Delivery::Accepted;
            let are_accepted = deliveries.values().all(is_accepted);
            tokio::time::sleep(if are_accepted { pause } else { PAUSE }).await;
        }
    }

    async fn post(&self, readings: &[Value]) -> u16 {
        let batch = json!({"deviceId": self.pi.device_id, "batchId": format!("{}-again", self.pi.batch_id()),
                           "tables": {"realtime_data": {"rows": readings}}});
        let request = self.http.post(format!("{}/api/v1/sync", self.url));
        let request = request.header("X-API-Key", API_KEY).body(batch.to_string());
        request.send().await.unwrap().status().as_u16()
    }

    /// Readings that are stored are sent again, in one large batch.
    async fn repeat(&self) {
        let readings = self.pi.rows("realtime_data");
        let again = &readings[readings.len().saturating_sub(LARGE)..];
        assert_eq!(self.post(again).await, 200);
    }

    /// A batch with a row that is no reading, after many that are.
    async fn is_refused(&self) {
        let mut readings = self.pi.rows("realtime_data").to_vec();
        let next = readings.len();
        for (reading, id) in readings.iter_mut().zip(next + 1..) {
            reading["id"] = json!(id);
        }
        readings.truncate(LARGE);
        readings.last_mut().unwrap()["timestamp"] = json!("yesterday");
        assert_eq!(self.post(&readings).await, 422);
    }

    /// Those since the last call.
    pub(super) async fn new_readings_are_stored_once(&mut self, connection: &mut Conn) {
        if self.pi.unsent() > 0 {
            return;
        }
        let recorded = self.pi.rows("realtime_data").len();
        let query = format!(
            "SELECT COUNT(*) FROM realtime_data WHERE source_device = '{}' AND source_id > {}",
            self.pi.device_id, self.counted
        );
        let stored: Option<usize> = connection.query_first(query).await.unwrap();
        assert_eq!(
            stored,
            Some(recorded - self.counted),
            "{}",
            self.pi.device_id
        );
        self.counted = recorded;
    }

    pub(super) fn backups_are_rotated(&self, backup_dir: &Path) {
        let folder = backup_dir.join(&self.pi.device_id).join("logs");
        let files = std::fs::read_dir(&folder);
        let files = files.unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        assert!(files.count() <= BACKUPS, "{}", folder.display());
    }
}
