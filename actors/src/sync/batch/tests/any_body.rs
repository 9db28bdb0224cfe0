//! The reader never panics, and what it accepts is complete.

use bytes::Bytes;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::sync::batch::{BadRows, Batch, ReadOptions, SizeLimit, read};
use crate::sync::tables::TABLES;

const EXTRA_TABLES: [&str; 1] = ["dtc_log"];

/// Reads a body with either setting, and everything that came out of it.
fn read_any(body: Vec<u8>) {
    let body = Bytes::from(body);
    for bad_rows in [BadRows::Refuse, BadRows::Quarantine] {
        let options = ReadOptions {
            extra_tables: EXTRA_TABLES.map(str::to_owned).into(),
            bad_rows,
        };
        match read(&body, &options, SizeLimit::default()) {
            Ok(batch) => visit(&batch),
            Err(refusal) => assert!(!refusal.problems.is_empty(), "refused without a problem"),
        }
    }
}

fn visit(batch: &Batch) {
    batch.ends_a_drive();
    assert_json(&batch.unknown_fields.all().to_json());
    for table in &batch.mirrored {
        for row in table.rows() {
            table.text(table.id(*row));
            for (position, cell) in table.cells(*row) {
                table.text(cell);
                assert_eq!(table.cell(*row, position), cell);
            }
            assert_json(&table.unknown_columns(*row).to_json());
            assert_json(&table.unknown_columns(*row).to_nulls());
        }
    }
    for table in &batch.passthrough {
        for row in table.rows() {
            assert!(!table.id(*row).is_empty());
            assert_json(&table.json(*row));
        }
    }
}

fn assert_json(text: &str) {
    serde_json::from_str::<Value>(text).unwrap();
}

/// JSON of any shape, in which the names that mean something come up often.
fn any_json() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,70}".prop_map(Value::from),
        Just(json!("2026-02-01T14:25:00Z")),
    ];
    scalar.prop_recursive(5, 64, 8, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            proptest::collection::vec((name(), inner), 0..8).prop_map(object),
        ]
    })
}

fn name() -> impl Strategy<Value = String> {
    let tables = TABLES.iter().map(|table| table.name);
    let columns = TABLES
        .iter()
        .flat_map(|table| table.columns)
        .map(|column| column.name);
    let fields = [
        "deviceId",
        "batchId",
        "tables",
        "rows",
        "lastSyncedId",
        "id",
        "session_id",
        "dtc_log",
        "extra",
    ];
    let known: Vec<&str> = fields.into_iter().chain(tables).chain(columns).collect();
    prop_oneof![4 => proptest::sample::select(known).prop_map(str::to_owned), 1 => "\\PC{0,5}"]
}

fn object(fields: Vec<(String, Value)>) -> Value {
    Value::Object(fields.into_iter().collect::<Map<_, _>>())
}

/// A batch whose envelope is right, with rows of any kind.
fn any_batch() -> impl Strategy<Value = Value> {
    let names: Vec<&str> = TABLES
        .iter()
        .map(|table| table.name)
        .chain(EXTRA_TABLES)
        .collect();
    let rows = proptest::collection::vec(
        proptest::collection::vec((name(), any_json()), 0..8).prop_map(object),
        0..5,
    );
    proptest::collection::btree_map(proptest::sample::select(names), rows, 0..4).prop_map(
        |tables| {
            let tables = tables
                .into_iter()
                .map(|(name, rows)| (name.to_owned(), json!({"rows": rows})));
            json!({"deviceId": "d", "batchId": "b", "tables": object(tables.collect())})
        },
    )
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(body in proptest::collection::vec(any::<u8>(), 0..300)) {
        read_any(body);
    }

    #[test]
    fn no_json_makes_it_panic(body in any_json()) {
        read_any(body.to_string().into_bytes());
    }

    #[test]
    fn no_rows_make_it_panic(body in any_batch()) {
        read_any(body.to_string().into_bytes());
    }

    #[test]
    fn no_damage_to_a_batch_makes_it_panic(
        body in any_batch(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut body = body.to_string().into_bytes();
        let at = at.index(body.len());
        body[at] = byte;
        read_any(body.clone());
        body.truncate(at);
        read_any(body);
    }

    #[test]
    fn texts_come_out_as_they_went_in(text in "\\PC{1,64}") {
        let row = json!({"id": 1, "timestamp": "2026-02-01T14:25:00", "parameter_name": text, "value": 1});
        let body = json!({"deviceId": "d", "batchId": "b", "tables": {"realtime_data": {"rows": [row]}}});
        let batch = read(&Bytes::from(body.to_string()), &ReadOptions::default(), SizeLimit::default()).unwrap();
        let table = &batch.mirrored[0];
        let position = table.table.position("parameter_name").unwrap();
        prop_assert_eq!(table.text(table.cell(0, position)), text);
    }
}
