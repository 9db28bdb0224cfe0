//! Checks the numbers of a model's text against the computed figures of the drive.
//!
//! Every number must be traceable: to a figure of the channel, the state and the statistic that the text names, to a
//! difference of such figures, to a duration, a share of time or a limit of the diagnosis. What cannot be traced is
//! objected to, in a sentence that can be put back to the model. Pure: text and figures in, objections out.

mod advice;
mod claims;
mod facts;
mod judge;
mod names;
mod numbers;
mod spelled;
mod subject;
mod tokens;
mod words;

use std::fmt;

#[cfg(test)]
pub(crate) use self::advice::tests;
pub use self::advice::{About, NotAdvice, Question, is_advice};
use self::claims::{Context, claims};
pub use self::facts::Facts;
use self::tokens::Token;

/// Why a number of a text is not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objection {
    /// As the text has it.
    number: String,
    reason: String,
}

impl fmt::Display for Objection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "\"{}\": {}", self.number, self.reason)
    }
}

/// Whether every number in `text` is traceable to `facts`. `finding` is the rule that the text names: what it leaves
/// open is taken to be about that finding.
pub fn check(text: &str, finding: Option<&str>, facts: &Facts) -> Result<(), Vec<Objection>> {
    let finding = finding.and_then(|rule| facts.rules.iter().position(|known| known == rule));
    let mut context = Context::default();
    let mut objections = Vec::new();
    for tokens in tokens::sentences(text) {
        for token in &tokens {
            if let Token::Name(name) = token
                && name.chars().any(char::is_numeric)
                && !names::is_known(name, |name| facts.names.contains(name))
            {
                objections.push(Objection {
                    number: name.clone(),
                    reason: "it is neither a number nor a name that the diagnosis uses".to_owned(),
                });
            }
        }
        for claim in claims(&tokens, &mut context) {
            if let Err(reason) = judge::judge(&claim, facts, finding) {
                objections.push(Objection {
                    number: claim.written(),
                    reason,
                });
            }
        }
    }
    if objections.is_empty() {
        Ok(())
    } else {
        Err(objections)
    }
}
