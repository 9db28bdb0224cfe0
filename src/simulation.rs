//! Simulated drives as rows of a device's tables: what `seed-db` stores and the tests send.
//!
//! Nothing here is random: the same drive has the same readings on every run and every machine.

use std::time::Duration;

use chrono::{NaiveDateTime, TimeDelta};
use serde_json::{Value, json};
use simulation::{Engine, Logger, Reading, Route, Simulation};

/// A drive from a cold start to standstill. Its rows have no `id` yet: that is for the device to give.
#[derive(Clone, Debug)]
pub struct Drive {
    /// The device's number of the drive; older devices have none.
    pub id: Option<i64>,
    /// When the key is turned.
    pub start: NaiveDateTime,
    /// From there to the end.
    pub length: TimeDelta,
    /// Between two readings of one parameter.
    pub interval: TimeDelta,
    /// The device's id of the profile that is driven with.
    pub profile_id: Option<Value>,
    /// Where the readings are said to come from; older devices do not say.
    pub data_source: Option<&'static str>,
    /// Whether the end is noted. It is not when the power goes first.
    pub has_end: bool,
}

impl Drive {
    /// A drive of this length in minutes with the profile `daily`, a reading of each parameter every five seconds.
    pub fn new(id: i64, start: NaiveDateTime, minutes: i64) -> Self {
        Self {
            id: Some(id),
            start,
            length: TimeDelta::minutes(minutes),
            interval: TimeDelta::seconds(5),
            profile_id: Some(json!("daily")),
            data_source: Some("real"),
            has_end: true,
        }
    }

    /// When the drive ends.
    pub fn end(&self) -> NaiveDateTime {
        self.start + self.length
    }

    /// Rows of `connection_log`: the start and the end.
    pub fn events(&self) -> Vec<Value> {
        let end = self.has_end.then(|| self.event("drive_end", self.end()));
        let start = self.event("drive_start", self.start);
        std::iter::once(start).chain(end).collect()
    }

    /// Rows of `realtime_data`, in order of time.
    pub fn readings(&self) -> Vec<Value> {
        let seed = self.id.unwrap_or_default().unsigned_abs();
        let logger = Logger::Rows(self.interval.as_seconds_f64());
        let seconds = self.length.as_seconds_f64();
        Simulation::healthy(Engine::ECLIPSE_TURBO, Route::Commute, seed)
            .lasting(seconds)
            .readings(logger)
            .iter()
            .map(|reading| self.reading(reading))
            .collect()
    }

    fn event(&self, event_type: &str, at: NaiveDateTime) -> Value {
        self.labelled(json!({
            "timestamp": written(at),
            "event_type": event_type,
            "mac_address": "00:04:3E:85:0D:FB",
            "success": 1,
            "error_message": null,
            "retry_count": 0,
        }))
    }

    fn reading(&self, reading: &Reading) -> Value {
        let since_start = Duration::from_secs_f64(reading.seconds);
        let since_start = TimeDelta::from_std(since_start).unwrap_or_default();
        let mut row = json!({
            "timestamp": written(self.start + since_start),
            "parameter_name": reading.parameter,
            "value": reading.value,
            "unit": reading.unit,
        });
        if let Some(profile_id) = &self.profile_id {
            row["profile_id"] = profile_id.clone();
        }
        self.labelled(row)
    }

    /// What newer devices write into every row of a drive.
    fn labelled(&self, mut row: Value) -> Value {
        if let Some(source) = self.data_source {
            row["data_source"] = json!(source);
        }
        if let Some(id) = self.id {
            row["drive_id"] = json!(id);
        }
        row
    }
}

/// A time as devices write it.
pub fn written(time: NaiveDateTime) -> String {
    time.format("%Y-%m-%d %H:%M:%S%.6f").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drive() -> Drive {
        let start = "2026-04-19T07:18:50".parse().unwrap();
        Drive::new(3, start, 10)
    }

    #[test]
    fn a_drive_has_a_start_an_end_and_all_parameters_in_between() {
        let drive = drive();
        let events = drive.events();
        assert_eq!(events[0]["event_type"], "drive_start");
        assert_eq!(events[1]["timestamp"], "2026-04-19 07:28:50.000000");
        let readings = drive.readings();
        let times = readings
            .iter()
            .filter(|reading| reading["parameter_name"] == "RPM");
        assert_eq!(times.count(), 121);
        assert_eq!(readings[0]["timestamp"], events[0]["timestamp"]);
        assert_eq!(
            readings.last().unwrap()["timestamp"],
            events[1]["timestamp"]
        );
    }
}
