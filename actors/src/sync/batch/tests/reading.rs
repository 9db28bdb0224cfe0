//! What single bodies come to.

use bytes::Bytes;
use rstest::rstest;
use serde_json::{Value, json};

use super::{options, problems, read_text, reading, with_rows, with_tables};
use crate::sync::batch::{BadRows, Cell, MirroredTable, SizeLimit, read};

fn values(table: &MirroredTable) -> Vec<(Option<i64>, Cell)> {
    let position = table.table.position("value").unwrap();
    let rows = table.rows().iter();
    rows.map(|row| (table.integer_id(*row), table.cell(*row, position)))
        .collect()
}

#[rstest]
#[case::null("null", "model_attributes_type", "body")]
#[case::list("[]", "model_attributes_type", "body")]
#[case::device_number(
    r#"{"deviceId": 7, "batchId": "b", "tables": {}}"#,
    "string_type",
    "body.deviceId"
)]
#[case::device_path(
    r#"{"deviceId": "a/b", "batchId": "b", "tables": {}}"#,
    "string_pattern_mismatch",
    "body.deviceId"
)]
#[case::batch_null(
    r#"{"deviceId": "d", "batchId": null, "tables": {}}"#,
    "string_type",
    "body.batchId"
)]
#[case::batch_blank(
    r#"{"deviceId": "d", "batchId": "b ", "tables": {}}"#,
    "string_pattern_mismatch",
    "body.batchId"
)]
#[case::tables(&with_tables("[]"), "dict_type", "body.tables")]
#[case::table(&with_tables(r#"{"statistics": 7}"#), "dict_type", "body.tables.statistics")]
#[case::no_rows(&with_tables(r#"{"statistics": {}}"#), "missing", "body.tables.statistics.rows")]
#[case::rows(&with_tables(r#"{"statistics": {"rows": {}}}"#), "list_type", "body.tables.statistics.rows")]
#[case::row(&with_rows("[7]"), "dict_type", "body.tables.realtime_data.rows.0")]
#[case::unknown_table(&with_tables(r#"{"fake": {}}"#), "unknown_table", "body.tables.fake")]
#[case::last_synced_id(&with_tables(r#"{"statistics": {"lastSyncedId": [], "rows": []}}"#), "scalar_type", "body.tables.statistics.lastSyncedId")]
#[case::boolean_key(&with_rows(&format!("[{}]", reading(r#""id": true, "value": 1"#))), "int_type", "body.tables.realtime_data.rows.0.id")]
#[case::two_keys(&with_rows(&format!("[{}]", reading(r#""id": 1, "id": 2, "value": 1"#))), "value_error", "body.tables.realtime_data.rows.0.id")]
#[case::two_keys_by_two_names(&with_tables(r#"{"calibration_sessions": {"rows": [{"id": 1, "session_id": 2}]}}"#), "value_error", "body.tables.calibration_sessions.rows.0.session_id")]
#[case::two_text_keys(&with_tables(r#"{"profiles": {"rows": [{"id": "a", "id": "b", "name": "A"}]}}"#), "value_error", "body.tables.profiles.rows.0.id")]
#[case::passthrough_without_a_key(&with_tables(r#"{"dtc_log": {"rows": [{"code": 1}]}}"#), "missing", "body.tables.dtc_log.rows.0.id")]
#[case::passthrough_with_two_keys(&with_tables(r#"{"dtc_log": {"rows": [{"id": 1, "id": 2}]}}"#), "value_error", "body.tables.dtc_log.rows.0.id")]
#[case::deep_unknown_field(&format!(r#"{{"deviceId": "d", "batchId": "b", "tables": {{}}, "x": {}1{}}}"#, "[".repeat(25), "]".repeat(25)), "json_too_deep", "body.x")]
fn a_fault_is_reported_at_its_location(
    #[case] body: &str,
    #[case] kind: &'static str,
    #[case] location: &str,
) {
    assert_eq!(problems(body), [(kind, location.to_owned())]);
}

#[test]
fn a_row_and_a_batch_have_a_bounded_number_of_unknown_fields() {
    let fields = |count: usize| {
        let fields = (0..count).map(|number| format!(r#""{number}": 1"#));
        fields.collect::<Vec<_>>().join(",")
    };
    let body = |count| {
        let row = reading(&format!(r#""id": 1, "value": 1, {}"#, fields(count)));
        let tables = with_rows(&format!("[{row}]"));
        format!(
            "{}, {}}}",
            tables.trim_end_matches('}').to_owned() + "}}",
            fields(count)
        )
    };
    assert!(read_text(&body(2000)).is_ok());
    let expected = ["body.tables.realtime_data.rows.0.2000", "body.2000"];
    let expected = expected.map(|location| ("too_long", location.to_owned()));
    assert_eq!(problems(&body(2001)), expected);
}

#[test]
fn everything_that_is_missing_is_listed() {
    let fields = ["deviceId", "batchId", "tables"];
    let expected = fields.map(|field| ("missing", format!("body.{field}")));
    assert_eq!(problems("{}"), expected);
}

#[rstest]
#[case::integer("3965")]
#[case::text("\"3965\"")]
#[case::real("1.5")]
#[case::boolean("true")]
#[case::null("null")]
fn any_scalar_is_accepted_as_last_synced_id(#[case] value: &str) {
    let table = format!(r#"{{"statistics": {{"lastSyncedId": {value}, "rows": []}}}}"#);
    assert!(read_text(&with_tables(&table)).is_ok());
}

#[rstest]
#[case::table_twice(r#"{"realtime_data": {"rows": [A, B]}, "realtime_data": {"rows": [C]}}"#)]
#[case::rows_twice(r#"{"realtime_data": {"rows": [A, B], "rows": [C]}}"#)]
#[case::other_table_between(
    r#"{"realtime_data": {"rows": [A, B]}, "statistics": {"rows": []}, "realtime_data": {"rows": [C]}}"#
)]
fn rows_of_a_table_that_is_given_twice_all_count_and_later_ones_win(#[case] tables: &str) {
    let tables = tables
        .replace('A', &reading(r#""id": 1, "value": 1"#))
        .replace('B', &reading(r#""id": 2, "value": 2"#))
        .replace('C', &reading(r#""id": 1, "value": 3"#));
    let batch = read_text(&with_tables(&tables)).unwrap();
    let table = batch.mirrored_table("realtime_data").unwrap();
    let expected = [(Some(1), Cell::Real(3.0)), (Some(2), Cell::Real(2.0))];
    assert_eq!(values(table), expected);
    assert_eq!(batch.rows(), 2);
}

#[test]
fn tables_that_are_given_twice_are_united() {
    let row = reading(r#""id": 1, "value": 1"#);
    let body = format!(
        r#"{{"deviceId": "d", "batchId": "b", "tables": {{"realtime_data": {{"rows": [{row}]}}}},
            "tables": {{"statistics": {{"rows": []}}, "dtc_log": {{"rows": [{{"id": 1}}]}}}},
            "tables": {{"dtc_log": {{"rows": [{{"id": 2}}, {{"id": 1, "n": 3}}]}}}}}}"#
    );
    let batch = read_text(&body).unwrap();
    assert_eq!(batch.tables(), ["realtime_data", "statistics", "dtc_log"]);
    let table = &batch.passthrough[0];
    let rows: Vec<_> = table
        .rows()
        .iter()
        .map(|row| (table.id(*row), table.json(*row)))
        .collect();
    let expected = [
        ("1", r#"{"id":1,"n":3}"#.to_owned()),
        ("2", r#"{"id":2}"#.to_owned()),
    ];
    assert_eq!(rows, expected);
}

#[test]
fn of_other_fields_that_are_given_twice_the_last_one_counts() {
    let row = reading(r#""id": 1, "id": 1, "value": 1, "gear": 1, "value": 2, "gear": 2"#);
    let body = format!(
        r#"{{"deviceId": "x", "batchId": "x", "mood": 1, "deviceId": "d", "batchId": "b", "mood": 2,
            "tables": {{"realtime_data": {{"rows": [{row}]}}}}}}"#
    );
    let batch = read_text(&body).unwrap();
    assert_eq!((batch.device_id.as_str(), &*batch.batch_id), ("d", "b"));
    assert_eq!(batch.unknown_fields.all().to_json(), r#"{"mood":2}"#);
    let table = &batch.mirrored[0];
    assert_eq!(values(table), [(Some(1), Cell::Real(2.0))]);
    assert_eq!(table.unknown_columns(0).to_json(), r#"{"gear":2}"#);
}

#[test]
fn unknown_columns_are_a_merge_patch_unless_one_is_null_or_an_object() {
    let is_patch = |value: &str| {
        let row = reading(&format!(r#""id": 1, "value": 1, "x": {value}"#));
        let batch = read_text(&with_rows(&format!("[{row}]"))).unwrap();
        batch.mirrored[0].unknown_columns(0).are_a_merge_patch()
    };
    assert!(is_patch("1") && is_patch("\"null\"") && is_patch("[{}]"));
    assert!(!is_patch("null") && !is_patch("{}"));
}

#[rstest]
#[case::nan("NaN")]
#[case::infinity("Infinity")]
#[case::negative_infinity("-Infinity")]
fn a_number_that_is_not_json_is_a_fault_of_its_value(#[case] number: &str) {
    let rows = [
        "value",
        "unit",
        "gear",
        "timestamp",
        "drive_id",
        "profile_id",
    ]
    .map(|column| {
        let good = reading(r#""id": 7, "value": 1"#);
        good.replace("\"id\": 7", &format!("\"id\": 7, \"{column}\": {number}"))
    });
    let body = with_rows(&format!("[{}]", rows.join(",")));
    let expected: Vec<_> = [
        "value",
        "unit",
        "gear",
        "timestamp",
        "drive_id",
        "profile_id",
    ]
    .into_iter()
    .enumerate()
    .map(|(row, column)| {
        let location = format!("body.tables.realtime_data.rows.{row}.{column}");
        ("json_invalid", location)
    })
    .collect();
    assert_eq!(problems(&body), expected);
}

#[test]
fn a_body_with_such_a_number_is_read_to_its_end() {
    let row = reading(r#""id": 7, "value": NaN"#);
    let body = format!(
        r#"{{"tables": {{"realtime_data": {{"rows": [{row}]}}, "fake": {{}}}}, "batchId": "b", "deviceId": "d"}}"#
    );
    let refusal = read_text(&body).unwrap_err();
    assert_eq!(refusal.device_id.as_deref(), Some("d"));
    assert_eq!(refusal.batch_id.as_deref(), Some("b"));
    assert_eq!(refusal.tables, ["realtime_data"]);
    assert_eq!(refusal.unknown_tables, ["fake"]);
    assert!(refusal.problems[0].msg.ends_with("(row with id 7)"));
}

#[test]
fn a_body_that_ends_early_is_refused_with_what_was_readable() {
    let body = r#"{"deviceId": "d", "batchId": "b", "tables": {"fake": {}, "realtime_data": {"rows": [{"id": 7, "unit": "r"#;
    let refusal = read_text(body).unwrap_err();
    assert_eq!(refusal.device_id.as_deref(), Some("d"));
    assert_eq!(refusal.tables, ["realtime_data"]);
    assert_eq!(refusal.unknown_tables, ["fake"]);
    let last = refusal.problems.last().unwrap();
    let location: Vec<String> = last.loc.iter().map(ToString::to_string).collect();
    assert_eq!(location.join("."), "body.tables.realtime_data.rows.0.unit");
    assert!(last.msg.ends_with("(row with id 7)"), "{}", last.msg);
}

#[test]
fn the_refusal_of_an_unknown_table_names_the_setting() {
    let refusal = read_text(&with_tables(r#"{"drive_summary": {"rows": []}}"#)).unwrap_err();
    let msg = &refusal.problems[0].msg;
    assert!(
        msg.contains("EXTRA_TABLES") && msg.contains("dtc_log"),
        "{msg}"
    );
}

/// Rows that are set aside, with the reason.
type Quarantined = Vec<(Value, String)>;

fn quarantined(rows: &str) -> (Quarantined, Vec<(Option<i64>, Cell)>) {
    let body = Bytes::from(with_rows(rows));
    let batch = read(&body, &options(BadRows::Quarantine), SizeLimit::default()).unwrap();
    let bad = batch.quarantined.iter();
    let bad = bad
        .map(|row| (row.id.clone(), row.reason.clone()))
        .collect();
    (bad, values(&batch.mirrored[0]))
}

#[test]
fn a_bad_row_is_quarantined_unless_a_later_row_replaces_it() {
    let row = |id: u32, value: &str| reading(&format!(r#""id": {id}, "value": {value}"#));
    let rows = [
        row(1, "\"bad\""),
        row(2, "1"),
        row(1, "5"),
        row(2, "\"bad\""),
        row(3, "true"),
        row(3, "[]"),
        "{}".to_owned(),
    ];
    let (bad, stored) = quarantined(&format!("[{}]", rows.join(",")));
    let ids: Vec<_> = bad.into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids, [json!(2), json!(3), Value::Null]);
    let expected = [(Some(1), Cell::Real(5.0)), (Some(2), Cell::Real(1.0))];
    assert_eq!(stored, expected);
}

#[test]
fn the_reason_is_the_first_fault_and_the_number_of_the_others() {
    let (bad, _) = quarantined(r#"[{"id": 1, "value": 1, "parameter_name": 7}]"#);
    let reason = "parameter_name: Input should be a string, and 1 more problem";
    assert_eq!(bad, [(json!(1), reason.to_owned())]);
}
