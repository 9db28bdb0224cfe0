//! Random batches, compared with a model: counts and the stored state agree at every step.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::{Map, Value, json};

use crate::support::{TestDatabase, TestServer, effort};

/// A column of a row: absent, null or a value.
type Given<T> = Option<Option<T>>;

#[derive(Clone, Debug)]
struct Row {
    id: i64,
    value: f64,
    unit: Given<String>,
    drive_id: Given<i64>,
    gear: Given<i64>,
}

/// The stored values of a row.
#[derive(Clone, Debug, Default, PartialEq)]
struct Stored {
    value: f64,
    unit: Option<String>,
    drive_id: Option<i64>,
    extra: Option<BTreeMap<String, Value>>,
}

fn given<T: Clone + std::fmt::Debug>(
    value: impl Strategy<Value = T>,
) -> impl Strategy<Value = Given<T>> {
    proptest::option::of(proptest::option::of(value))
}

fn row() -> impl Strategy<Value = Row> {
    let columns = (
        1..12_i64,
        -1e6..1e6,
        given("[a-z°]{0,3}"),
        given(0..9_i64),
        given(1..6_i64),
    );
    columns.prop_map(|(id, value, unit, drive_id, gear)| Row {
        id,
        value,
        unit,
        drive_id,
        gear,
    })
}

fn to_json(row: &Row) -> Value {
    let mut fields = Map::new();
    fields.insert("id".into(), json!(row.id));
    fields.insert("timestamp".into(), json!("2026-02-01T14:25:00"));
    fields.insert("parameter_name".into(), json!("RPM"));
    fields.insert("value".into(), json!(row.value));
    fields.extend(row.unit.clone().map(|unit| ("unit".into(), json!(unit))));
    fields.extend(
        row.drive_id
            .map(|drive_id| ("drive_id".into(), json!(drive_id))),
    );
    fields.extend(row.gear.map(|gear| ("gear".into(), json!(gear))));
    Value::Object(fields)
}

/// The specified effect of an upsert.
fn upsert(stored: &mut Stored, row: &Row) {
    stored.value = row.value;
    if let Some(unit) = &row.unit {
        stored.unit.clone_from(unit);
    }
    if let Some(drive_id) = row.drive_id {
        stored.drive_id = drive_id;
    }
    if let Some(gear) = row.gear {
        stored
            .extra
            .get_or_insert_default()
            .insert("gear".into(), json!(gear));
    }
}

async fn state(database: &TestDatabase, device: &str) -> BTreeMap<i64, Stored> {
    type StoredRow = (i64, f64, Option<String>, Option<i64>, Option<String>);
    let rows: Vec<StoredRow> = database
        .rows(&format!(
            "SELECT source_id, value, unit, drive_id, CAST(extra AS CHAR) FROM realtime_data \
             WHERE source_device = '{device}'"
        ))
        .await;
    rows.into_iter()
        .map(|(id, value, unit, drive_id, extra)| {
            let extra = extra.map(|extra| serde_json::from_str(&extra).unwrap());
            (
                id,
                Stored {
                    value,
                    unit,
                    drive_id,
                    extra,
                },
            )
        })
        .collect()
}

async fn agrees(
    server: &TestServer,
    database: &TestDatabase,
    device: &str,
    batches: &[Vec<Row>],
) -> Result<(), TestCaseError> {
    let mut model: BTreeMap<i64, Stored> = BTreeMap::new();
    for rows in batches {
        let sent: Vec<Value> = rows.iter().map(to_json).collect();
        let batch = json!({"deviceId": device, "batchId": "b", "tables": {"realtime_data": {"rows": sent}}});
        let (status, receipt) = server.sync(&batch).await;
        prop_assert_eq!(status, 200, "{}", receipt);
        // Of rows with the same id only the last one counts.
        let last: BTreeMap<i64, &Row> = rows.iter().map(|row| (row.id, row)).collect();
        let known: BTreeSet<i64> = model.keys().copied().collect();
        let updated = last.keys().filter(|id| known.contains(id)).count();
        let counts = &receipt["tablesProcessed"]["realtime_data"];
        prop_assert_eq!(&counts["inserted"], last.len() - updated);
        prop_assert_eq!(&counts["updated"], updated);
        for (id, row) in last {
            upsert(model.entry(id).or_default(), row);
        }
        prop_assert_eq!(&state(database, device).await, &model);
    }
    Ok(())
}

#[test]
fn counts_and_rows_match_the_model_for_random_batches() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let (database, server) = runtime.block_on(async {
        let database = TestDatabase::create().await;
        let server = TestServer::start(&database).await;
        (database, server)
    });
    let batches = proptest::collection::vec(proptest::collection::vec(row(), 0..16), 1..5);
    let config = Config {
        cases: effort(64, 2000),
        failure_persistence: None,
        ..Config::default()
    };
    let case = std::cell::Cell::new(0);
    let outcome = TestRunner::new(config).run(&batches, |batches| {
        case.set(case.get() + 1);
        let device = format!("case-{}", case.get());
        runtime.block_on(agrees(&server, &database, &device, &batches))
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}
