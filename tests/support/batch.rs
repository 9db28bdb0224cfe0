use std::ops::RangeInclusive;

use serde_json::{Map, Value, json};

/// The sender of [`batch`].
pub(crate) const DEVICE: &str = "test-device";

/// A batch of [`DEVICE`] with the id `test-batch`, from the rows by table.
pub(crate) fn batch(rows_by_table: &Value) -> Value {
    let tables = rows_by_table.as_object().unwrap().iter();
    let tables = tables.map(|(name, rows)| {
        let table = json!({"lastSyncedId": 0, "rows": rows});
        (name.clone(), table)
    });
    json!({
        "deviceId": DEVICE,
        "batchId": "test-batch",
        "tables": Value::Object(tables.collect::<Map<_, _>>()),
    })
}

/// A row of `realtime_data` as the PRD has it.
pub(crate) fn reading(id: i64) -> Value {
    json!({
        "id": id,
        "timestamp": format!("2026-02-01T14:{:02}:{:02}", id / 60 % 60, id % 60),
        "parameter_name": "RPM",
        "value": 2500.5 + f64::from(i32::try_from(id % 1000).unwrap()),
        "unit": "rpm",
        "profile_id": 1,
    })
}

/// Rows of `realtime_data` with these ids.
pub(crate) fn readings(ids: RangeInclusive<i64>) -> Vec<Value> {
    ids.map(reading).collect()
}

/// `value` with these fields set.
pub(crate) fn with(mut value: Value, fields: &Value) -> Value {
    for (name, field) in fields.as_object().unwrap() {
        value[name] = field.clone();
    }
    value
}

/// `value` without one of its fields.
pub(crate) fn without(mut value: Value, field: &str) -> Value {
    let removed = value.as_object_mut().unwrap().remove(field);
    assert!(removed.is_some(), "there is no {field} to leave out");
    value
}
