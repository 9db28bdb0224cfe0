//! Whether a sentence asks for something to be done.

use super::super::tokens::Token;

/// Verbs of work on a car.
#[rustfmt::skip]
const WORK: &[&str] = &[
    "check", "inspect", "test", "measure", "clean", "examine", "verify", "confirm", "log", "record", "monitor", "watch", "compare", "scan", "read", "listen", "look", "feel", "spray", "trace", "smell",
    "tighten", "flush", "bleed", "fill", "refill", "top", "adjust", "reset", "stop", "avoid", "keep", "let", "ensure", "make", "rule", "unplug", "swap", "find", "investigate", "diagnose", "service", "switch", "pull", "use", "drive", "suspect", "retest", "recheck", "shield",
];

/// What is done to a part that is broken.
#[rustfmt::skip]
const REPAIR: &[&str] = &["replace", "repair", "fix", "renew", "change", "seal", "fit", "install", "address"];

/// Words directly before a verb that asks for something: "and check", "should check", "do not replace".
#[rustfmt::skip]
const BEFORE: &[&str] = &[
    "and", "or", "then", "so", "please", "also", "first", "next", "always", "never", "not", "don't", "should", "must", "can", "you", "i'd", "would", "immediately", "just", "either", "carefully", "visually",
];

/// Words before "to" and a verb: "you need to check", "it is important to check".
const BEFORE_TO: &[&str] = &[
    "need",
    "needs",
    "have",
    "important",
    "recommend",
    "recommended",
    "advisable",
    "best",
    "wise",
    "sure",
    "want",
    "try",
    "remember",
    "start",
];

/// Words with which a participle is a request: "should be checked", "have it tested".
const MODALS: &[&str] = &["should", "must", "need", "needs", "have", "get", "ought"];

/// Words directly before a gerund that is a request: "try cleaning", "start by checking".
#[rustfmt::skip]
const BEFORE_GERUND: &[&str] = &["try", "start", "begin", "recommend", "suggest", "advise", "consider", "worth"];

/// With these nothing is asked for: "there is no need to check", "nobody should check".
const DENIALS: &[&str] = &[
    "no need",
    "not needed",
    "unnecessary",
    "neither",
    "nobody",
    "no one",
];

/// Verbs that ask for the contrary of the work behind them: "avoid checking".
const AGAINST: &[&str] = &["avoid", "stop"];

/// Verbs that a request may deny: "do not use full throttle". "Do not check" is no advice.
const LEFT_ALONE: &[&str] = &["use", "drive"];

/// What a sentence asks for.
pub(super) struct Request<'a> {
    /// What is to be worked on: the words before "should be checked", any with "check".
    pub(super) object: &'a [Token],
    /// Whether it supposes that the object is broken.
    pub(super) is_repair: bool,
}

/// What a sentence asks for, by each of its verbs.
pub(super) fn requests(sentence: &[Token]) -> impl Iterator<Item = Request<'_>> {
    let words: Vec<&str> = sentence.iter().filter_map(Token::word).collect();
    let said = format!(" {} ", words.join(" "));
    let is_denied_at_all = DENIALS
        .iter()
        .any(|denial| said.contains(&format!(" {denial} ")));
    let has_modal = MODALS
        .iter()
        .any(|modal| sentence.iter().any(|token| token.word() == Some(modal)));
    sentence
        .iter()
        .enumerate()
        .filter_map(move |(place, token)| {
            let word = token.word()?;
            let before = &sentence[..place];
            if is_denied_at_all || (is_denied(before) && !LEFT_ALONE.contains(&word)) {
                return None;
            }
            if AGAINST.contains(&word) && is_work(sentence.get(place + 1)) {
                return None;
            }
            let is_participle = has_modal && word.ends_with("ed");
            let is_gerund = word.ends_with("ing") && last_is(without_by(before), BEFORE_GERUND);
            let is_asked = is_asked(before) && place + 1 < sentence.len();
            let means = |verb: &&str| {
                (*verb == word && (is_asked || has_modal && word == "read"))
                    || ((is_participle || is_gerund) && is_form(verb, word))
            };
            let is_repair = REPAIR.iter().any(means);
            (is_repair || WORK.iter().any(means)).then_some(Request {
                object: if is_participle { before } else { sentence },
                is_repair,
            })
        })
}

/// Whether a verb behind these tokens is a request.
fn is_asked(before: &[Token]) -> bool {
    match before {
        [] | [.., Token::Mark(_)] => true,
        [before @ .., Token::Word(to)] if to == "to" => last_is(before, BEFORE_TO),
        before => last_is(before, BEFORE),
    }
}

/// Whether "not" is directly before a verb, or before its auxiliary.
fn is_denied(before: &[Token]) -> bool {
    let mut last = before.iter().rev().take(2).filter_map(Token::word);
    last.any(|word| ["not", "never", "cannot"].contains(&word) || word.ends_with("n't"))
}

/// Whether a token is the gerund of work that is not better left alone: "checking", not "driving".
fn is_work(token: Option<&Token>) -> bool {
    let gerund = token.and_then(Token::word);
    let mut work = WORK.iter().chain(REPAIR);
    gerund.is_some_and(|word| {
        word.ends_with("ing") && work.any(|verb| !LEFT_ALONE.contains(verb) && is_form(verb, word))
    })
}

fn without_by(tokens: &[Token]) -> &[Token] {
    match tokens {
        [before @ .., Token::Word(by)] if by == "by" => before,
        tokens => tokens,
    }
}

fn last_is(tokens: &[Token], words: &[&str]) -> bool {
    let last = tokens.last().and_then(Token::word);
    last.is_some_and(|last| words.contains(&last))
}

/// Whether a sentence begins with work that supposes nothing broken.
pub(super) fn begins_with_work(sentence: &[Token]) -> bool {
    let mut words = sentence.iter().filter_map(Token::word);
    let first =
        words.find(|word| !["please", "also", "then", "next", "always", "first"].contains(word));
    first.is_some_and(|word| {
        WORK.contains(&word) || ["drive", "consider", "take", "warm"].contains(&word)
    })
}

/// Whether a word is "checked" or "checking" for "check".
fn is_form(verb: &str, word: &str) -> bool {
    let stem = word.strip_suffix("ed").or_else(|| word.strip_suffix("ing"));
    stem.is_some_and(|stem| {
        let rest = stem.strip_prefix(verb);
        let doubled = rest.is_some_and(|rest| rest.len() < 2 && verb.ends_with(rest));
        doubled || verb.strip_suffix('e') == Some(stem)
    })
}
