//! Drives that never happened, in the rows of a device's tables: what `seed-db` stores and what the tests send.
//!
//! Nothing here is random: the same drive has the same readings, whenever and wherever it is made.

use std::f64::consts::TAU;

use chrono::{NaiveDateTime, TimeDelta};
use serde_json::{Value, json};

/// What is measured, with the unit as devices write it.
pub const PARAMETERS: [(&str, &str); 13] = [
    ("RPM", "revolutions_per_minute"),
    ("SPEED", "kilometer_per_hour"),
    ("COOLANT_TEMP", "°C"),
    ("INTAKE_TEMP", "°C"),
    ("ENGINE_LOAD", "percent"),
    ("THROTTLE_POS", "percent"),
    ("TIMING_ADVANCE", "degree"),
    ("MAF", "gps"),
    ("INTAKE_PRESSURE", "kilopascal"),
    ("SHORT_FUEL_TRIM_1", "percent"),
    ("LONG_FUEL_TRIM_1", "percent"),
    ("O2_B1S1", "volt"),
    ("CONTROL_MODULE_VOLTAGE", "volt"),
];

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
    /// A drive of so many minutes with the profile `daily`, a reading of each parameter every five seconds.
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

    /// Rows of `realtime_data`, in the order of time.
    pub fn readings(&self) -> Vec<Value> {
        let times = std::iter::successors(Some(TimeDelta::zero()), |at| Some(*at + self.interval));
        times
            .take_while(|at| *at <= self.length)
            .flat_map(|at| {
                let values = Engine::at(at, self.length).values();
                let measured = PARAMETERS.into_iter().zip(values);
                measured.map(move |((name, unit), value)| self.reading(at, name, unit, value))
            })
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

    fn reading(&self, at: TimeDelta, name: &str, unit: &str, value: f64) -> Value {
        let mut row = json!({
            "timestamp": written(self.start + at),
            "parameter_name": name,
            "value": (value * 100.0).round() / 100.0,
            "unit": unit,
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

/// A small petrol engine at one moment of a drive.
struct Engine {
    /// Seconds since the start.
    seconds: f64,
    /// From 0 at standstill to 1 at the most that is asked of it.
    demand: f64,
    /// From 0 when cold to 1 when warm.
    warmth: f64,
}

impl Engine {
    fn at(time: TimeDelta, length: TimeDelta) -> Self {
        let seconds = time.as_seconds_f64();
        let whole = length.as_seconds_f64().max(1.0);
        // It pulls away, goes along with the traffic, and comes to a stop.
        let ends = (seconds.min(whole - seconds) / 20.0).clamp(0.0, 1.0);
        let traffic =
            0.62 + 0.28 * (TAU * seconds / 97.0).sin() + 0.1 * (TAU * seconds / 23.0).cos();
        Self {
            seconds,
            demand: ends * traffic,
            warmth: 1.0 - (-seconds / 180.0).exp(),
        }
    }

    /// In the order of [`PARAMETERS`].
    fn values(&self) -> [f64; 13] {
        let Self {
            seconds,
            demand,
            warmth,
        } = self;
        let ripple = (TAU * seconds / 7.0).sin();
        let rpm = 820.0 + 280.0 * (1.0 - warmth) + 2600.0 * demand + 20.0 * ripple;
        let load = 18.0 + 55.0 * demand;
        [
            rpm,
            110.0 * demand,
            18.0 + 73.0 * warmth,
            17.0 + 14.0 * warmth,
            load,
            12.0 + 48.0 * demand,
            10.0 + 22.0 * demand,
            rpm * load / 7_000.0,
            32.0 + 60.0 * demand,
            2.0 * ripple,
            1.6 - 0.8 * warmth,
            0.45 + 0.35 * ripple,
            14.1 + 0.1 * ripple,
        ]
    }
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
        assert_eq!(readings.len(), 121 * PARAMETERS.len());
        assert_eq!(readings[0]["timestamp"], events[0]["timestamp"]);
        assert_eq!(
            readings.last().unwrap()["timestamp"],
            events[1]["timestamp"]
        );
    }

    #[test]
    fn readings_are_what_an_engine_can_have() {
        for reading in drive().readings() {
            let value = reading["value"].as_f64().unwrap();
            let plausible = match reading["parameter_name"].as_str().unwrap() {
                "RPM" => 600.0..=4_500.0,
                "SPEED" => 0.0..=140.0,
                "COOLANT_TEMP" | "INTAKE_TEMP" => 10.0..=110.0,
                "SHORT_FUEL_TRIM_1" | "LONG_FUEL_TRIM_1" => -10.0..=10.0,
                "O2_B1S1" => 0.0..=1.0,
                "CONTROL_MODULE_VOLTAGE" => 12.0..=15.0,
                _ => 0.0..=110.0,
            };
            assert!(plausible.contains(&value), "{reading}");
        }
    }
}
