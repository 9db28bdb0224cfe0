//! Which channel a number is of, and in which state.

use super::Window;
use crate::analysis::grounding::claims::{Context, States, fits, is_a_trim, narrowed};
use crate::analysis::grounding::numbers::Reading;
use crate::analysis::grounding::subject::Subject;
use crate::analysis::grounding::tokens::Token;
use crate::analysis::grounding::words::{Named, matches};
use crate::diagnosis::EngineState;
use crate::diagnosis::units::{Dimension, Unit};

/// Words between a number and a channel that belong to it: "92 °C of coolant".
const ATTACHING: &[&str] = &[
    "of", "for", "in", "on", "the", "its", "your", "at", "as", "peak", "maximum", "average",
    "mean", "minimum", "median", "from", "total", "is", "was", "were", "lowest", "highest",
    "combined", "to",
];
#[rustfmt::skip]
const WHOLE: &[&str] = &[
    "overall", "whole drive", "entire drive", "full drive", "across the drive", "during the drive", "over the drive", "throughout the drive", "complete drive",
    "for the drive", "on this drive", "whole trip", "entire trip", "across the trip", "during this drive", "over this drive", "in this drive",
];

impl Window<'_> {
    /// The channel that the number is of; an error for a channel that has another unit.
    pub(in super::super) fn subject(
        &self,
        reading: &Reading,
        context: &Context,
    ) -> Result<Subject, Subject> {
        if reading.unit.is_some_and(|unit| {
            matches!(
                unit.dimension(),
                Dimension::Time | Dimension::Distance | Dimension::Volume | Dimension::Frequency
            )
        }) {
            return Ok(Subject::NONE);
        }
        let subjects: Vec<(usize, usize, Subject)> = self
            .mentions
            .iter()
            .filter_map(|mention| match mention.what {
                Named::Subject(subject, open) => {
                    let specific = self.mentions.iter().any(|other| {
                        matches!(other.what, Named::Subject(others, false) if others.meets(subject) || (is_a_trim(others) && is_a_trim(subject)))
                    });
                    (!(open && specific)).then_some((mention.start, mention.end, subject))
                }
                Named::State(_, subject) if !subject.is_none() => {
                    Some((mention.start, mention.end, subject))
                }
                _ => None,
            })
            .collect();
        let before = |from: usize| {
            subjects
                .iter()
                .rev()
                .find(move |(start, end, _)| *start >= from && *end <= self.place)
        };
        let near = before(self.cut).or_else(|| before(self.begin));
        if let Some((_, _, subject)) = near
            && fits(*subject, reading)
        {
            return Ok(narrowed(*subject, reading));
        }
        let attached = subjects.iter().find(|(start, end, _)| {
            *start > self.last
                && *end <= self.close
                && (self.last + 1..*start).all(|place| {
                    matches!(&self.tokens[place], Token::Mark('(' | '-'))
                        || self.tokens[place]
                            .word()
                            .is_some_and(|word| ATTACHING.contains(&word))
                })
        });
        if let Some((_, _, subject)) = attached
            && fits(*subject, reading)
        {
            return Ok(narrowed(*subject, reading));
        }
        if let Some((start, end, subject)) = near
            && let Some(unit) = reading.unit
            && self.is_predicate(*start, *end, unit)
        {
            return Err(*subject);
        }
        let fitting = |(_, _, subject): &&(usize, usize, Subject)| fits(*subject, reading);
        let earlier = subjects
            .iter()
            .filter(|(_, end, _)| *end <= self.begin)
            .rev();
        let later = subjects.iter().filter(|(start, _, _)| *start > self.last);
        if let Some((_, _, subject)) = earlier.chain(later).find(fitting) {
            return Ok(narrowed(*subject, reading));
        }
        if reading.unit.is_none() {
            return Ok(Subject::NONE);
        }
        let introduced = (self.place <= 3)
            .then(|| subjects.iter().find(|(start, _, _)| *start > self.last))
            .flatten();
        if let Some((_, _, subject)) = attached.or(introduced) {
            return Err(*subject);
        }
        let carried = context
            .subjects
            .iter()
            .rev()
            .find(|subject| fits(**subject, reading));
        Ok(carried.map_or(Subject::NONE, |subject| narrowed(*subject, reading)))
    }

    /// Whether the number is said of what is named from `start` to `from`.
    fn is_predicate(&self, start: usize, from: usize, unit: Unit) -> bool {
        // "the coolant at 2,400 rpm".
        let condition = matches!(unit.dimension(), Dimension::Rotation | Dimension::Speed)
            && self
                .directly_before(&["at", "above", "below", "near", "around", "over", "under"])
                .is_some();
        if !condition && self.place <= from + 7 {
            return true;
        }
        let statistic = self.mentions.iter().any(|mention| {
            matches!(mention.what, Named::Statistic(_))
                && ((mention.start >= from && mention.end <= self.place) || mention.end == start)
        });
        statistic
            || (from..self.place).any(|place| matches!(self.tokens[place], Token::Mark(':' | '=')))
            || self.words(from, self.place).any(|(_, word)| {
                matches!(
                    word,
                    "was"
                        | "is"
                        | "were"
                        | "are"
                        | "reads"
                        | "read"
                        | "showed"
                        | "shows"
                        | "of"
                        | "exceeded"
                        | "stayed"
                        | "remained"
                        | "rose"
                        | "fell"
                        | "dropped"
                        | "climbed"
                        | "went"
                        | "ranged"
                        | "ran"
                        | "never"
                        | "varied"
                )
            })
    }

    /// The states of the sentence; the end before the start in "from idle to cruise".
    pub(in super::super) fn all_states(&self) -> Vec<EngineState> {
        let states = self
            .mentions
            .iter()
            .filter_map(|mention| match mention.what {
                Named::State(states, _) => Some((mention.start, states)),
                _ => None,
            });
        let follows_from =
            |start: usize| start > 0 && self.tokens[start - 1].word() == Some("from");
        let from = states.clone().any(|(start, _)| follows_from(start));
        let mut states: Vec<EngineState> = states.flat_map(|(_, states)| states).copied().collect();
        if from {
            states.reverse();
        }
        states
    }

    pub(in super::super) fn states(&self) -> States {
        let states: Vec<(usize, usize, &'static [EngineState])> = self
            .mentions
            .iter()
            .filter_map(|mention| match mention.what {
                Named::State(states, _) => Some((mention.start, mention.end, states)),
                _ => None,
            })
            .collect();
        let said = |states: &[EngineState]| States::Some(states.to_vec());
        let is_whole = |from: usize, to: usize| {
            (from..to).any(|at| {
                WHOLE
                    .iter()
                    .any(|phrase| matches(&self.tokens[..to], at, phrase).is_some())
            })
        };
        if let Some((_, _, found)) = states
            .iter()
            .find(|(start, end, _)| *start > self.last && *end <= self.close)
        {
            return said(found);
        }
        if is_whole(self.last + 1, self.close) || is_whole(self.cut, self.place) {
            return States::WholeDrive;
        }
        if let Some((_, _, found)) = states.iter().rev().find(|(_, end, _)| *end <= self.place) {
            return said(found);
        }
        if is_whole(0, self.tokens.len()) {
            return States::WholeDrive;
        }
        match states.as_slice() {
            [(_, _, only)] => said(only),
            _ => States::Unsaid,
        }
    }
}
