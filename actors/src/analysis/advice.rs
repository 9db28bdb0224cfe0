//! From what the model recommends to what is answered.
//!
//! Findings are the diagnosis's own, evidence is attached, and what is more severe comes first. A text whose numbers cannot be
//! traced to the figures, or that is no advice at all, is replaced by the server's own words for the finding.

use std::cmp::Reverse;
use std::collections::HashSet;

use super::evidence;
use super::grounding::{self, Facts, NotAdvice};
use super::recommendations::Recommendation;
use crate::diagnosis::{Diagnosis, Finding};

/// Objections that are put to the model.
const MAX_OBJECTIONS: usize = 5;

/// What the question calls the parts of an answer, and signs of a template.
const QUESTION_TERMS: [&str; 9] = [
    "the finding ",
    "this finding ",
    "the find is",
    "focus area",
    "the category",
    "the recommendation",
    "this recommendation",
    "{%",
    "%}",
];

/// Holds recommendations against the diagnosis that they are about.
#[derive(Debug)]
pub(super) struct Review {
    diagnosis: Diagnosis,
    facts: Facts,
    /// What the model was asked: its own words are no advice.
    prompt: String,
}

impl Review {
    /// `said` are lines of the prompt whose numbers are not in the diagnosis.
    pub(super) fn new(diagnosis: Diagnosis, said: &[String], prompt: String) -> Self {
        let facts = Facts::of(&diagnosis);
        let facts = said.iter().fold(facts, |facts, line| facts.with_text(line));
        Self {
            diagnosis,
            facts,
            prompt,
        }
    }

    /// The numbers that cannot be traced, each with the reason; to be put to the model.
    pub(super) fn objections(&self, recommendations: &[Recommendation]) -> Vec<String> {
        let objections = recommendations
            .iter()
            .filter_map(|found| self.check(found).err())
            .flatten();
        objections.take(MAX_OBJECTIONS).collect()
    }

    /// The recommendations as they are answered: as many as were given, except for texts that are no advice, where every
    /// finding has some already, and for those that came to the same words.
    pub(super) fn settle(&self, recommendations: Vec<Recommendation>) -> Vec<Recommendation> {
        let (mut settled, mut refused) = (Vec::new(), Vec::new());
        for mut found in recommendations {
            found.finding = self.finding(&found).map(|finding| finding.rule.clone());
            match self.fate(&found) {
                Fate::Kept { grounded } => settled.push(Recommendation { grounded, ..found }),
                Fate::Reworded => settled.push(self.reworded(found)),
                Fate::Refused => refused.push(found),
            }
        }
        for mut found in refused {
            let is_named = |rule: &str| {
                settled
                    .iter()
                    .any(|other| other.finding.as_deref() == Some(rule))
            };
            let unnamed = self
                .diagnosis
                .findings
                .iter()
                .find(|finding| !is_named(&finding.rule));
            if let Some(finding) = unnamed {
                found.finding = Some(finding.rule.clone());
                settled.push(self.reworded(found));
            } else if settled.is_empty() {
                let recommendation = evidence::all_is_well(&self.diagnosis);
                settled.push(Recommendation {
                    recommendation,
                    category: "general".to_owned(),
                    ..found
                });
            }
        }
        let mut told = HashSet::new();
        settled.retain(|found| told.insert(found.recommendation.clone()));
        self.in_order(settled)
    }

    fn fate(&self, found: &Recommendation) -> Fate {
        let text = &found.recommendation;
        let finding = self.finding(found);
        let advice = grounding::is_advice(text, finding, &self.prompt);
        match (advice, finding, self.check(found)) {
            (_, None, _) if is_about_the_question(text) => Fate::Refused,
            (_, Some(_), _) if is_about_the_question(text) => Fate::Reworded,
            (Ok(()), _, Ok(())) => Fate::Kept { grounded: true },
            (_, Some(_), _) => Fate::Reworded,
            (Err(why), None, _) if is_gibberish(why, text) => Fate::Refused,
            // Short or unusual wording about no finding does no harm.
            (_, None, checked) => Fate::Kept {
                grounded: checked.is_ok(),
            },
        }
    }

    fn check(&self, found: &Recommendation) -> Result<(), Vec<String>> {
        let finding = self.finding(found).map(|finding| finding.rule.as_str());
        let checked = grounding::check(&found.recommendation, finding, &self.facts);
        checked.map_err(|objections| objections.iter().map(ToString::to_string).collect())
    }

    /// The finding that a recommendation names.
    fn finding(&self, found: &Recommendation) -> Option<&Finding> {
        let rule = found.finding.as_deref()?;
        let mut findings = self.diagnosis.findings.iter();
        findings.find(|finding| finding.rule == rule)
    }

    /// In the server's own words, which are true.
    fn reworded(&self, mut found: Recommendation) -> Recommendation {
        if let Some(finding) = self.finding(&found) {
            found.recommendation = evidence::advice(finding);
            found.confidence = finding.confidence;
        }
        found.grounded = true;
        found
    }

    /// With evidence; those of more severe findings first, then as the model ordered them.
    fn in_order(&self, mut recommendations: Vec<Recommendation>) -> Vec<Recommendation> {
        for found in &mut recommendations {
            let rule = found.finding.as_deref();
            found.evidence =
                rule.and_then(|rule| evidence::of_rule(rule, &self.diagnosis.findings));
        }
        let tier = |found: &Recommendation| found.evidence.as_ref().map(|evidence| evidence.tier);
        recommendations.sort_by_key(|found| (Reverse(tier(found)), found.rank));
        for (found, rank) in recommendations.iter_mut().zip(1..) {
            found.rank = rank;
        }
        recommendations
    }
}

/// The decision about a recommendation's text.
enum Fate {
    Kept { grounded: bool },
    Reworded,
    Refused,
}

/// Whether a text speaks of the question's own terms instead of the car.
fn is_about_the_question(text: &str) -> bool {
    let text = text.to_lowercase();
    QUESTION_TERMS.iter().any(|term| text.contains(term))
}

/// Whether a text that is no advice is not even words.
fn is_gibberish(why: NotAdvice, text: &str) -> bool {
    match why {
        NotAdvice::Template
        | NotAdvice::NoWords
        | NotAdvice::Repetition
        | NotAdvice::Echo
        | NotAdvice::NotEnglish => true,
        NotAdvice::TooShort => {
            let words = text.split_whitespace();
            words
                .filter(|word| word.chars().any(char::is_alphabetic))
                .count()
                < 2
        }
        NotAdvice::NoVerb | NotAdvice::OffTopic => false,
    }
}

#[cfg(test)]
mod tests;
