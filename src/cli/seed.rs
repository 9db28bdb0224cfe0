//! What `seed-db` stores: a car, its profile, and three drives of a day.

use bytes::Bytes;
use chrono::{NaiveDate, NaiveDateTime};
use serde_json::{Value, json};

use crate::simulation::Drive;

const DEVICE: &str = "demo-eclipse";

/// Length in minutes and hour of the day of each drive.
const DRIVES: [(i64, u32); 3] = [(12, 7), (5, 12), (20, 17)];

/// Bodies of requests, as the device would send them, in an order in which they can be stored.
pub(super) fn batches() -> Vec<Bytes> {
    let mut batches = vec![batch(
        0,
        &json!({
            "profiles": {"rows": [{"id": "daily", "name": "Daily", "description": "To work and back"}]},
            "vehicle_info": {"rows": [{
                "vin": "4A3AK44Y0WE000000", "make": "Mitsubishi", "model": "Eclipse", "year": 1998,
                "engine": "2.0 l, 4 cylinders", "fuel_type": "Gasoline", "transmission": "Manual",
            }]},
        }),
    )];
    let (mut events, mut readings) = (0, 0);
    for (number, (minutes, hour)) in (1..).zip(DRIVES) {
        let drive = Drive::new(number, morning(hour), minutes);
        let log = numbered(drive.events(), &mut events);
        let data = numbered(drive.readings(), &mut readings);
        batches.push(batch(
            number,
            &json!({"connection_log": {"rows": log}, "realtime_data": {"rows": data}}),
        ));
    }
    batches
}

fn batch(number: i64, tables: &Value) -> Bytes {
    let batch_id = format!("{DEVICE}-seed-{number}");
    let body = json!({"deviceId": DEVICE, "batchId": batch_id, "tables": tables});
    Bytes::from(body.to_string())
}

fn morning(hour: u32) -> NaiveDateTime {
    NaiveDate::from_ymd_opt(2026, 4, 19)
        .and_then(|date| date.and_hms_opt(hour, 18, 50))
        .unwrap_or_default()
}

/// Gives each row the next id.
fn numbered(mut rows: Vec<Value>, last: &mut i64) -> Vec<Value> {
    for row in &mut rows {
        *last += 1;
        row["id"] = json!(*last);
    }
    rows
}
