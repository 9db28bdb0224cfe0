//! The model's answer is validated.

use rstest::rstest;
use serde_json::{Value, json};

use super::request;
use crate::support::Fixture;

fn chat(content: &str, further: &Value) -> Value {
    let mut chat = json!({"message": {"content": content}, "done": true, "done_reason": "stop"});
    for (name, value) in further.as_object().unwrap() {
        chat[name] = value.clone();
    }
    chat
}

#[rstest]
#[case::ended_for_length(chat("{\"recommendations\":[{\"recommendation\":\"Lo", &json!({"done_reason": "length"})), "cut off")]
#[case::prompt_was_cut(chat("{}", &json!({"prompt_eval_count": 8192})), "prompt was cut")]
#[case::only_thoughts(json!({"message": {"content": "", "thinking": "Hm."}}), "only thought")]
#[case::error_with_status_200(json!({"error": "out of memory"}), "out of memory")]
#[case::no_recommendation(chat("I am only a model.", &json!({})), "no recommendation")]
#[case::empty(chat(" ", &json!({})), "empty")]
#[case::not_ollama(json!({"hello": "world"}), "not one of Ollama's")]
#[tokio::test]
async fn an_unusable_answer_is_never_a_success(#[case] said: Value, #[case] why: &str) {
    let fixture = Fixture::with_drive().await;
    fixture.ollama.answers(200, &said);
    let (status, body) = fixture.analyze(&request()).await;
    assert_eq!(
        (status, &body["detail"]),
        (502, &json!("Ollama error")),
        "{body}"
    );
    let reported = body["ollamaError"].as_str().unwrap();
    assert!(reported.contains(why), "{reported}");
    let past = fixture.history().await;
    assert_eq!(past.status, "failed");
    assert!(past.error.unwrap().contains(why));
    assert_eq!(
        fixture.database.count("ai_recommendations", "TRUE").await,
        0
    );
}

#[tokio::test]
async fn answers_that_deviate_from_the_schema_are_parsed_and_clamped() {
    let fixture = Fixture::with_drive().await;
    fixture.ollama.says(
        "Sure! ```json\n[{\"recommendation\": \"Check the thermostat.\", \"confidence\": \"85%\"}, \
         {\"rank\": \"7\", \"recommendation\": \"RPM reached 9000 rpm.\", \"confidence\": 1e98}]\n```",
    );
    let (status, body) = fixture.analyze(&request()).await;
    assert_eq!(status, 200, "{body}");
    let (first, second) = (&body["recommendations"][0], &body["recommendations"][1]);
    assert_eq!(
        (&first["rank"], &first["confidence"]),
        (&json!(1), &json!(0.85))
    );
    assert_eq!(
        (&first["grounded"], &second["grounded"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(second["rank"], 2);
    let bounded = "JSON_EXTRACT(extra, '$.confidence') BETWEEN 0 AND 1";
    assert_eq!(
        fixture.database.count("ai_recommendations", bounded).await,
        2
    );
}

#[tokio::test]
async fn an_explicit_empty_list_is_a_success_without_recommendations() {
    let fixture = Fixture::with_drive().await;
    fixture.ollama.recommends(&json!([]));
    let (status, body) = fixture.analyze(&request()).await;
    assert_eq!(
        (status, &body["recommendations"]),
        (200, &json!([])),
        "{body}"
    );
    assert_eq!(fixture.history().await.status, "success");
}

#[tokio::test]
async fn whole_recommendations_of_an_answer_that_was_cut_count() {
    let fixture = Fixture::with_drive().await;
    let cut =
        "{\"recommendations\":[{\"recommendation\":\"Log the trims.\"},{\"recommendation\":\"Lo";
    let answer = chat(cut, &json!({"done_reason": "length"}));
    fixture.ollama.answers(200, &answer);
    let (status, body) = fixture.analyze(&request()).await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(
        body["recommendations"][0]["recommendation"],
        "Log the trims."
    );
    assert_eq!(body["recommendations"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn at_most_ten_recommendations_are_kept_and_the_last_ones_share_a_priority() {
    let fixture = Fixture::with_drive().await;
    let many: Vec<Value> = (1..=14)
        .map(|rank| json!({"rank": rank, "recommendation": format!("Advice number {rank}.")}))
        .collect();
    fixture.ollama.recommends(&json!(many));
    let (_, body) = fixture.analyze(&request()).await;
    let found = body["recommendations"].as_array().unwrap().iter();
    let ranks: Vec<u64> = found.map(|found| found["rank"].as_u64().unwrap()).collect();
    assert_eq!(ranks, (1..=10).collect::<Vec<_>>());
    assert_eq!(
        fixture
            .database
            .count("ai_recommendations", "priority_rank = 5")
            .await,
        6
    );
}

#[tokio::test]
async fn the_prompt_contains_the_car_the_statistics_and_the_answer_schema() {
    let fixture = Fixture::with_drive().await;
    let car = json!({
        "vin": "4A3AK34Y5XE000000", "make": "MITSUBISHI", "model": "Eclipse", "year": 1998, "engine": "2.0L Turbo",
    });
    fixture.store(&json!({"vehicle_info": [car]})).await;
    assert_eq!(fixture.analyze(&request()).await.0, 200);
    let question = fixture.ollama.questions().remove(0);
    assert_eq!(
        (&question["model"], &question["stream"]),
        (&json!("gemma2:2b"), &json!(false))
    );
    assert_eq!(question["options"]["num_ctx"], 8192);
    assert!(question["options"]["num_predict"].as_u64() > Some(0));
    assert_eq!(question["format"]["required"], json!(["recommendations"]));
    let system = question["messages"][0]["content"].as_str().unwrap();
    assert!(system.contains("1998 Mitsubishi Eclipse"), "{system}");
    let user = question["messages"][1]["content"].as_str().unwrap();
    for line in [
        "Vehicle: 1998 MITSUBISHI Eclipse, engine: 2.0L Turbo",
        "Focus: air_fuel_ratio; timing",
        // 17 readings, from 2500 to 2548 in steps of 3.
        "RPM: count 17, min 2500, avg 2524, max 2548 rpm",
        "COOLANT_TEMP: count 16, min 92, avg 115, max 137 °C",
    ] {
        assert!(user.lines().any(|found| found == line), "{line}\n{user}");
    }
    assert!(
        user.contains("50 readings of 3 parameters over 10."),
        "{user}"
    );
}

#[tokio::test]
async fn a_truncated_prompt_is_shortened_and_sent_again_once() {
    let fixture = Fixture::with_drive().await;
    fixture
        .ollama
        .answers(200, &chat("{}", &json!({"prompt_eval_count": 8192})));
    assert_eq!(fixture.analyze(&request()).await.0, 502);
    let questions = fixture.ollama.questions();
    assert_eq!(questions.len(), 2);
    assert_eq!(
        questions[0]["options"]["num_ctx"],
        questions[1]["options"]["num_ctx"]
    );
}
