//! The words around a number.

mod names;
mod statistics;
mod subject;

pub(super) use self::names::{is_a_name, is_a_range};
use crate::analysis::grounding::claims::{Mentions, Relation, Side};
use crate::analysis::grounding::facts::Statistic;
use crate::analysis::grounding::tokens::Token;
use crate::analysis::grounding::words::{Named, matches};

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
const COUNTED: &[&str] = &[
    "times", "readings", "reading", "samples", "sample", "drives", "findings", "finding", "crossings", "events", "occasions", "codes", "code", "openings",
    "records", "points", "entries", "rules", "checks", "measurements", "trouble", "data", "stored", "fault", "half", "warm", "earlier", "previous", "minutes", "of",
    "diagnostic", "dtcs", "instances", "rows", "values", "issues", "problems", "doubts",
];
#[rustfmt::skip]
const DRIVE: &[&str] = &["drive", "trip", "journey", "session", "log", "recording", "ride", "run", "logged", "recorded", "data", "covered", "total"];
#[rustfmt::skip]
const TIME: &[&str] = &["time", "drive", "trip", "driving", "session", "journey", "recording", "ride", "duration", "log"];

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

    /// Whether the sentence begins with this word, and the number follows with nothing but fillers between.
    pub(super) fn opens_with(&self, word: &str) -> bool {
        self.tokens[0].word() == Some(word)
            && self.directly_before(&[word]).is_some()
            && self
                .words(1, self.place)
                .all(|(_, between)| between != word)
            && self.place <= 4
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
