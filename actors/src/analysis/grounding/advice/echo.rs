//! Text that is taken from the question, or about it.

use std::collections::HashSet;

use super::form::Text;

/// Words in a row that are no coincidence.
const RUN: usize = 5;

/// What the question calls the parts of an answer.
#[rustfmt::skip]
const TERMS: &[&str] = &[
    "the finding is", "the finding that", "the finding of", "the find is", "the find which", "the find of", "this find ", "the finder", "the id of", "theid of", "focus area", "the category", "the recommendation", "this recommendation",
    "recommendation:", "confidence:", "whole sentences", "words at most", "the user", "the prompt", "the instruction", "language model", "as an ai",
    "the driver:", "what was not judged", "what is wrong, why", "the car and the drive",
];

/// What a model was asked.
#[derive(Debug)]
pub struct Question {
    runs: HashSet<String>,
}

/// Whether a text speaks of findings, which the driver does not know.
pub(super) fn speaks_of_findings(text: &Text) -> bool {
    text.words().iter().any(|word| word.starts_with("finding"))
}

impl Question {
    /// The prompt, in all its parts.
    pub fn new(prompt: &str) -> Self {
        let text = Text::of(prompt);
        let words = text.words();
        Self {
            runs: words.windows(RUN).map(|run| run.join(" ")).collect(),
        }
    }

    /// Whether a text speaks of the question, or most of it stands there word for word, outside the finding's own words.
    pub(super) fn is_echoed(&self, text: &Text, own: &str) -> bool {
        if TERMS.iter().any(|term| text.lower().contains(term)) {
            return true;
        }
        let own = Self::new(own);
        let words = text.words();
        let mut echoed = vec![false; words.len()];
        for (place, run) in words.windows(RUN).enumerate() {
            let run = run.join(" ");
            if self.runs.contains(&run) && !own.runs.contains(&run) {
                echoed[place..place + RUN].fill(true);
            }
        }
        echoed.iter().filter(|echoed| **echoed).count() * 2 > words.len()
    }
}
