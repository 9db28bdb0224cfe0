//! The words around a number.

use super::{Context, Mentions, Relation, Side, States, fits, is_a_trim, narrowed};
use crate::analysis::grounding::facts::Statistic;
use crate::analysis::grounding::numbers::{Number, Reading};
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
/// Participles that stand before a noun.
const ADJECTIVES: &[&str] = &["recommended", "allowed", "permitted", "expected"];
/// Words behind a number that begin the next clause.
const CLAUSE_WORDS: &[&str] = &[
    "hit", "hits", "reach", "reaches", "rose", "fell", "dropped", "drops", "down", "up", "peaks",
    "spikes", "as", "sat", "held",
];

/// A number, or the two of a range, in its sentence.
pub(super) struct Window<'a> {
    tokens: &'a [Token],
    mentions: Mentions<'a>,
    /// The first number's place.
    place: usize,
    /// The last number's place.
    last: usize,
    /// Behind the number before.
    begin: usize,
    /// The same, behind the first boundary after it.
    cut: usize,
    /// At the next boundary or number.
    close: usize,
    /// At the next number.
    end: usize,
}

const BOUNDARIES: &[&str] = &[
    "and", "but", "while", "whereas", "with", "which", "although", "though", "then", "yet", "so",
    "because", "since", "when", "before", "versus", "vs", "against", "compared", "where",
];
/// Words between a comparison and its number, or a number and what it is of.
#[rustfmt::skip]
const FILLERS: &[&str] = &[
    "about", "around", "roughly", "approximately", "nearly", "almost", "some", "the", "a", "an", "its", "only", "just", "even", "as", "much", "of",
    "approx", "circa", "well", "to", "up", "at", "close", "another", "positive", "negative", "minus", "plus", "full", "whopping", "mere", "critical", "safe", "factory", "your", "value", "values", "mark", "good", "healthy", "normal", "limit", "threshold", "recommended",
];
#[rustfmt::skip]
const ROUGHLY: &[&str] = &[
    "about", "around", "roughly", "approximately", "nearly", "almost", "approx", "circa", "some", "near", "close", "ca", "just", "slightly", "approaching",
];
#[rustfmt::skip]
const NEGATIVE: &[&str] = &[
    "negative", "pull", "pulls", "pulling", "pulled", "remove", "removes", "removing", "removed", "subtract", "subtracts", "subtracting", "subtracted",
    "take", "takes", "taking", "took", "cut", "cuts", "cutting", "reduce", "reduces", "reducing", "reduced", "rich", "withdrawing", "retard",
    "retarded", "leans", "below", "minus",
];
#[rustfmt::skip]
const WHOLE: &[&str] = &[
    "overall", "whole drive", "entire drive", "full drive", "across the drive", "during the drive", "over the drive", "throughout the drive", "complete drive",
    "for the drive", "on this drive", "whole trip", "entire trip", "across the trip", "during this drive", "over this drive", "in this drive",
];
#[rustfmt::skip]
const COUNTED: &[&str] = &[
    "times", "readings", "reading", "samples", "sample", "drives", "findings", "finding", "crossings", "events", "occasions", "codes", "code", "openings",
    "records", "points", "entries", "rules", "checks", "measurements", "trouble", "data", "stored", "fault", "half", "warm", "earlier", "previous", "minutes", "of",
    "diagnostic", "dtcs", "instances", "rows", "values", "issues", "problems", "doubts",
];
#[rustfmt::skip]
const DRIVE: &[&str] = &["drive", "trip", "journey", "session", "log", "recording", "ride", "run", "logged", "recorded", "data", "covered", "total"];
#[rustfmt::skip]
const TIME: &[&str] = &["time", "drive", "trip", "driving", "session", "journey", "recording", "ride", "duration", "log"];
/// What numbers, rather than measures.
#[rustfmt::skip]
const NUMBERED: &[&str] = &[
    "cylinder", "cylinders", "bank", "sensor", "step", "steps", "stage", "gear", "dot", "mode", "pid", "type", "level", "sae", "no", "number", "item", "rank",
    "phase", "part", "option", "priority", "pin", "terminal", "#", "gears", "banks", "injector", "coil", "plug", "euro", "stages", "tier", "rule",
];
/// `4-cylinder`, `16-valve`.
const BUILT: &[&str] = &[
    "cylinder",
    "cylinders",
    "valve",
    "valves",
    "door",
    "speed",
    "stroke",
    "way",
    "wire",
    "pin",
    "wheel",
    "point",
    "step",
    "litre",
    "liter",
];
#[rustfmt::skip]
const CAR: &[&str] = &[
    "mitsubishi", "eclipse", "model", "car", "vehicle", "gst", "gsx", "toyota", "honda", "ford", "mazda", "nissan", "subaru", "volkswagen", "vw", "bmw", "audi",
    "hyundai", "kia", "chevrolet", "dodge", "eagle", "plymouth", "etios", "talon", "mitsubishi's", "year",
];
const ENGINE: &[&str] = &[
    "engine",
    "turbo",
    "turbocharged",
    "motor",
    "inline",
    "four",
    "dohc",
    "sohc",
    "petrol",
    "gasoline",
    "4g63",
    "4g63t",
    "i4",
    "unit",
    "cylinder",
    "displacement",
];

impl<'a> Window<'a> {
    pub(super) fn new(
        tokens: &'a [Token],
        mentions: Mentions<'a>,
        place: usize,
        last: usize,
        previous: Option<usize>,
        next: Option<usize>,
    ) -> Self {
        let begin = previous.map_or(0, |previous| previous + 1);
        let is_boundary = |place: &usize| match &tokens[*place] {
            Token::Mark(mark) => ",:;()\"".contains(*mark),
            Token::Word(word) => BOUNDARIES.contains(&word.as_str()),
            _ => false,
        };
        let cut = match previous {
            Some(_) => (begin..place).find(is_boundary).map_or(begin, |at| at + 1),
            None => begin,
        };
        let end = next.unwrap_or(tokens.len());
        // A parenthesis right behind a number belongs to it: "78 °C (average)".
        let from = last + 1 + usize::from(tokens.get(last + 1) == Some(&Token::Mark('(')));
        let close = (from.min(end)..end).find(is_boundary).unwrap_or(end);
        Self {
            tokens,
            mentions,
            place,
            last,
            begin,
            cut,
            close,
            end,
        }
    }

    fn words(&self, from: usize, to: usize) -> impl DoubleEndedIterator<Item = (usize, &'a str)> {
        let tokens = self.tokens;
        (from..to.min(tokens.len())).filter_map(move |place| Some((place, tokens[place].word()?)))
    }

    pub(super) fn word_before(&self) -> Option<&'a str> {
        self.tokens[self.place.checked_sub(1)?].word()
    }

    /// The words directly behind the number.
    pub(super) fn words_behind(&self, count: usize) -> Vec<&'a str> {
        (self.last + 1..self.end)
            .take(count)
            .map_while(|place| self.tokens[place].word())
            .collect()
    }

    pub(super) fn mark_before(&self) -> Option<char> {
        match self.tokens[self.place.checked_sub(1)?] {
            Token::Mark(mark) => Some(mark),
            _ => None,
        }
    }

    /// The phrase that ends at the number, with nothing but fillers between.
    pub(super) fn directly_before<'p>(&self, phrases: &[&'p str]) -> Option<&'p str> {
        let mut at = self.place;
        while at > self.begin {
            at -= 1;
            let ends = phrases.iter().copied().find(|phrase| {
                let length = phrase.split(' ').count();
                at + 1 >= self.begin + length
                    && matches(self.tokens, at + 1 - length, phrase).is_some()
            });
            if ends.is_some() {
                return ends;
            }
            let word = self.tokens[at].word()?;
            if !FILLERS.contains(&word) {
                return None;
            }
        }
        None
    }

    /// Whether one of the phrases stands among the `count` tokens before the number, in its clause.
    pub(super) fn has_before(&self, phrases: &[&str], count: usize) -> bool {
        let from = self.cut.max(self.place.saturating_sub(count));
        (from..self.place).any(|at| {
            phrases
                .iter()
                .any(|phrase| matches(&self.tokens[..self.place], at, phrase).is_some())
        })
    }

    pub(super) fn has_behind(&self, phrases: &[&str], count: usize) -> bool {
        (self.last + 1..self.close.min(self.last + 1 + count)).any(|at| {
            phrases
                .iter()
                .any(|phrase| matches(&self.tokens[..self.close], at, phrase).is_some())
        })
    }

    pub(super) fn is_rough(&self) -> bool {
        let from = self.cut.max(self.place.saturating_sub(3));
        (from..self.place).any(|place| match &self.tokens[place] {
            Token::Mark(mark) => *mark == '~',
            token => token.word().is_some_and(|word| ROUGHLY.contains(&word)),
        }) || self.has_behind(&["or so"], 2)
    }

    pub(super) fn has_negative_words(&self) -> bool {
        self.words(self.cut.max(self.place.saturating_sub(6)), self.place)
            .chain(self.words(self.last + 1, self.close.min(self.last + 4)))
            .any(|(_, word)| NEGATIVE.contains(&word))
    }

    pub(super) fn counts(&self) -> bool {
        self.words_behind(2)
            .iter()
            .any(|word| COUNTED.contains(word))
    }

    pub(super) fn is_of_the_drive(&self) -> bool {
        self.words(self.place.saturating_sub(6).max(self.cut), self.place)
            .chain(self.words(self.last + 1, self.close.min(self.last + 6)))
            .any(|(_, word)| DRIVE.contains(&word))
    }

    /// "after 12 minutes", "12 minutes into the drive".
    pub(super) fn is_a_moment(&self) -> bool {
        self.has_before(
            &[
                "after", "at", "from", "until", "by", "around", "between", "starting",
            ],
            3,
        ) || matches!(
            self.words_behind(1).first(),
            Some(&"into" | &"in" | &"after")
        )
    }

    pub(super) fn is_of_the_time(&self) -> bool {
        let behind = self.words_behind(5);
        let of = behind.first() == Some(&"of");
        (of && behind.iter().any(|word| TIME.contains(word)))
            || self.has_before(&["spent", "spends", "time share", "share of"], 6)
    }

    pub(super) fn names_closed_loop(&self) -> bool {
        self.mentions
            .iter()
            .any(|mention| mention.what == Named::ClosedLoop)
    }

    pub(super) fn names_a_limit(&self) -> bool {
        self.mentions
            .iter()
            .any(|mention| mention.what == Named::Statistic(&[Statistic::Limit]))
    }

    /// Whether only "and" and commas, or a name as well, stand between the number before and this one.
    pub(super) fn continues_a_list(&self) -> bool {
        self.begin > 0
            && self.cut > self.begin
            && (self.begin..self.place).all(|place| {
                let named = self.mentions.iter().any(|mention| {
                    (mention.start..mention.end).contains(&place)
                        && matches!(mention.what, Named::Subject(..) | Named::State(..))
                });
                named
                    || match &self.tokens[place] {
                        Token::Mark(mark) => *mark == ',',
                        token => matches!(token.word(), Some("and" | "the" | "for" | "at")),
                    }
            })
    }

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
                        && end > 2
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
    pub(super) fn is_statistic_negated(&self, negations: &[&str]) -> bool {
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

    pub(super) fn nearest_statistic(&self) -> Option<Statistic> {
        self.statistics_before()
            .and_then(|(_, statistics)| statistics.first().copied())
    }

    /// The statistic that is named for the number: before it, or behind it as a noun.
    pub(super) fn statistics(&self, used: &mut [bool]) -> Vec<Statistic> {
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

    /// The channel that the number is of; an error for a channel that has another unit.
    pub(super) fn subject(&self, reading: &Reading, context: &Context) -> Result<Subject, Subject> {
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

    pub(super) fn all_states(&self) -> Vec<EngineState> {
        self.mentions
            .iter()
            .filter_map(|mention| match mention.what {
                Named::State(states, _) => Some(states),
                _ => None,
            })
            .flatten()
            .copied()
            .collect()
    }

    pub(super) fn states(&self) -> States {
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

    /// The relation of a range.
    pub(super) fn range(&self) -> Relation {
        if self.has_before(
            &[
                "within",
                "stayed",
                "stays",
                "remained",
                "remains",
                "kept",
                "held",
                "never left",
                "stay",
                "remain",
                "confined to",
                "inside",
                "always",
            ],
            7,
        ) {
            return Relation::Within;
        }
        if self.has_before(&["from"], 3) {
            let rises = self.has_before(
                &[
                    "rose",
                    "rises",
                    "rising",
                    "climbed",
                    "climbs",
                    "climbing",
                    "increased",
                    "increases",
                    "warmed",
                    "grew",
                    "went up",
                    "jumped",
                    "increase",
                    "rise",
                ],
                8,
            );
            let falls = self.has_before(
                &[
                    "fell",
                    "falls",
                    "falling",
                    "dropped",
                    "drops",
                    "dropping",
                    "decreased",
                    "decreases",
                    "sank",
                    "declined",
                    "cooled",
                    "drop",
                    "decrease",
                ],
                8,
            );
            return Relation::FromTo(match (rises, falls) {
                (true, false) => Some(Side::Above),
                (false, true) => Some(Side::Below),
                _ => None,
            });
        }
        Relation::Between
    }
}

/// Whether the numbers at `place` and `next` are the ends of a range.
pub(super) fn is_a_range(tokens: &[Token], place: usize, next: usize) -> bool {
    let between = &tokens[place + 1..next];
    let announced = (place.saturating_sub(4)..place).any(|at| {
        matches!(
            tokens[at].word(),
            Some("between" | "within" | "from" | "ranged" | "ranging" | "ranges" | "range")
        )
    });
    match between {
        [Token::Mark('-')] => true,
        [Token::Word(word)] if word == "to" || word == "through" => true,
        [Token::Word(word)] if word == "and" => announced,
        [Token::Mark(','), Token::Word(word)] if word == "and" => announced,
        _ => false,
    }
}

/// Whether the number is a part of a name, an ordinal of a list, or a fact of the car.
pub(super) fn is_a_name(tokens: &[Token], place: usize) -> bool {
    let Token::Number(number) = &tokens[place] else {
        return false;
    };
    let Some(reading) = number.readings.first() else {
        return false;
    };
    let word = |at: Option<usize>| at.and_then(|at| tokens.get(at)).and_then(Token::word);
    let before = word(place.checked_sub(1));
    let behind = word(Some(place + 1));
    let whole = reading.value.fract() == 0.0 && number.readings.len() == 1;
    let small = whole && (0.0..100.0).contains(&reading.value);
    if number.has_unit {
        return is_nominal(number, reading, tokens, place);
    }
    if small && before.is_some_and(|word| NUMBERED.contains(&word)) {
        return true;
    }
    if small && reading.value <= 32.0 && behind.is_some_and(|word| BUILT.contains(&word)) {
        return true;
    }
    // "1." and "2)" at the start of a line.
    let marker = place == 0
        && whole
        && (1.0..=20.0).contains(&reading.value)
        && matches!(tokens.get(1), None | Some(Token::Mark(')' | '.' | ':')));
    if marker {
        return true;
    }
    // "cylinders 2 and 3".
    if small
        && matches!(before, Some("and" | "or"))
        && place >= 3
        && matches!(tokens[place - 2], Token::Number(_))
        && word(place.checked_sub(3)).is_some_and(|word| NUMBERED.contains(&word))
    {
        return true;
    }
    whole
        && (1950.0..2040.0).contains(&reading.value)
        && behind.is_some_and(|word| CAR.contains(&word))
}

/// "12 V battery", "2.0 L turbo".
fn is_nominal(number: &Number, reading: &Reading, tokens: &[Token], place: usize) -> bool {
    let behind = |words: &[&str], count: usize| {
        (place + 1..(place + 1 + count).min(tokens.len()))
            .any(|at| tokens[at].word().is_some_and(|word| words.contains(&word)))
    };
    let before = |words: &[&str]| {
        place > 0
            && tokens[place - 1]
                .word()
                .is_some_and(|word| words.contains(&word))
    };
    let Some(unit) = reading.unit else {
        return false;
    };
    match unit.dimension() {
        Dimension::Volume => {
            (0.5..=8.5).contains(&reading.value)
                && (behind(ENGINE, 3) || before(&["engine", "displacement"]))
        }
        Dimension::Voltage if number.written.ends_with(['v', 'V']) && before(&["dohc", "sohc"]) => {
            true
        }
        Dimension::Voltage => {
            [5.0, 12.0].contains(&reading.value)
                && behind(
                    &[
                        "battery",
                        "system",
                        "electrical",
                        "supply",
                        "circuit",
                        "outlet",
                        "reference",
                    ],
                    1,
                )
        }
        _ => false,
    }
}
