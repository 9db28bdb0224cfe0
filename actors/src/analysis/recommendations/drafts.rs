//! Recommendations as they were written, before they are put in order.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::json_values::json_values;
use super::loose::{self, category, confidence, number};
use super::{MAX_RECOMMENDATIONS, MAX_TEXT_CHARS, Recommendation};
use crate::text::line;

/// Keys under which a model writes its thoughts.
const THOUGHT_KEYS: &[&str] = &["thinking", "thoughts", "thought", "reasoning"];
/// Keys of an object that is a recommendation for sure, and of one that may be.
const TEXT_KEYS: &[&str] = &["recommendation"];
const LOOSE_TEXT_KEYS: &[&str] = &[
    "recommendations",
    "text",
    "advice",
    "suggestion",
    "description",
    "action",
    "details",
    "message",
    "content",
];
const RANK_KEYS: &[&str] = &["rank", "priority", "priority_rank", "order", "number", "id"];
const CATEGORY_KEYS: &[&str] = &["category", "area", "focus", "focus_area", "topic", "type"];
const CONFIDENCE_KEYS: &[&str] = &[
    "confidence",
    "confidence_score",
    "certainty",
    "score",
    "probability",
];

const FINDING_KEYS: &[&str] = &["finding", "finding_id", "rule"];

/// A recommendation as it was written: its rank may be missing or absurd.
struct Draft {
    rank: Option<f64>,
    finding: Option<String>,
    category: String,
    text: String,
    confidence: f64,
}

#[derive(Default)]
pub(super) struct Drafts {
    found: Vec<Draft>,
    seen: HashSet<String>,
}

impl Drafts {
    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Takes every recommendation in a value; returns whether there was one.
    pub(super) fn collect(&mut self, value: &Value) -> bool {
        let before = self.found.len();
        match value {
            Value::Array(items) => {
                for item in items {
                    match item {
                        Value::String(text) if is_sentence(text) => self.push(&Map::new(), text),
                        other => {
                            self.collect(other);
                        }
                    }
                }
            }
            Value::Object(fields) => {
                if let Some(text) = string_field(fields, TEXT_KEYS) {
                    self.push(fields, text);
                } else {
                    let mut nested = false;
                    for (_, field) in fields.iter().filter(|(name, field)| {
                        (field.is_object() || field.is_array()) && !is_thought(name)
                    }) {
                        nested |= self.collect(field);
                    }
                    if let (false, Some(text)) = (nested, string_field(fields, LOOSE_TEXT_KEYS)) {
                        self.push(fields, text);
                    }
                }
            }
            Value::String(text) => {
                for value in json_values(text).iter().filter(|value| !value.is_string()) {
                    self.collect(value);
                }
            }
            _ => {}
        }
        self.found.len() > before
    }

    /// Takes the items of a numbered or bulleted list: what a model writes that ignores the schema.
    pub(super) fn collect_list_items(&mut self, text: &str) {
        for item in text
            .lines()
            .filter_map(list_item)
            .filter(|item| is_sentence(item))
        {
            self.push(&Map::new(), &item.replace("**", ""));
        }
    }

    fn push(&mut self, fields: &Map<String, Value>, text: &str) {
        let text = line(text, MAX_TEXT_CHARS);
        // "..." is the placeholder of our own example; the same advice twice is once.
        if text.chars().any(char::is_alphabetic) && self.seen.insert(text.to_lowercase()) {
            self.found.push(Draft {
                rank: field(fields, RANK_KEYS).and_then(number),
                finding: string_field(fields, FINDING_KEYS).map(category),
                category: category(string_field(fields, CATEGORY_KEYS).unwrap_or_default()),
                confidence: field(fields, CONFIDENCE_KEYS)
                    .map_or(loose::UNKNOWN_CONFIDENCE, confidence),
                text,
            });
        }
    }

    /// In the order of the given ranks; one without a rank keeps the place at which it was written.
    #[allow(clippy::cast_precision_loss)]
    pub(super) fn ranked(self) -> Vec<Recommendation> {
        let mut placed: Vec<(f64, Draft)> = self
            .found
            .into_iter()
            .enumerate()
            .map(|(place, draft)| (draft.rank.unwrap_or((place + 1) as f64), draft))
            .collect();
        placed.sort_by(|(left, _), (right, _)| left.total_cmp(right));
        placed
            .into_iter()
            .take(MAX_RECOMMENDATIONS)
            .zip(1..)
            .map(|((_, draft), rank)| Recommendation {
                rank,
                finding: draft.finding,
                category: draft.category,
                recommendation: draft.text,
                confidence: draft.confidence,
                grounded: true,
                evidence: None,
            })
            .collect()
    }
}

fn is_thought(name: &str) -> bool {
    THOUGHT_KEYS
        .iter()
        .any(|key| name.eq_ignore_ascii_case(key))
}

/// The first of `keys` that the object has, in any case.
pub(super) fn field<'a>(fields: &'a Map<String, Value>, keys: &[&str]) -> Option<&'a Value> {
    keys.iter().find_map(|key| {
        fields
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(key))
            .map(|(_, value)| value)
    })
}

fn string_field<'a>(fields: &'a Map<String, Value>, keys: &[&str]) -> Option<&'a str> {
    keys.iter()
        .find_map(|key| field(fields, &[key]).and_then(Value::as_str))
        .filter(|text| !text.trim().is_empty())
}

/// Three words or more: a list of names is not a list of recommendations.
fn is_sentence(text: &str) -> bool {
    text.split_whitespace()
        .filter(|word| word.chars().any(char::is_alphabetic))
        .count()
        >= 3
}

/// The text of a line like `1. …`, `2) …`, `- …` or `* …`.
fn list_item(line: &str) -> Option<&str> {
    let line = line.trim();
    let bulleted = line.strip_prefix(['-', '*', '•']);
    let numbered = || {
        line.trim_start_matches(|c: char| c.is_ascii_digit())
            .strip_prefix(['.', ')'])
    };
    let numbered = || {
        line.starts_with(|c: char| c.is_ascii_digit())
            .then(numbered)
            .flatten()
    };
    let item = bulleted.or_else(numbered)?;
    item.starts_with(char::is_whitespace)
        .then(|| item.trim_start())
}
