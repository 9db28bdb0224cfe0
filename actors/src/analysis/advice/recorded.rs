//! Answers of a real model that is too small for its task: `SmolLM2` with 135 million parameters, asked about simulated drives.

use super::Review;
use super::tests::diagnosis;
use crate::analysis::evidence;
use crate::analysis::grounding::tests::{QUESTION, findings};
use crate::analysis::recommendations::parse;

/// The rules that had found something, and the answer.
const RECORDED: &str = include_str!("recorded.txt");

#[test]
fn of_the_answers_of_a_tiny_model_only_the_servers_words_remain() {
    let known = findings();
    let (mut texts, mut kept) = (0, Vec::new());
    for line in RECORDED.lines() {
        let (rules, answer) = line.split_once('\t').unwrap();
        let rules = rules.split(',').filter(|rule| !rule.is_empty());
        let diagnosis = diagnosis(rules.map(|rule| known[rule].clone()).collect());
        let mut own: Vec<String> = diagnosis.findings.iter().map(evidence::advice).collect();
        own.push(evidence::all_is_well(&diagnosis));
        let question = diagnosis.findings.iter().map(evidence::advice);
        let question = question.fold(QUESTION.to_owned(), |all, one| all + &one);
        let Ok(found) = parse(answer) else {
            continue;
        };
        texts += found.len();
        let settled = Review::new(diagnosis, &[], &question).settle(found);
        assert!(!settled.is_empty(), "{line}");
        let texts = settled.into_iter().map(|found| found.recommendation);
        kept.extend(texts.filter(|text| !own.contains(text)));
    }
    assert!(texts > 300, "{texts}");
    assert!(kept.is_empty(), "{kept:#?}");
}
