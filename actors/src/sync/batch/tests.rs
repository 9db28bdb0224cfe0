//! Whatever comes, the reader answers; and what it accepts is whole.

use bytes::Bytes;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{Batch, read};
use crate::sync::tables::TABLES;

const EXTRA_TABLES: [&str; 1] = ["dtc_log"];

/// Reads a body, and looks at everything that came out of it.
fn read_and_look(body: Vec<u8>) {
    let extra_tables = EXTRA_TABLES.map(str::to_owned);
    match read(&Bytes::from(body), &extra_tables) {
        Ok(batch) => look_at(&batch),
        Err(refusal) => assert!(!refusal.problems.is_empty(), "refused for nothing"),
    }
}

fn look_at(batch: &Batch) {
    batch.ends_a_drive();
    assert!(batch.rows() >= batch.sheets.iter().map(|sheet| sheet.rows().len()).sum());
    for sheet in &batch.sheets {
        for row in sheet.rows() {
            sheet.text(sheet.id(*row));
            let cells = sheet.cells(*row);
            assert_eq!(cells.len(), sheet.table.columns.len());
            for cell in cells {
                sheet.text(*cell);
            }
        }
    }
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
        read_and_look(body);
    }

    #[test]
    fn no_json_makes_it_panic(body in any_json()) {
        read_and_look(body.to_string().into_bytes());
    }

    #[test]
    fn no_rows_make_it_panic(body in any_batch()) {
        read_and_look(body.to_string().into_bytes());
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
        read_and_look(body.clone());
        body.truncate(at);
        read_and_look(body);
    }

    #[test]
    fn texts_come_out_as_they_went_in(text in "\\PC{1,64}") {
        let row = json!({"id": 1, "timestamp": "2026-02-01T14:25:00", "parameter_name": text, "value": 1});
        let body = json!({"deviceId": "d", "batchId": "b", "tables": {"realtime_data": {"rows": [row]}}});
        let batch = read(&Bytes::from(body.to_string()), &[]).unwrap();
        let sheet = &batch.sheets[0];
        let cell = sheet.cells(0)[sheet.table.position("parameter_name").unwrap()];
        prop_assert_eq!(sheet.text(cell), text);
    }
}
