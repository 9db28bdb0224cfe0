//! From what the model recommends to what is answered.
//!
//! Findings are the diagnosis's own, evidence is attached, and what is more severe comes first. A text whose numbers cannot be
//! traced to the figures, or that is no advice at all, is replaced by the server's own words for the finding, and so is every
//! text about a finding with which the car must not be driven on. A model that gives a text that is not even a sentence is not
//! believed in its other texts.

use std::cmp::Reverse;
use std::collections::HashSet;

use super::evidence;
use super::grounding::{self, About, Facts, NotAdvice, Question};
use super::recommendations::Recommendation;
use crate::diagnosis::{Diagnosis, Finding, Tier};

/// Objections that are put to the model.
const MAX_OBJECTIONS: usize = 5;

/// Holds recommendations against the diagnosis that they are about.
#[derive(Debug)]
pub(super) struct Review {
    diagnosis: Diagnosis,
    facts: Facts,
    question: Question,
}

impl Review {
    /// `said` are lines of the prompt whose numbers are not in the diagnosis.
    pub(super) fn new(diagnosis: Diagnosis, said: &[String], prompt: &str) -> Self {
        let facts = Facts::of(&diagnosis);
        let facts = said.iter().fold(facts, |facts, line| facts.with_text(line));
        Self {
            diagnosis,
            facts,
            question: Question::new(prompt),
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
        let advice: Vec<Result<(), NotAdvice>> = recommendations
            .iter()
            .map(|found| self.is_advice(found))
            .collect();
        // Texts of a model that cannot write may look like advice by chance.
        let is_trusted = !advice
            .iter()
            .any(|advice| advice.is_err_and(NotAdvice::discredits_the_answer));
        let (mut settled, mut refused) = (Vec::new(), Vec::new());
        for (mut found, advice) in recommendations.into_iter().zip(advice) {
            let fate = self.fate(&found, advice.is_ok(), is_trusted);
            if let Err(why) = advice {
                log::debug!(why:%; "text of a recommendation replaced");
            }
            found.finding = self.finding(&found).map(|finding| finding.rule.clone());
            match fate {
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

    fn is_advice(&self, found: &Recommendation) -> Result<(), NotAdvice> {
        grounding::is_advice(&found.recommendation, self.about(found), &self.question)
    }

    fn fate(&self, found: &Recommendation, is_advice: bool, is_trusted: bool) -> Fate {
        let grounded = self.check(found).is_ok();
        match self.about(found) {
            // A wrong word here costs an engine.
            About::Finding(finding) if finding.tier == Tier::Stop => Fate::Reworded,
            About::Finding(_) if is_advice && is_trusted && grounded => Fate::Kept { grounded },
            About::Finding(_) => Fate::Reworded,
            About::NoFinding { .. } if is_advice && is_trusted => Fate::Kept { grounded },
            About::Open if is_advice => Fate::Kept { grounded },
            About::NoFinding { .. } | About::Open => Fate::Refused,
        }
    }

    /// What a recommendation is about, as the model says.
    fn about(&self, found: &Recommendation) -> About<'_> {
        match (self.finding(found), &found.finding) {
            (Some(finding), _) => About::Finding(finding),
            (None, Some(_)) => About::NoFinding {
                has_findings: !self.diagnosis.findings.is_empty(),
            },
            (None, None) => About::Open,
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

#[cfg(test)]
mod recorded;
#[cfg(test)]
mod tests;
