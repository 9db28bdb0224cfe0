//! Values that do not fit their column: the refusal names table, row, column and key.

use rstest::rstest;
use serde_json::{Value, json};

use super::{problems, read_text, with_tables};

const CALENDAR: &str = "datetime_parsing";

/// One row of `table`, with `text` for the text `"HERE"`.
fn row(table: &str, fields: &Value, text: &str) -> String {
    let rows = json!({table: {"rows": [fields]}}).to_string();
    assert_eq!(rows.matches("\"HERE\"").count(), 1);
    with_tables(&rows.replace("\"HERE\"", text))
}

fn reading(column: &str, text: &str) -> String {
    let mut fields = json!({
        "id": 4711, "timestamp": "2026-02-01T14:25:00", "parameter_name": "RPM", "value": 1.5
    });
    fields[column] = json!("HERE");
    row("realtime_data", &fields, text)
}

fn assert_refused(column: &str, text: &str, kind: &'static str) {
    let body = reading(column, text);
    let location = format!("body.tables.realtime_data.rows.0.{column}");
    assert_eq!(problems(&body), [(kind, location)], "{text}");
    if column != "id" {
        let problem = read_text(&body).unwrap_err().problems.remove(0);
        assert!(
            problem.msg.ends_with("(row with id 4711)"),
            "{}",
            problem.msg
        );
    }
}

#[rstest]
#[case::negative("-1", "greater_than_equal")]
#[case::least("-9223372036854775808", "greater_than_equal")]
#[case::below_the_least("-9223372036854775809", "int_parsing_size")]
#[case::fraction("1.5", "int_from_float")]
#[case::small("1e-3", "int_from_float")]
#[case::above_the_largest("9223372036854775808", "int_parsing_size")]
#[case::unsigned("18446744073709551616", "int_parsing_size")]
#[case::inexact("9007199254740994.0", "int_parsing_size")]
#[case::large("1e300", "int_parsing_size")]
#[case::no_double("1e400", "json_invalid")]
#[case::not_a_number("NaN", "json_invalid")]
#[case::infinite("-Infinity", "json_invalid")]
#[case::text("\"7\"", "int_type")]
#[case::empty("\"\"", "int_type")]
#[case::null("null", "int_type")]
#[case::list("[7]", "int_type")]
#[case::object("{\"id\":7}", "int_type")]
fn an_id_is_a_whole_number_of_at_least_0(#[case] text: &str, #[case] kind: &'static str) {
    assert_refused("id", text, kind);
}

#[rstest]
#[case::not_a_number("NaN", "json_invalid")]
#[case::infinite("Infinity", "json_invalid")]
#[case::negative_infinite("-Infinity", "json_invalid")]
#[case::no_double("1e400", "json_invalid")]
#[case::sign("+1", "json_invalid")]
#[case::no_digit(".5", "json_invalid")]
#[case::text("\"2500\"", "float_type")]
#[case::text_of_nan("\"NaN\"", "float_type")]
#[case::boolean("true", "float_type")]
#[case::null("null", "float_type")]
#[case::list("[]", "float_type")]
#[case::object("{}", "float_type")]
fn a_value_is_a_finite_number(#[case] text: &str, #[case] kind: &'static str) {
    assert_refused("value", text, kind);
}

#[test]
fn a_time_is_one_that_the_database_can_hold() {
    for text in [
        "0000-00-00 00:00:00",
        "0000-01-01T00:00:00",
        "0999-12-31T23:59:59",
        "10000-01-01T00:00:00",
        "-001-01-01T00:00:00",
        "2026-02-01T14:25:60",
        "2026-02-01T14:60:00",
        "2026-02-01T24:00:00",
        "2026-02-29T14:25:00",
        "2026-13-01T14:25:00",
        "2026-02-01T14:25:00 Europe/Berlin",
        "2026-02-01T14:25:00+25:00",
        "2026-02-01T14:25",
        "2026-02-01",
        "14:25:00",
        "01/02/2026 14:25:00",
        "1769955900",
        "now",
        "",
    ] {
        assert_refused("timestamp", &json!(text).to_string(), CALENDAR);
    }
    for text in ["1769955900", "1769955900.5", "null", "true", "[]", "{}"] {
        assert_refused("timestamp", text, "datetime_type");
    }
}

#[test]
fn a_text_is_no_longer_than_its_column() {
    let columns = [
        ("parameter_name", 64),
        ("unit", 64),
        ("data_source", 16),
        ("profile_id", 64),
    ];
    for (column, length) in columns {
        for letter in ["x", "°", "🚗"] {
            let text = json!(letter.repeat(length + 1)).to_string();
            assert_refused(column, &text, "string_too_long");
            let longest = json!(letter.repeat(length)).to_string();
            assert!(read_text(&reading(column, &longest)).is_ok(), "{column}");
        }
    }
}

#[rstest]
#[case("parameter_name", "7", "string_type")]
#[case("parameter_name", "null", "string_type")]
#[case("unit", "7", "string_type")]
#[case("unit", "[]", "string_type")]
#[case("profile_id", "\"\"", "string_too_short")]
#[case("profile_id", "\"daily \"", "string_pattern_mismatch")]
#[case("profile_id", "[]", "string_type")]
#[case("drive_id", "\"3\"", "int_type")]
#[case("drive_id", "3.5", "int_from_float")]
#[case("drive_id", "1e19", "int_parsing_size")]
fn texts_and_references_have_their_type(
    #[case] column: &str,
    #[case] text: &str,
    #[case] kind: &'static str,
) {
    assert_refused(column, text, kind);
}

#[rstest]
#[case("0", "greater_than_equal")]
#[case("6", "less_than_equal")]
#[case("-1", "greater_than_equal")]
fn a_rank_is_from_1_to_5(#[case] text: &str, #[case] kind: &'static str) {
    let fields = json!({"id": 4711, "recommendation": "None", "priority_rank": "HERE"});
    let body = row("ai_recommendations", &fields, text);
    let location = "body.tables.ai_recommendations.rows.0.priority_rank".to_owned();
    assert_eq!(problems(&body), [(kind, location)]);
}

#[rstest]
#[case("profiles", json!({"name": "Daily"}))]
#[case("realtime_data", json!({"timestamp": "2026-02-01T14:25:00", "parameter_name": "RPM", "value": 1}))]
#[case("statistics", json!({"parameter_name": "RPM", "analysis_date": "2026-02-01T14:25:00", "profile_id": 1}))]
#[case("ai_recommendations", json!({"recommendation": "None"}))]
#[case("connection_log", json!({"event_type": "connect"}))]
#[case("alert_log", json!({"alert_type": "max", "parameter_name": "RPM", "value": 1, "threshold": 2}))]
#[case("vehicle_info", json!({}))]
#[case("calibration_sessions", json!({}))]
fn a_required_column_that_is_missing_or_null_is_named(
    #[case] table: &str,
    #[case] mut whole: Value,
) {
    whole["id"] = json!(4711);
    let body = |row: &Value| with_tables(&json!({table: {"rows": [row]}}).to_string());
    assert!(read_text(&body(&whole)).is_ok());
    for column in whole.as_object().unwrap().keys() {
        let mut missing = whole.clone();
        missing.as_object_mut().unwrap().remove(column);
        let mut null = whole.clone();
        null[column] = Value::Null;
        for row in [missing, null] {
            let found = read_text(&body(&row)).unwrap_err().problems;
            assert_eq!(found.len(), 1, "{row}");
            assert_eq!(found[0].loc.last().unwrap().to_string(), *column);
            let has_key = found[0].msg.ends_with("(row with id 4711)")
                || found[0].msg.ends_with("(row with id \"4711\")");
            assert_eq!(has_key, column != "id", "{}", found[0].msg);
        }
    }
}
