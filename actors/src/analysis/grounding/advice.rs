//! Distinguishes advice about a drive from text that only looks like it.
//!
//! A weak model fills the schema with pieces of the question, half sentences and inventions. Advice is made of whole
//! sentences, one of which asks for something to be done to a part that has to do with the finding; or it says little more
//! than the finding itself. In doubt a text is refused: the server's own words for the finding take its place.

mod echo;
mod form;
mod request;
mod topic;

use std::fmt;

pub use self::echo::Question;
use self::form::Text;
use crate::diagnosis::Finding;

/// Why a text is no advice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAdvice {
    /// Fewer words than a sentence has.
    TooShort,
    /// Braces, placeholders or the words of the answer's schema.
    Template,
    /// Mostly digits, identifiers, underscores or marks.
    NoWords,
    /// The same words again and again.
    Repetition,
    /// Taken from the prompt, or about it.
    Echo,
    /// It speaks of findings, which the driver does not know.
    Jargon,
    /// It does not begin as a sentence does, or breaks off.
    NotWhole,
    /// Nothing is asked to be done about what was found.
    NoRequest,
    /// The contrary of what was found.
    Contradiction,
}

impl NotAdvice {
    /// Whether a model that can write sentences never gives such a text: its other texts are no more reliable.
    pub fn discredits_the_answer(self) -> bool {
        !matches!(self, Self::Jargon | Self::NoRequest | Self::Contradiction)
    }
}

impl fmt::Display for NotAdvice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::TooShort => "the text is shorter than a sentence",
            Self::Template => "the text holds a placeholder or a part of the answer's schema",
            Self::NoWords => "the text is mostly digits, identifiers or marks",
            Self::Repetition => "the text repeats itself",
            Self::Echo => "the text repeats the question",
            Self::Jargon => "the text speaks of findings",
            Self::NotWhole => "the text is no whole sentence",
            Self::NoRequest => "the text asks for nothing to be done about what was found",
            Self::Contradiction => "the text says the contrary of what was found",
        })
    }
}

impl std::error::Error for NotAdvice {}

/// What a text is said about.
#[derive(Clone, Copy, Debug)]
pub enum About<'a> {
    /// The finding that it names.
    Finding(&'a Finding),
    /// No finding, as the model states; whether the drive has any.
    NoFinding {
        /// Whether something was found in the drive.
        has_findings: bool,
    },
    /// Left open by a model that does not follow the schema.
    Open,
}

/// Whether a text is advice about what it claims to be about, and not taken from the question.
pub fn is_advice(text: &str, about: About<'_>, question: &Question) -> Result<(), NotAdvice> {
    let own = match about {
        About::Finding(finding) => topic::own_words(finding),
        About::NoFinding { .. } | About::Open => String::new(),
    };
    let text = Text::of(text);
    form::check(&text)?;
    if question.is_echoed(&text, &own) {
        return Err(NotAdvice::Echo);
    }
    // Short or unusual wording does no harm.
    if matches!(about, About::Open) {
        return Ok(());
    }
    form::is_whole(&text)?;
    if echo::speaks_of_findings(&text) {
        return Err(NotAdvice::Jargon);
    }
    match about {
        About::Finding(finding) => topic::is_about(&text, finding),
        About::NoFinding { has_findings } => topic::is_remark(&text, has_findings),
        About::Open => Ok(()),
    }
}

#[cfg(test)]
pub(crate) mod tests;
