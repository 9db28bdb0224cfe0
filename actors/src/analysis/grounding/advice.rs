//! Distinguishes a sentence about a finding from gibberish.

use std::collections::HashSet;
use std::fmt;

use super::tokens::{Token, sentences};
use super::words::{Named, named};
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
    /// Taken from the prompt.
    Echo,
    /// Nothing is said or asked to be done.
    NoVerb,
    /// Not English.
    NotEnglish,
    /// Not about what was found.
    OffTopic,
}

impl fmt::Display for NotAdvice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::TooShort => "the text is shorter than a sentence",
            Self::Template => "the text holds a placeholder or a part of the answer's schema",
            Self::NoWords => "the text is mostly digits, identifiers or marks",
            Self::Repetition => "the text repeats itself",
            Self::Echo => "the text repeats the question",
            Self::NoVerb => "the text has no verb",
            Self::NotEnglish => "the text is not in English words",
            Self::OffTopic => "the text is not about the finding that it names",
        })
    }
}

impl std::error::Error for NotAdvice {}

const MIN_WORDS: usize = 4;

/// Parts of templates and of the answer's schema.
#[rustfmt::skip]
const PLACEHOLDERS: &[&str] = &[
    "{{", "}}", "{\"", "\":", "<placeholder", "[insert", "<insert", "lorem ipsum", "such as \u{2026}", "such as ...", "such as â€",
    "\"recommendations\"", "recommendations[", "additionalproperties", "maxlength", "minlength", "your text here", "<text>", "<finding>", "[finding]",
    "[your", "<your", "string with", "json object", "json schema", "todo", "n/a n/a", "</", "```", "===", "---", "___", "$ref", "${",
];

/// Words that a sentence of advice does without only if it says nothing.
#[rustfmt::skip]
const VERBS: &[&str] = &[
    "is", "are", "was", "were", "be", "been", "has", "have", "had", "does", "do", "did", "can", "could", "may", "might", "should", "must", "will", "would",
    "check", "inspect", "replace", "clean", "test", "look", "log", "repair", "fix", "compare", "verify", "measure", "keep", "watch", "monitor", "stop",
    "have", "let", "drive", "avoid", "examine", "adjust", "tighten", "top", "fill", "flush", "bleed", "read", "clear", "scan", "ensure", "consider",
    "investigate", "diagnose", "review", "run", "service", "find", "seal", "smoke", "swap", "reset", "confirm", "refill", "renew", "change", "see", "use",
    "indicates", "suggests", "shows", "points", "means", "needs", "requires", "runs", "rises", "falls", "drops", "stays", "reaches", "exceeds", "overheats",
    "idles", "hunts", "adds", "takes", "reads", "reacts", "switches", "drifts", "warms", "cools", "charges", "leaks", "fails", "works", "remains", "swings",
    "goes", "gets", "keeps", "causes", "makes", "lies", "sits", "pulls", "holds", "looks", "appears", "seems", "opens", "closes", "sticks", "stays",
    "try", "record", "take", "start", "make", "start", "perform", "apply", "allow", "pay", "address", "schedule", "contact", "visit", "book", "order",
    "indicate", "suggest", "show", "point", "mean", "need", "require", "rise", "fall", "drop", "stay", "reach", "exceed", "overheat", "add", "cause",
    "reached", "rose", "fell", "dropped", "stayed", "exceeded", "peaked", "averaged", "ran", "went", "kept", "hit", "climbed", "remained", "added",
];

/// Whether a text is a sentence of advice: about `finding` where it names one, and not taken from `prompt`.
pub fn is_advice(text: &str, finding: Option<&Finding>, prompt: &str) -> Result<(), NotAdvice> {
    let lower = text.to_lowercase();
    if PLACEHOLDERS.iter().any(|part| lower.contains(part)) {
        return Err(NotAdvice::Template);
    }
    let sentences = sentences(text);
    let tokens: Vec<&Token> = sentences.iter().flatten().collect();
    let words: Vec<&str> = tokens
        .iter()
        .filter_map(|token| match token {
            Token::Word(word) => Some(word.as_str()),
            _ => None,
        })
        .collect();
    let plain: Vec<&str> = words
        .iter()
        .copied()
        .filter(|word| !word.contains('_') && word.chars().any(char::is_alphabetic))
        .collect();
    if plain.len() < MIN_WORDS {
        return Err(if tokens.len() >= 2 * MIN_WORDS {
            NotAdvice::NoWords
        } else {
            NotAdvice::TooShort
        });
    }
    if plain.len() * 2 < tokens.len() {
        return Err(NotAdvice::NoWords);
    }
    if repeats(&plain) {
        return Err(NotAdvice::Repetition);
    }
    let is_verb = |word: &str| VERBS.contains(&word) || word.ends_with("n't");
    if !plain.iter().any(|word| is_verb(word)) {
        return Err(NotAdvice::NoVerb);
    }
    if let Some(finding) = finding
        && !is_about(&sentences, &plain, finding)
    {
        return Err(NotAdvice::OffTopic);
    }
    let own = finding.map_or(String::new(), finding_words);
    if echoes(&plain, prompt, &own) {
        return Err(NotAdvice::Echo);
    }
    Ok(())
}

/// Few different words, or the same four words in a row more than twice.
fn repeats(words: &[&str]) -> bool {
    let different: HashSet<&&str> = words.iter().collect();
    if words.len() >= 12 && different.len() * 5 < words.len() * 2 {
        return true;
    }
    if words
        .windows(3)
        .any(|three| three[0] == three[1] && three[1] == three[2])
    {
        return true;
    }
    let mut seen: std::collections::HashMap<&[&str], u32> = std::collections::HashMap::new();
    words.windows(4).any(|four| {
        let count = seen.entry(four).or_default();
        *count += 1;
        *count > 2
    })
}

fn finding_words(finding: &Finding) -> String {
    let mut text = format!("{} {}", finding.title, finding.explanation);
    for check in &finding.next_checks {
        text.push(' ');
        text.push_str(check);
    }
    text
}

/// Shares a word of content, or a channel, with what was found.
fn is_about(text: &[Vec<Token>], words: &[&str], finding: &Finding) -> bool {
    let own = sentences(&finding_words(finding));
    let own_words: HashSet<&str> = own
        .iter()
        .flatten()
        .filter_map(Token::word)
        .filter(|word| word.len() > 3 && !COMMON.contains(word))
        .collect();
    let rule_words: HashSet<&str> = finding
        .rule
        .split('_')
        .filter(|word| word.len() > 3)
        .collect();
    let stem = |word: &str| word.chars().take(5).collect::<String>();
    let own_stems: HashSet<String> = own_words
        .iter()
        .chain(&rule_words)
        .map(|word| stem(word))
        .collect();
    if words
        .iter()
        .any(|word| word.len() > 3 && !COMMON.contains(word) && own_stems.contains(&stem(word)))
    {
        return true;
    }
    let subjects = |sentences: &[Vec<Token>]| {
        sentences
            .iter()
            .flat_map(|tokens| named(tokens))
            .filter_map(|mention| match mention.what {
                Named::Subject(subject, _) => Some(subject),
                _ => None,
            })
            .fold(super::subject::Subject::NONE, super::subject::Subject::or)
    };
    subjects(text).meets(subjects(&own))
}

#[rustfmt::skip]
const COMMON: &[&str] = &[
    "this", "that", "with", "from", "have", "been", "were", "will", "should", "could", "would", "there", "their", "what", "when", "where", "which", "while",
    "them", "than", "then", "does", "into", "over", "more", "most", "some", "such", "very", "just", "also", "only", "same", "average", "drive", "drives",
    "check", "look", "engine", "vehicle", "sensor", "data", "readings", "value", "values", "between", "before", "after", "about", "other",
];

/// Whether most of the text stands in the prompt word for word, outside the finding's own words.
fn echoes(words: &[&str], prompt: &str, own: &str) -> bool {
    const RUN: usize = 5;
    let split = |text: &str| {
        let mut all = Vec::new();
        for token in sentences(text).into_iter().flatten() {
            if let Token::Word(word) = token {
                all.push(word);
            }
        }
        all
    };
    let (prompt, own) = (split(prompt), split(own));
    let has = |text: &[String], run: &[&str]| text.windows(run.len()).any(|window| window == run);
    let size = RUN.min(words.len());
    let mut echoed = vec![false; words.len()];
    for (place, run) in words.windows(size).enumerate() {
        if has(&prompt, run) && !has(&own, run) {
            echoed[place..place + size].fill(true);
        }
    }
    echoed.iter().filter(|echoed| **echoed).count() * 2 > words.len()
}
