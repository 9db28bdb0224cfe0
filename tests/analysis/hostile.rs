//! Answers full of numbers from nowhere.

use serde_json::{Value, json};
use simulation::Random;

use super::findings::window;
use crate::grounding_bench::measure::hostile;
use crate::support::{Fixture, effort};

#[tokio::test]
async fn no_number_from_nowhere_is_in_a_recommendation_that_is_grounded() {
    let fixture = Fixture::with_leak(&[]).await;
    let mut random = Random::new(2);
    let mut grounded = 0;
    for round in 0..effort(20, 1_000) {
        let hostile = hostile::sentences(&mut random, 10);
        let finding = if round % 2 == 0 {
            "vacuum_leak"
        } else {
            "none"
        };
        let recommendations: Vec<Value> = hostile
            .iter()
            .zip(1..)
            .map(|(hostile, rank)| {
                json!({"rank": rank, "finding": finding, "category": "fuel", "recommendation": hostile.text, "confidence": 0.4})
            })
            .collect();
        fixture.ollama.recommends(&json!(recommendations));
        let (status, body) = fixture.analyze(&window()).await;
        assert_eq!(status, 200, "{body}");
        for found in body["recommendations"].as_array().unwrap() {
            if found["grounded"] == true {
                grounded += 1;
                let text = found["recommendation"].as_str().unwrap();
                let nowhere = hostile
                    .iter()
                    .find(|hostile| text.contains(&hostile.digits));
                assert!(nowhere.is_none(), "{text}");
            }
        }
    }
    assert!(grounded > 0, "the texts on the finding are replaced");
}
