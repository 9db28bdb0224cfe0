//! The check of numbers in advice, on a few of the sentences of `tests/grounding_bench`.

use crate::grounding_bench::measure;
use measure::phrasings::{FIRST, SECOND, THIRD};

#[test]
fn true_numbers_are_accepted_and_false_ones_objected_to() {
    for (phrasings, most_alarms, least_recall) in [
        (&FIRST, 0.015, 0.985),
        (&SECOND, 0.015, 0.985),
        (&THIRD, 0.06, 0.92),
    ] {
        let tally = measure::measure(phrasings, 6, false);
        let ((sentences, alarms), (mutants, recall)) = (tally.false_alarms(), tally.recall());
        assert!(sentences > 200 && mutants > 400, "{sentences}, {mutants}");
        assert!(alarms <= most_alarms, "{alarms} of {sentences}");
        assert!(recall >= least_recall, "{recall} of {mutants}");
    }
}
