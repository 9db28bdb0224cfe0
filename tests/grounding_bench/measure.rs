//! Makes true and false sentences and counts what the check says about them.

pub(crate) mod drives;
#[allow(dead_code)] // For the tests, which share these files with the bench.
pub(crate) mod hostile;
mod kinds;
mod numbers;
pub(crate) mod phrasings;
mod tally;
mod truth;

use actors::analysis::grounding::{Facts, check};
use simulation::Random;

use self::phrasings::Phrasings;
pub(crate) use self::tally::Tally;
use self::truth::Truth;

/// How often each template is filled in for each drive.
const ROUNDS: usize = 1;

/// A true sentence, and the same with one thing changed that makes it false.
pub(crate) struct Made {
    pub(crate) kind: &'static str,
    pub(crate) text: String,
    /// The finding that the sentence is said of.
    pub(crate) finding: Option<String>,
    pub(crate) mutants: Vec<(&'static str, String)>,
}

/// Checks sentences in these phrasings on this number of drives.
pub(crate) fn measure(phrasings: &Phrasings, drives: u64, verbose: bool) -> Tally {
    let mut tally = Tally::default();
    for seed in 0..drives {
        let diagnosis = drives::diagnosis(seed);
        let facts = Facts::of(&diagnosis);
        let truth = Truth::new(&diagnosis);
        let mut random = Random::new(seed);
        for _ in 0..ROUNDS {
            for made in kinds::sentences(&truth, phrasings, &mut random) {
                let finding = made.finding.as_deref();
                let said = check(&made.text, finding, &facts);
                if verbose && let Err(objections) = &said {
                    println!(
                        "FALSE ALARM [{}] {} -> {}",
                        made.kind, made.text, objections[0]
                    );
                }
                tally.say_true(made.kind, said.is_ok());
                for (mutation, text) in &made.mutants {
                    let caught = check(text, finding, &facts).is_err();
                    if verbose && !caught {
                        println!(
                            "MISSED [{} / {mutation}] {text}    (true: {})",
                            made.kind, made.text
                        );
                    }
                    tally.say_false(mutation, caught);
                }
            }
        }
    }
    tally
}
