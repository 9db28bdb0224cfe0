use rstest::rstest;
use serde_json::json;

use super::*;

#[rstest]
#[case::empty("", "string_too_short")]
#[case::too_long(&"x".repeat(65), "string_too_long")]
#[case::blank_at_an_end("pi ", "string_pattern_mismatch")]
#[case::parent("..", "string_pattern_mismatch")]
#[case::slash("a/b", "string_pattern_mismatch")]
fn a_device_id_obeys_the_one_rule(#[case] id: &str, #[case] kind: &str) {
    assert_eq!(device_id(&json!(id)).unwrap_err().kind, kind);
}

#[test]
fn a_profile_id_is_a_text_or_a_whole_number() {
    assert_eq!(profile_id(&json!("daily")), Ok("daily".to_owned()));
    assert_eq!(profile_id(&json!(1)), Ok("1".to_owned()));
    for other in [json!(1.5), json!(true), json!("")] {
        assert!(profile_id(&other).is_err(), "{other}");
    }
}

#[rstest]
#[case("0")]
#[case("501")]
#[case("-1")]
#[case("1.5")]
#[case("many")]
#[case("99999999999")]
fn a_limit_is_a_whole_number_in_its_range(#[case] text: &str) {
    assert_eq!(limit(&json!(text), 500).unwrap_err().kind, "int_parsing");
}

#[test]
fn of_a_query_field_that_is_given_twice_the_last_one_counts() {
    let query = [("limit", "7"), ("limit", "500")];
    let query = query.map(|(name, text)| (name.to_owned(), text.to_owned()));
    let mut fields = Fields::of_query(&query);
    assert_eq!(
        fields.optional("limit", |value| limit(value, 500)),
        Some(500)
    );
    assert!(!fields.has_problems());
}

#[test]
fn a_problem_names_the_part_of_the_request_and_the_index() {
    let mut fields = Fields::of_json(br#"{"parameters": ["RPM", 3]}"#).unwrap();
    let length = Length { least: 1, most: 2 };
    fields.names("parameters", length);
    fields.required("driveStartTime", time);
    let locs: Vec<_> = fields.into_problems().into_iter().map(|p| p.loc).collect();
    let expected = [
        vec!["body".into(), "parameters".into(), 1.into()],
        vec!["body".into(), "driveStartTime".into()],
    ];
    assert_eq!(locs, expected);
}

#[rstest]
#[case("", "json_invalid")]
#[case("[]", "model_attributes_type")]
fn a_body_that_is_not_an_object_is_refused(#[case] body: &str, #[case] kind: &str) {
    let problems = Fields::of_json(body.as_bytes()).err().unwrap();
    assert_eq!(problems[0].kind, kind);
}
