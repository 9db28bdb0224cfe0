//! Bodies that are no batch: every fault is named with its location.

use bytes::Bytes;
use rstest::rstest;

use super::{options, problems, read_text, with_rows, with_tables};
use crate::problem::Problem;
use crate::sync::batch::{BadRows, SizeLimit, read};

const READING: &str =
    r#"{"id": 1, "timestamp": "2026-02-01T14:25:00", "parameter_name": "RPM", "value": 2501.5}"#;

fn read_bytes(body: Vec<u8>) -> Vec<Problem> {
    let options = options(BadRows::Refuse);
    read(&Bytes::from(body), &options, SizeLimit::default())
        .unwrap_err()
        .problems
}

#[test]
fn invalid_json_is_refused_with_its_line() {
    let whole = with_rows(&format!("[{READING}]"));
    let bodies = [
        "",
        " ",
        "hello",
        "{",
        "deviceId=x&batchId=y",
        &whole[..whole.len() - 3],
        &format!("{whole}{whole}"),
        &whole.replace("]}", ",]}"),
        &whole.replace("2501.5", "0x10"),
        &whole.replace("2501.5", "010"),
        &format!("\u{feff}{whole}"),
        "\0",
    ];
    for body in bodies {
        let first = read_text(body).unwrap_err().problems.remove(0);
        assert_eq!(first.kind, "json_invalid", "{body}");
        assert!(
            first.msg.starts_with("JSON decode error: ") && first.msg.contains(" line "),
            "{}",
            first.msg
        );
    }
}

/// `HERE` is replaced by JSON of a depth that exhausts the stack of a recursive reader.
#[rstest]
#[case::body("HERE")]
#[case::device(r#"{"deviceId": HERE}"#)]
#[case::unknown_field(r#"{"deviceId": "d", "batchId": "b", "surprise": HERE}"#)]
#[case::tables(&with_tables("HERE"))]
#[case::unknown_table(&with_tables(r#"{"fake_table": HERE}"#))]
#[case::table(&with_tables(r#"{"statistics": HERE}"#))]
#[case::last_synced_id(&with_tables(r#"{"statistics": {"lastSyncedId": HERE}}"#))]
#[case::rows(&with_rows("HERE"))]
#[case::row(&with_rows("[HERE]"))]
#[case::key(&with_rows(r#"[{"id": HERE}]"#))]
#[case::unknown_column(&with_rows(r#"[{"id": 1, "gear": HERE}]"#))]
#[case::text(&with_tables(r#"{"profiles": {"rows": [{"id": 1, "name": HERE}]}}"#))]
fn deep_nesting_is_refused_anywhere(#[case] body: &str) {
    let depth = 1_000_000;
    let lists = "[".repeat(depth);
    let objects = "{\"a\":".repeat(depth);
    let whole_lists = format!("{lists}{}", "]".repeat(depth));
    let whole_objects = format!("{objects}1{}", "}".repeat(depth));
    for bomb in [lists, objects, whole_lists, whole_objects] {
        assert!(!problems(&body.replace("HERE", &bomb)).is_empty());
    }
}

#[rstest]
#[case::no_byte_of_utf8(b"\xff")]
#[case::cut_character(b"\xc3")]
#[case::surrogate(b"\xed\xa0\x80")]
#[case::lone_escape(br"\ud800")]
#[case::swapped_escapes(br"\udc00\ud800")]
#[case::half_escape(br"\ud83d!")]
#[case::control_character(b"\n")]
#[case::unknown_escape(br"\x41")]
fn invalid_unicode_is_named_with_its_row(#[case] text: &[u8]) {
    let body = with_rows(&format!(
        "[{}]",
        READING.replace("\"RPM\"", "\"RPM\", \"unit\": \"HERE\"")
    ));
    let (before, after) = body.split_once("HERE").unwrap();
    let body = [before.as_bytes(), text, after.as_bytes()].concat();
    let problems = read_bytes(body);
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].kind, "json_invalid");
    assert_eq!(problems[0].loc.last().unwrap().to_string(), "unit");
    assert!(
        problems[0].msg.ends_with(" (row with id 1)"),
        "{}",
        problems[0].msg
    );
}

/// Every other JSON value in the place of `HERE` is refused.
#[rstest]
#[case::body("HERE", r#"null true 7 "text" []"#, "model_attributes_type", "body")]
#[case::device(
    r#"{"deviceId": HERE, "batchId": "b", "tables": {}}"#,
    "null true 7 [] {}",
    "string_type",
    "body.deviceId"
)]
#[case::batch(
    r#"{"deviceId": "d", "batchId": HERE, "tables": {}}"#,
    "null true 7 [] {}",
    "string_type",
    "body.batchId"
)]
#[case::tables(&with_tables("HERE"), r#"null true 7 "rows" []"#, "dict_type", "body.tables")]
#[case::table(
    &with_tables(r#"{"statistics": HERE}"#),
    r#"null true 7 "rows" []"#,
    "dict_type",
    "body.tables.statistics"
)]
#[case::rows(
    &with_tables(r#"{"statistics": {"rows": HERE}}"#),
    r#"null true 7 "rows" {}"#,
    "list_type",
    "body.tables.statistics.rows"
)]
#[case::row(&with_rows("[HERE]"), r#"null true 7 "row" []"#, "dict_type", "body.tables.realtime_data.rows.0")]
#[case::last_synced_id(
    &with_tables(r#"{"statistics": {"lastSyncedId": HERE, "rows": []}}"#),
    "[] {}",
    "scalar_type",
    "body.tables.statistics.lastSyncedId"
)]
fn a_value_of_a_wrong_type_is_named(
    #[case] body: &str,
    #[case] wrong: &str,
    #[case] kind: &'static str,
    #[case] location: &str,
) {
    for value in wrong.split(' ') {
        let found = problems(&body.replace("HERE", value));
        assert_eq!(found, [(kind, location.to_owned())], "{value}");
    }
}

#[test]
fn ids_that_the_database_would_change_are_refused() {
    let long = "x".repeat(65);
    for (id, kind) in [
        ("", "string_too_short"),
        (" ", "string_pattern_mismatch"),
        ("pi ", "string_pattern_mismatch"),
        (r"p\ni", "string_pattern_mismatch"),
        (r"p\u0000i", "string_pattern_mismatch"),
        (&long, "string_too_long"),
    ] {
        for (field, before) in [("deviceId", r#""d""#), ("batchId", r#""b""#)] {
            let body = with_rows("[]").replacen(before, &format!("\"{id}\""), 1);
            let location = format!("body.{field}");
            assert_eq!(problems(&body), [(kind, location)], "{id}");
        }
    }
    let longest = format!("\"{}\"", "°".repeat(64));
    let body = with_rows("[]")
        .replacen("\"d\"", &longest, 1)
        .replacen("\"b\"", &longest, 1);
    assert!(read_text(&body).is_ok());
}

#[test]
fn unknown_tables_are_refused_under_any_name() {
    let long = "x".repeat(10_000);
    for name in [
        "fake_table",
        "REALTIME_DATA",
        "realtime_data ",
        "",
        "devices",
        "sync_history",
        "extra_rows",
        "battery_log",
        "`",
        "'; DROP TABLE devices; --",
        r"\u0000",
        "__proto__",
        "mysql.user",
        &long,
    ] {
        let body = with_tables(&format!(r#"{{"{name}": {{"rows": [{{"id": 1}}]}}}}"#));
        let problems = read_text(&body).unwrap_err().problems;
        assert_eq!(problems.len(), 1, "{name}");
        assert_eq!(problems[0].kind, "unknown_table");
        assert!(problems[0].loc.last().unwrap().to_string().len() < 200);
        for table in &crate::sync::tables::TABLES {
            assert!(problems[0].msg.contains(table.name), "{}", problems[0].msg);
        }
    }
}
