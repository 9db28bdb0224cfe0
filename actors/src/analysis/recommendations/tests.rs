use proptest::prelude::*;
use rstest::rstest;

use super::*;

const PLAIN: &str = r#"{"recommendations":[
    {"rank":1,"category":"air_fuel_ratio","recommendation":"Check the MAF sensor.","confidence":0.85},
    {"rank":2,"category":"timing","recommendation":"Log knock retard.","confidence":0.6}]}"#;

fn parsed(answer: &str) -> Vec<Recommendation> {
    parse(answer).unwrap_or_else(|error| panic!("{error}: {answer}"))
}

fn texts(answer: &str) -> Vec<String> {
    parsed(answer)
        .into_iter()
        .map(|recommendation| recommendation.recommendation)
        .collect()
}

#[test]
fn the_asked_for_shape_is_read_as_it_is() {
    let recommendations = parsed(PLAIN);
    assert_eq!(
        recommendations[0],
        Recommendation {
            rank: 1,
            finding: None,
            category: "air_fuel_ratio".to_owned(),
            recommendation: "Check the MAF sensor.".to_owned(),
            confidence: 0.85,
            grounded: true,
            evidence: None,
        }
    );
    assert_eq!(recommendations.len(), 2);
}

#[rstest]
#[case::fenced(format!("```json\n{PLAIN}\n```"))]
#[case::in_prose(format!("Sure! Here you are [as asked]:\n{PLAIN}\nDrive safely {{and slowly}}."))]
#[case::json_in_a_string(serde_json::to_string(PLAIN).expect("a string"))]
#[case::another_key(PLAIN.replace("recommendations", "results"))]
#[case::one_object_a_line(r#"{"recommendation":"Check the MAF sensor."}
{"recommendation":"Log knock retard."}"#.to_owned())]
#[case::bare_list(r#"[{"recommendation":"Check the MAF sensor."},{"Recommendation":"Log knock retard."}]"#.to_owned())]
#[case::list_of_texts(r#"{"recommendations":["Check the MAF sensor.","Log knock retard."]}"#.to_owned())]
#[case::numbered_object(r#"{"1":{"text":"Check the MAF sensor."},"2":{"text":"Log knock retard."}}"#.to_owned())]
#[case::nested(r#"{"status":"ok","message":"Two found.","data":{"items":[
    {"recommendation":{"text":"Check the MAF sensor."}},{"advice":"Log knock retard.","steps":["see"]}]}}"#.to_owned())]
#[case::cut_off(format!("{}, {{\"rank\":3,\"recomm", PLAIN.trim_end_matches("]}")))]
#[case::trailing_comma(PLAIN.replace("]}", ",]}"))]
#[case::twice_the_same(format!("{PLAIN}\n\nAgain:\n{PLAIN}"))]
#[case::beside_a_list_of_names(PLAIN.replacen('{', r#"{"parameters":["RPM","FUEL TRIM"],"#, 1))]
#[case::example_of_the_prompt_repeated(format!(r#"{{"recommendation":"..."}} {PLAIN}"#))]
#[case::newline_in_a_string(PLAIN.replace("the MAF sensor", "the\nMAF sensor"))]
#[case::single_quotes(PLAIN.replace('"', "'"))]
#[case::comment(PLAIN.replacen('{', "{ // as asked\n", 1))]
#[case::not_a_number(PLAIN.replace("0.85", "NaN"))]
#[case::thoughts_in_a_field(PLAIN.replacen('{', r#"{"thinking":["Sell the car at once."],"#, 1))]
#[case::after_thinking_aloud(format!(r#"<think>Maybe {{"recommendation":"Sell the car."}}?</think>{PLAIN}"#))]
#[case::numbered_prose("Here is my advice:\n1. **Check the MAF sensor.**\n2) Log knock retard.\nBye.".to_owned())]
fn every_known_disguise_is_understood(#[case] answer: String) {
    assert_eq!(
        texts(&answer),
        ["Check the MAF sensor.", "Log knock retard."]
    );
}

#[rstest]
#[case::nothing("")]
#[case::prose("I am sorry, I cannot help with that.")]
#[case::empty_list_of_another_name(r#"{"results":[]}"#)]
#[case::only_thoughts(r#"<think>{"recommendations":[{"recommendation":"Sell the car."}]}"#)]
#[case::empty_text(r#"{"recommendations":[{"rank":1,"recommendation":"  "}]}"#)]
#[case::placeholder(
    r#"{"recommendations":[{"rank":1,"category":"...","recommendation":"...","confidence":0.7}]}"#
)]
#[case::names(r#"["RPM","SPEED"]"#)]
#[case::numbers("[1,2,3]")]
#[case::error(r#"{"error":"model runner has stopped"}"#)]
#[case::null("null")]
fn an_answer_without_a_recommendation_is_an_error(#[case] answer: &str) {
    assert_eq!(parse(answer), Err(NoRecommendation));
}

#[rstest]
#[case::alone(r#"{"recommendations":[]}"#.to_owned())]
#[case::fenced("```json\n{\"recommendations\": []}\n```".to_owned())]
#[case::after_another(format!(r#"{PLAIN} On reflection: {{"recommendations":[]}}"#))]
fn an_explicit_empty_list_is_a_success(#[case] answer: String) {
    assert_eq!(parse(&answer), Ok(Vec::new()));
}

#[test]
fn of_several_documents_the_last_counts() {
    let first = PLAIN.replace("the MAF sensor", "the plugs");
    assert_eq!(
        texts(&format!("{first}\nNo, wait:\n{PLAIN}")),
        ["Check the MAF sensor.", "Log knock retard."]
    );
}

#[rstest]
#[case("0.85", 0.85)]
#[case("\"0.85\"", 0.85)]
#[case("\"0,85\"", 0.85)]
#[case("85", 0.85)]
#[case("\"85%\"", 0.85)]
#[case("\"85 percent\"", 0.85)]
#[case("\"8.5/10\"", 0.85)]
#[case("\"8 out of 10\"", 0.8)]
#[case("\"High\"", 0.85)]
#[case("1", 1.0)]
#[case("1.09", 1.0)]
#[case("100", 1.0)]
#[case("250", 1.0)]
#[case("1e98", 1.0)]
#[case("\"1/0\"", 1.0)]
#[case("-0.3", 0.0)]
#[case("-1e308", 0.0)]
#[case("\"-5%\"", 0.0)]
#[case("\"NaN\"", 0.5)]
#[case("null", 0.5)]
#[case("[0.9]", 0.5)]
fn confidence_is_a_share_whatever_it_was(#[case] written: &str, #[case] meant: f64) {
    let answer = format!(r#"{{"recommendation":"Check the plugs.","confidence":{written}}}"#);
    assert!(
        (parsed(&answer)[0].confidence - meant).abs() < 1e-12,
        "{:?}",
        parsed(&answer)
    );
}

#[test]
fn a_number_too_large_for_json_is_out_of_range() {
    let answer = PLAIN.replace("0.85", "1e999");
    let confidences: Vec<f64> = parsed(&answer)
        .iter()
        .map(|found| found.confidence)
        .collect();
    assert_eq!(confidences, [1.0, 0.6]);
}

#[test]
fn ranks_are_renumbered_without_gaps_in_their_given_order() {
    let answer = r##"[{"rank":"Rank 7","recommendation":"third"},{"rank":-2,"recommendation":"first"},
        {"rank":"#3","recommendation":"second"},{"rank":1e300,"recommendation":"last"},
        {"rank":7,"recommendation":"fourth"}]"##;
    assert_eq!(
        texts(answer),
        ["first", "second", "third", "fourth", "last"]
    );
    let ranks: Vec<_> = parsed(answer)
        .iter()
        .map(|recommendation| recommendation.rank)
        .collect();
    assert_eq!(ranks, [1, 2, 3, 4, 5]);
}

#[test]
fn missing_ranks_keep_the_order_of_writing() {
    let answer =
        r#"[{"recommendation":"one"},{"recommendation":"two"},{"recommendation":"three"}]"#;
    assert_eq!(texts(answer), ["one", "two", "three"]);
}

#[test]
fn at_most_ten_are_kept_and_those_are_the_most_important() {
    let items: Vec<_> = (0..40)
        .map(|rank| json!({"rank": 40 - rank, "recommendation": format!("no {rank}")}))
        .collect();
    let recommendations = parsed(&Value::from(items).to_string());
    assert_eq!(recommendations.len(), MAX_RECOMMENDATIONS);
    assert_eq!(recommendations[0].recommendation, "no 39");
}

#[rstest]
#[case("Air/Fuel Ratio", "air_fuel_ratio")]
#[case("  TIMING ", "timing")]
#[case("", "general")]
#[case("--", "general")]
fn categories_are_lower_case_words(#[case] written: &str, #[case] meant: &str) {
    let answer = json!({"recommendation": "Check the plugs.", "category": written}).to_string();
    assert_eq!(parsed(&answer)[0].category, meant);
}

#[test]
fn long_texts_are_cut_and_control_characters_removed() {
    let answer = json!({"recommendation": format!("a\u{0}\n{}", "ä".repeat(9000)), "category": "x".repeat(300)});
    let recommendation = parsed(&answer.to_string()).remove(0);
    assert_eq!(
        recommendation.recommendation.chars().count(),
        MAX_TEXT_CHARS
    );
    assert!(recommendation.recommendation.starts_with("a ä"));
    assert_eq!(recommendation.category.chars().count(), MAX_CATEGORY_CHARS);
}

#[test]
fn the_search_for_json_ends_after_a_number_of_brackets() {
    use super::json_values::MAX_ATTEMPTS;

    let hidden = |brackets| "[".repeat(brackets) + PLAIN;
    assert_eq!(parsed(&hidden(MAX_ATTEMPTS - 1)).len(), 2);
    assert_eq!(parse(&hidden(MAX_ATTEMPTS)), Err(NoRecommendation));
    for bracket in ["[", "{", "{\"a\":", "[{", "é["] {
        assert_eq!(
            parse(&bracket.repeat(1_000_000 / bracket.len())),
            Err(NoRecommendation)
        );
    }
}

#[test]
fn our_own_schema_asks_for_what_the_parser_reads() {
    let schema = answer_schema(&["vacuum_leak"]);
    let item = &schema["properties"]["recommendations"]["items"]["properties"];
    for key in [
        "rank",
        "finding",
        "category",
        "recommendation",
        "confidence",
    ] {
        assert!(item[key].is_object(), "{key}");
    }
    assert_eq!(item["finding"]["enum"], json!(["vacuum_leak", "none"]));
    let answer = r#"{"recommendation":"Check the hoses.","finding":"Vacuum Leak"}"#;
    assert_eq!(parsed(answer)[0].finding.as_deref(), Some("vacuum_leak"));
}

fn any_json() -> impl Strategy<Value = Value> {
    let key = prop_oneof![
        Just("recommendation".to_owned()),
        Just("recommendations".to_owned()),
        Just("rank".to_owned()),
        Just("confidence".to_owned()),
        Just("category".to_owned()),
        Just("text".to_owned()),
        any::<String>(),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[-#]?[0-9]{1,4}[.,/%][0-9]{0,4}%?".prop_map(Value::from),
        "check the [a-z]{3,8} again".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::hash_map(key.clone(), inner, 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

fn assert_in_order(answer: &str) -> Result<(), TestCaseError> {
    let Ok(recommendations) = parse(answer) else {
        return Ok(());
    };
    prop_assert!((0..=MAX_RECOMMENDATIONS).contains(&recommendations.len()));
    for (recommendation, rank) in recommendations.iter().zip(1..) {
        prop_assert_eq!(recommendation.rank, rank);
        prop_assert!(
            (0.0..=1.0).contains(&recommendation.confidence),
            "{}",
            recommendation.confidence
        );
        prop_assert!(recommendation.recommendation.chars().count() <= MAX_TEXT_CHARS);
        prop_assert!(
            recommendation
                .recommendation
                .chars()
                .any(char::is_alphabetic)
        );
        prop_assert!((1..=MAX_CATEGORY_CHARS).contains(&recommendation.category.chars().count()));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn any_text_is_refused_or_read_in_order(answer in any::<String>()) {
        assert_in_order(&answer)?;
    }

    #[test]
    fn any_json_is_refused_or_read_in_order(value in any_json()) {
        assert_in_order(&value.to_string())?;
    }

    #[test]
    fn any_part_of_a_good_answer_is_refused_or_read_in_order(cut in 0..PLAIN.len(), noise in any::<String>()) {
        assert_in_order(&PLAIN[..cut])?;
        assert_in_order(&PLAIN[cut..])?;
        assert_in_order(&format!("{}{noise}{}", &PLAIN[..cut], &PLAIN[cut..]))?;
    }
}
