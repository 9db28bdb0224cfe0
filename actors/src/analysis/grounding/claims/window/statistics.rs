//! Which statistic a number is.

use super::{BOUNDARIES, Window};
use crate::analysis::grounding::facts::Statistic;
use crate::analysis::grounding::tokens::Token;
use crate::analysis::grounding::words::{Named, matches};

/// Participles that stand before a noun.
const ADJECTIVES: &[&str] = &["recommended", "allowed", "permitted", "expected"];
/// Words behind a number that begin the next clause.
const CLAUSE_WORDS: &[&str] = &[
    "hit", "hits", "reach", "reaches", "rose", "fell", "dropped", "drops", "down", "up", "peaks",
    "spikes", "as", "sat", "held",
];

impl Window<'_> {
    fn statistics_before(&self) -> Option<(usize, &'static [Statistic])> {
        let mut found = None;
        for (index, mention) in self.mentions.iter().enumerate() {
            if mention.start < self.cut || mention.end > self.place {
                continue;
            }
            match mention.what {
                Named::Statistic(statistics) if !statistics.is_empty() => {
                    found = Some((index, statistics, mention.end));
                }
                // "While RPM peaked early, coolant was 91 °C": another clause.
                Named::Subject(_, false) => {
                    if let Some((_, _, end)) = found
                        && end > 3
                        && (end..mention.start).any(|place| self.is_boundary(place))
                    {
                        found = None;
                    }
                }
                _ => {}
            }
        }
        found.map(|(index, statistics, _)| (index, statistics))
    }

    fn is_boundary(&self, place: usize) -> bool {
        match &self.tokens[place] {
            Token::Mark(mark) => *mark == ',',
            Token::Word(word) => BOUNDARIES.contains(&word.as_str()),
            _ => false,
        }
    }

    /// "never reached", "at no point did it reach"; "not ignore a lowest" is none.
    pub(in super::super) fn is_statistic_negated(&self, negations: &[&str]) -> bool {
        let Some(mention) = self
            .statistics_before()
            .map(|(index, _)| self.mentions[index])
        else {
            return false;
        };
        let from = self.cut.max(mention.start.saturating_sub(3));
        let near = (from..mention.start).any(|at| {
            negations.iter().any(|phrase| {
                matches(&self.tokens[..mention.start], at, phrase)
                    .is_some_and(|length| at + length + 1 >= mention.start)
            })
        });
        near || self.has_before(
            &["at no point", "at no time", "not once", "at no stage"],
            30,
        )
    }

    pub(in super::super) fn nearest_statistic(&self) -> Option<Statistic> {
        self.statistics_before()
            .and_then(|(_, statistics)| statistics.first().copied())
    }

    /// The statistic that is named for the number: before it, or behind it as a noun.
    pub(in super::super) fn statistics(&self, used: &mut [bool]) -> Vec<Statistic> {
        let before = self
            .statistics_before()
            .filter(|(index, _)| !used[*index])
            .map(|(_, statistics)| statistics);
        let behind = self.statistic_behind();
        // "sat at 106 km/h at its peak".
        let vague = before.is_some_and(|statistics| statistics.len() > 1);
        match (before, behind) {
            (Some(before), None) => before.to_vec(),
            (Some(before), Some(_)) if !vague => before.to_vec(),
            (_, Some((index, behind))) => {
                used[index] = true;
                behind.to_vec()
            }
            (None, None) => Vec::new(),
        }
    }

    /// A noun behind the number.
    fn statistic_behind(&self) -> Option<(usize, &'static [Statistic])> {
        let behind = self.mentions.iter().enumerate().find(|(_, mention)| {
            mention.start > self.last
                && mention.end <= self.close
                && mention.start <= self.last + 5
                // "(limit 78 °C)": of the next number.
                && (mention.end < self.end || self.end == self.tokens.len())
                && matches!(mention.what, Named::Statistic(_))
        });
        if let Some((index, mention)) = behind
            && let Named::Statistic(statistics) = mention.what
            && !statistics.is_empty()
            && self.is_a_noun(mention.start)
            && !self.mentions.iter().any(|other| {
                matches!(other.what, Named::Subject(_, false))
                    && other.start > self.last
                    && other.end <= mention.start
            })
        {
            return Some((index, statistics));
        }
        self.statistic_introduced()
    }

    /// "At 78 °C, the average coolant temperature": of what a number at the start of the sentence introduces.
    fn statistic_introduced(&self) -> Option<(usize, &'static [Statistic])> {
        if self.place > 2 {
            return None;
        }
        let (index, mention) = self
            .mentions
            .iter()
            .enumerate()
            .find(|(_, mention)| mention.start > self.last)?;
        match mention.what {
            Named::Statistic(statistics)
                if !statistics.is_empty()
                    && mention.end <= self.end
                    && mention.start <= self.last + 4 =>
            {
                Some((index, statistics))
            }
            _ => None,
        }
    }

    /// Of a statistic behind a number: verbs begin the next clause.
    fn is_a_noun(&self, place: usize) -> bool {
        let Some(word) = self.tokens[place].word() else {
            return false;
        };
        let next = self.tokens.get(place + 1).and_then(Token::word);
        if word == "averaged" && matches!(next, Some("across" | "over")) {
            return true;
        }
        let is_participle = word.ends_with("ed") && !ADJECTIVES.contains(&word);
        !is_participle && !word.ends_with("ing") && !CLAUSE_WORDS.contains(&word)
    }
}
