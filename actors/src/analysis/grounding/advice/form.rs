//! Whether a text has the form of sentences.

use std::collections::{HashMap, HashSet};

use super::super::tokens::{Token, sentences};
use super::NotAdvice;
use crate::diagnosis::channels::names::meaning;

/// A text in lower-case words.
pub(super) struct Text {
    written: String,
    lower: String,
    pub(super) sentences: Vec<Vec<Token>>,
}

impl Text {
    pub(super) fn of(text: &str) -> Self {
        Self {
            written: text.trim().to_owned(),
            lower: text.to_lowercase(),
            sentences: sentences(text),
        }
    }

    pub(super) fn lower(&self) -> &str {
        &self.lower
    }

    pub(super) fn words(&self) -> Vec<&str> {
        let tokens = self.sentences.iter().flatten();
        tokens.filter_map(Token::word).collect()
    }
}

/// A sentence that names its finding has no fewer.
const MIN_WORDS: usize = 4;

/// Parts of templates, of markup and of the answer's schema.
#[rustfmt::skip]
const TEMPLATES: &[&str] = &[
    "{", "}", "[", "]", "|", "\\", "://", "</", "/>", "\":", "===", "---", "__", "lorem ipsum", "json",
    "(stop)", "(warning)", "(alert)", "(investigate)", "(watch)", "(none)", "...",
];

/// Words that no sentence ends with.
#[rustfmt::skip]
const DANGLING: &[&str] = &[
    "the", "a", "an", "of", "and", "or", "to", "with", "for", "from", "by", "at", "as", "than", "because", "if", "but", "while", "into", "your", "its",
];

/// Whether a text is made of words, in any form.
pub(super) fn check(text: &Text) -> Result<(), NotAdvice> {
    if is_template(&text.lower) {
        return Err(NotAdvice::Template);
    }
    let all = text.words();
    let plain: Vec<&str> = all
        .iter()
        .copied()
        .filter(|word| word.chars().all(|c| c.is_alphabetic() || c == '\''))
        .collect();
    if plain.len() * 2 < text.sentences.iter().flatten().count() {
        return Err(NotAdvice::NoWords);
    }
    if plain.len() < 2 {
        return Err(NotAdvice::TooShort);
    }
    if repeats(&all, &text.sentences) {
        return Err(NotAdvice::Repetition);
    }
    Ok(())
}

/// Whether a text begins and ends as sentences do, and is long enough for one.
pub(super) fn is_whole(text: &Text) -> Result<(), NotAdvice> {
    if text.words().len() < MIN_WORDS {
        return Err(NotAdvice::TooShort);
    }
    let begin = text.written.trim_start_matches(['"', '\'', '*', '(', '“']);
    let begins = begin.starts_with(|c: char| c.is_uppercase() || c.is_numeric());
    let end = text.written.trim_end_matches(['"', '\'', '*', ')', '”']);
    let breaks_off = text.sentences.iter().any(|sentence| {
        let last = sentence.iter().filter_map(Token::word).next_back();
        last.is_some_and(|last| DANGLING.contains(&last))
    });
    if begins && end.ends_with(['.', '!']) && !breaks_off {
        Ok(())
    } else {
        Err(NotAdvice::NotWhole)
    }
}

fn is_template(lower: &str) -> bool {
    let opens = |rest: &str| rest.starts_with(|c: char| c.is_alphabetic() || "!?".contains(c));
    TEMPLATES.iter().any(|part| lower.contains(part))
        || lower.split('<').skip(1).any(opens)
        || lower
            .split(|c: char| !(c.is_alphanumeric() || c == '_'))
            .any(|word| word.contains('_') && meaning(word, None).is_none())
}

/// Few different words, a word or sentence twice in a row, or the same four words in a row more than twice.
fn repeats(words: &[&str], sentences: &[Vec<Token>]) -> bool {
    let different: HashSet<&&str> = words.iter().collect();
    let few = words.len() >= 12 && different.len() * 5 < words.len() * 2;
    let mut said: HashSet<Vec<&str>> = HashSet::new();
    let again = sentences.iter().any(|sentence| {
        let words: Vec<&str> = sentence.iter().filter_map(Token::word).collect();
        words.len() > 2 && !said.insert(words)
    });
    let stutters = words
        .windows(2)
        .any(|two| two[0] == two[1] && !["that", "had"].contains(&two[0]));
    let mut runs: HashMap<&[&str], u32> = HashMap::new();
    few || again
        || stutters
        || words.windows(4).any(|run| {
            let count = runs.entry(run).or_default();
            *count += 1;
            *count > 2
        })
}
