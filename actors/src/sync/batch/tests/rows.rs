//! What is kept of a row: its key, its cells, its unknown columns, and which rows are set aside.

use bytes::Bytes;
use rstest::rstest;
use serde_json::{Map, Value, json};

use super::{options, problems, read_text, reading, with_rows, with_tables};
use crate::sync::batch::{
    BadRows, Batch, Cell, MirroredTable, Refusal, RowLimits, SizeLimit, canonical_integer, read,
};

/// The key and the columns of every row, in the order in which they are stored.
fn kept(table: &MirroredTable) -> Value {
    let value = |cell| match cell {
        Cell::Absent => panic!("an absent cell is listed"),
        Cell::Null => Value::Null,
        Cell::Integer(number) => number.into(),
        Cell::Real(number) => number.into(),
        Cell::Time(time) => time.to_string().into(),
        Cell::Text(_) => String::from_utf8_lossy(table.text_bytes(cell)).into(),
    };
    let rows = table.rows().iter().map(|row| {
        let mut columns = Map::new();
        let mut present = 0;
        for (position, cell) in table.cells(*row) {
            assert_eq!(table.cell(*row, position), cell);
            present |= 1 << position;
            columns.insert(table.table.columns[position].name.to_owned(), value(cell));
        }
        assert_eq!(table.present(*row), present);
        let absent = (0..table.table.columns.len()).filter(|at| present & (1 << at) == 0);
        for position in absent {
            assert_eq!(table.cell(*row, position), Cell::Absent);
        }
        json!([value(table.id(*row)), columns])
    });
    rows.collect()
}

#[rstest]
#[case::a_number_that_is_also_the_key(
    "realtime_data",
    json!([
        {"id": 7, "timestamp": "2026-02-01T14:25:00", "parameter_name": "RPM", "value": 1.5, "drive_id": 7},
        {"drive_id": null, "value": 2, "parameter_name": "LOAD", "timestamp": "2026-02-01T14:25:01", "id": 6},
    ]),
    json!([
        [6, {"timestamp": "2026-02-01 14:25:01", "parameter_name": "LOAD", "value": 2.0, "drive_id": null}],
        [7, {"timestamp": "2026-02-01 14:25:00", "parameter_name": "RPM", "value": 1.5, "drive_id": 7}],
    ])
)]
#[case::a_key_that_is_a_text(
    "profiles",
    json!([{"id": "b", "name": "B"}, {"id": "a", "name": "A", "description": null}]),
    json!([["a", {"name": "A", "description": null}], ["b", {"name": "B"}]])
)]
#[case::a_column_that_is_the_key(
    "vehicle_info",
    json!([
        {"id": "V6", "vin": "W6", "model": "M6"},
        {"id": "V5", "vin": "V5", "year": 2005},
        {"id": "V4", "vin": null, "make": "M4"},
        {"vin": "V3", "make": "M3", "year": 2003},
        {"make": "M2", "id": "V2", "plant_city": "C2"},
        {"id": "V1"},
    ]),
    json!([
        ["V1", {"vin": "V1"}],
        ["V2", {"vin": "V2", "make": "M2", "plant_city": "C2"}],
        ["V3", {"vin": "V3", "make": "M3", "year": 2003}],
        ["V4", {"vin": "V4", "make": "M4"}],
        ["V5", {"vin": "V5", "year": 2005}],
        ["V6", {"vin": "W6", "model": "M6"}],
    ])
)]
fn the_columns_that_a_row_has_come_out(
    #[case] table: &str,
    #[case] rows: Value,
    #[case] expected: Value,
) {
    let batch = read_text(&with_tables(&json!({table: {"rows": rows}}).to_string())).unwrap();
    assert_eq!(kept(&batch.mirrored[0]), expected);
}

#[test]
fn the_bytes_of_unknown_columns_are_about_those_of_their_statement() {
    let quotes = r#"\""#.repeat(20);
    let row = reading(&format!(
        r#""id": 1, "value": 1, "gear": [1, 2], "{quotes}": "d", "\u0001\u0002\u0003": null"#
    ));
    let batch = read_text(&with_rows(&format!("[{row}]"))).unwrap();
    let unknown = batch.mirrored[0].unknown_columns(0);
    assert!(!unknown.is_empty());
    let statement = unknown.to_json().len() + 2 * unknown.to_nulls().len();
    let bytes = unknown.bytes();
    assert!(
        (statement..statement + 20).contains(&bytes),
        "{bytes} for {statement}"
    );

    let without = with_rows(&format!("[{}]", reading(r#""id": 1, "value": 1"#)));
    let batch = read_text(&without).unwrap();
    assert!(batch.mirrored[0].unknown_columns(0).is_empty());
}

fn read_within(body: &str, limits: impl Into<RowLimits>) -> Result<Batch, Refusal> {
    let body = Bytes::copy_from_slice(body.as_bytes());
    read(&body, &options(BadRows::Refuse), limits)
}

#[test]
fn a_row_has_no_more_bytes_than_the_database_accepts() {
    let columns = |more: &str| {
        let text = "x".repeat(1000);
        with_tables(&format!(
            r#"{{"profiles": {{"rows": [{{"id": "a", "name": "N", "description": "{text}"{more}}}]}}}}"#
        ))
    };
    let unknown = read_text(&columns(r#", "gear": 5"#)).unwrap();
    let unknown = unknown.mirrored[0].unknown_columns(0).bytes();
    for (body, bytes) in [
        (columns(""), 1001),
        (columns(r#", "gear": 5"#), 1001 + unknown),
    ] {
        let limit = |bytes| SizeLimit::for_packet(Some(8 * 1024 + bytes));
        assert!(read_within(&body, limit(bytes)).is_ok());
        let refusal = read_within(&body, limit(bytes - 1)).unwrap_err();
        assert_eq!(refusal.problems[0].kind, "too_long");
    }
}

#[rstest]
#[case::least("0", None)]
#[case::highest("99", None)]
#[case::beyond("100", Some("less_than"))]
#[case::text_of_a_number("\"100\"", Some("less_than"))]
#[case::beyond_any_column("\"9223372036854775808\"", Some("less_than"))]
#[case::negative("-1", Some("greater_than_equal"))]
#[case::no_number("\"0100\"", None)]
fn an_id_stays_within_its_epoch(#[case] id: &str, #[case] expected: Option<&str>) {
    let limits = RowLimits {
        size: SizeLimit::default(),
        ids_below: Some(100),
    };
    let row = reading(&format!(r#""id": {id}, "value": 1"#));
    for table in ["realtime_data", "dtc_log"] {
        // A mirrored table has no negative ids and no texts for ids anyway.
        if table == "realtime_data" && (id.starts_with('-') || id.starts_with('"')) {
            continue;
        }
        let body = with_tables(&format!(r#"{{"{table}": {{"rows": [{row}]}}}}"#));
        let found = match read_within(&body, limits) {
            Ok(_) => None,
            Err(refusal) => Some(refusal.problems[0].kind),
        };
        assert_eq!(found, expected, "{table}");
    }
}

#[test]
fn a_text_is_a_number_only_in_its_usual_form() {
    for (text, expected) in [
        ("0", Some(0)),
        ("7", Some(7)),
        ("-7", Some(-7)),
        ("9223372036854775808", Some(1 << 63)),
        ("07", None),
        ("+7", None),
        ("-0", None),
        (" 7", None),
        ("7.0", None),
        ("daily", None),
        ("", None),
    ] {
        assert_eq!(canonical_integer(text), expected, "{text}");
    }
}

#[test]
fn a_passthrough_row_may_have_the_same_key_twice() {
    let rows = r#"{"dtc_log": {"rows": [{"id": 1, "n": 2, "id": "1"}]}}"#;
    let batch = read_text(&with_tables(rows)).unwrap();
    assert_eq!(batch.passthrough[0].json(0), r#"{"id":"1","n":2}"#);
}

/// A bad row has a column that nests too deeply.
#[rstest]
#[case::good_after_bad("realtime_data", "1 BAD, 1 GOOD", &[], 1)]
#[case::bad_after_good("realtime_data", "1 GOOD, 1 BAD", &[json!(1)], 1)]
#[case::bad_after_others("realtime_data", "1 GOOD, 2 GOOD, 2 BAD", &[json!(2)], 2)]
#[case::bad_twice("realtime_data", "1 BAD, 2 BAD, 1 BAD", &[json!(2), json!(1)], 0)]
#[case::without_a_key("realtime_data", "null BAD, null BAD", &[Value::Null, Value::Null], 0)]
#[case::passthrough("dtc_log", "1 BAD", &[json!("1")], 0)]
#[case::passthrough_bad_after_good("dtc_log", "1 GOOD, 1 BAD", &[json!("1")], 1)]
#[case::passthrough_good_after_bad("dtc_log", "1 BAD, 1 GOOD", &[], 1)]
fn a_bad_row_is_set_aside_unless_a_later_one_has_its_key(
    #[case] table: &str,
    #[case] rows: &str,
    #[case] expected: &[Value],
    #[case] stored: usize,
) {
    let nested = |depth| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    let rows = rows.split(", ").map(|row| {
        let (id, kind) = row.split_once(' ').unwrap();
        let depth = if kind == "GOOD" { 24 } else { 25 };
        reading(&format!(
            r#""id": {id}, "value": 1, "x": {}"#,
            nested(depth)
        ))
    });
    let rows = rows.collect::<Vec<_>>().join(",");
    // A bad row of another table has nothing to do with them.
    let tables =
        format!(r#"{{"statistics": {{"rows": [{{"id": 1}}]}}, "{table}": {{"rows": [{rows}]}}}}"#);
    let body = Bytes::from(with_tables(&tables));
    let batch = read(&body, &options(BadRows::Quarantine), SizeLimit::default()).unwrap();
    let bad = batch.quarantined.iter();
    let bad: Vec<_> = bad
        .map(|row| (row.table.as_str(), row.id.clone()))
        .collect();
    let expected = expected.iter().map(|id| (table, id.clone()));
    let expected = std::iter::once(("statistics", json!(1))).chain(expected);
    assert_eq!(bad, expected.collect::<Vec<_>>());
    assert_eq!(batch.rows(), stored);
}

#[test]
fn a_drive_ends_only_with_a_drive_end() {
    for (event, expected) in [
        ("connect", false),
        ("drive_start", false),
        ("drive_end", true),
    ] {
        let rows = json!([{"id": 1, "timestamp": "2026-02-01T14:25:00", "event_type": event}]);
        let batch = read_text(&with_tables(
            &json!({"connection_log": {"rows": rows}}).to_string(),
        ));
        assert_eq!(batch.unwrap().ends_a_drive(), expected, "{event}");
    }
}

#[test]
fn what_a_refusal_names_is_bounded() {
    let deep = format!("{}1{}", "[".repeat(25), "]".repeat(25));
    let columns: Vec<_> = (0..60)
        .map(|column| format!(r#""x{column}": {deep}"#))
        .collect();
    let row = reading(&format!(r#""id": 1, "value": 1, {}"#, columns.join(",")));
    assert_eq!(problems(&with_rows(&format!("[{row}]"))).len(), 50);

    let tables: Vec<_> = (0..60)
        .map(|table| format!(r#""t{}": {{}}"#, table / 2))
        .collect();
    let refusal = read_text(&with_tables(&format!("{{{}}}", tables.join(",")))).unwrap_err();
    assert_eq!(refusal.unknown_tables.len(), 30);
    let tables: Vec<_> = (0..60)
        .map(|table| format!(r#""t{table}": {{}}"#))
        .collect();
    let refusal = read_text(&with_tables(&format!("{{{}}}", tables.join(",")))).unwrap_err();
    assert_eq!(refusal.unknown_tables.len(), 50);
}
