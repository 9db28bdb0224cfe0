//! The check of numbers in advice, on a few of the sentences of `tests/grounding_bench`.

use actors::analysis::grounding::{Facts, check};
use simulation::Random;

use crate::grounding_bench::measure;
use measure::phrasings::{FIRST, FOURTH, SECOND, THIRD};

#[test]
fn true_numbers_are_accepted_and_false_ones_objected_to() {
    for (phrasings, most_alarms, least_recall) in [
        (&FIRST, 0.015, 0.985),
        (&SECOND, 0.015, 0.985),
        (&THIRD, 0.02, 0.98),
        (&FOURTH, 0.02, 0.98),
    ] {
        let tally = measure::measure(phrasings, 6, false);
        let ((sentences, alarms), (mutants, recall)) = (tally.false_alarms(), tally.recall());
        assert!(sentences > 200 && mutants > 400, "{sentences}, {mutants}");
        assert!(alarms <= most_alarms, "{alarms} of {sentences}");
        assert!(recall >= least_recall, "{recall} of {mutants}");
    }
}

#[test]
fn of_ten_thousand_sentences_with_numbers_from_nowhere_none_is_accepted() {
    let diagnosis = measure::drives::diagnosis(9);
    let facts = Facts::of(&diagnosis);
    let rule = diagnosis
        .findings
        .first()
        .map(|finding| finding.rule.as_str());
    let mut random = Random::new(1);
    for hostile in measure::hostile::sentences(&mut random, 10_000) {
        for finding in [None, rule] {
            let checked = check(&hostile.text, finding, &facts);
            assert!(checked.is_err(), "{}", hostile.text);
        }
    }
}
