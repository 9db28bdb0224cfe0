//! Recommendations out of whatever a model wrote.
//!
//! A JSON schema is asked for and still not relied on. Every JSON value in the text is looked at: fenced, wrapped
//! in prose, cut off in the middle, a bare list, another key, a string that holds JSON again. Numbers may be
//! strings, percents or nonsense. What comes out is always in order: ranks 1 to n, confidences from 0 to 1, texts
//! of bounded length, ten entries at most. Text without any recommendation is an error, unless it is an explicit empty
//! list.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

mod almost_json;
mod claims;
pub mod grounding;
mod loose;
mod mentions;
mod numbers;
mod thoughts;

use self::grounding::is_grounded;
use self::loose::{category, confidence, number};
use self::thoughts::without_thoughts;
use super::statistics::ParameterStatistics;
use crate::text::line;

/// More are not kept.
pub const MAX_RECOMMENDATIONS: usize = 10;
/// Longest recommendation, in characters.
pub const MAX_TEXT_CHARS: usize = 2000;
/// Longest category, in characters.
pub const MAX_CATEGORY_CHARS: usize = 64;

/// Of a longer answer only the begin is looked at.
const MAX_ANSWER_BYTES: usize = 256 * 1024;
/// How much of an answer is read as almost-JSON, over all places where such a value may begin.
const MAX_ALMOST_JSON_BYTES: usize = 4 * 1024 * 1024;
/// Keys under which a model writes its thoughts.
const THOUGHT_KEYS: &[&str] = &["thinking", "thoughts", "thought", "reasoning"];
/// Places at which a JSON value may begin; bounds the work on an answer made of brackets.
const MAX_ATTEMPTS: usize = 1000;
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

/// One piece of advice.
#[derive(Clone, Debug, PartialEq)]
pub struct Recommendation {
    /// 1 is the most important; no gaps.
    pub rank: u32,
    /// Lower case words joined by `_`.
    pub category: String,
    /// What to do and why, on one line.
    pub recommendation: String,
    /// 0 to 1.
    pub confidence: f64,
    /// False when a number in the text contradicts the drive's figures.
    pub grounded: bool,
}

/// The model wrote nothing that could be a recommendation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the model's answer holds no recommendation")]
pub struct NoRecommendation;

/// The JSON schema that the model is asked to follow.
pub fn answer_schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "recommendations": {
                "type": "array",
                "minItems": 1,
                "maxItems": 5,
                "items": {
                    "type": "object",
                    "properties": {
                        "rank": {"type": "integer"},
                        "category": {"type": "string"},
                        "recommendation": {"type": "string"},
                        "confidence": {"type": "number"}
                    },
                    "required": ["rank", "category", "recommendation", "confidence"]
                }
            }
        },
        "required": ["recommendations"]
    })
}

/// Reads the recommendations of an answer and marks each as grounded in the drive's figures or not.
pub fn read(
    answer: &str,
    figures: &[ParameterStatistics],
) -> Result<Vec<Recommendation>, NoRecommendation> {
    let mut recommendations = parse(answer)?;
    for recommendation in &mut recommendations {
        recommendation.grounded = is_grounded(&recommendation.recommendation, figures);
    }
    Ok(recommendations)
}

/// Reads the recommendations of an answer, the most important first. All are marked as grounded: whether they are
/// is for [`grounding`] to say.
pub fn parse(answer: &str) -> Result<Vec<Recommendation>, NoRecommendation> {
    let answer = without_thoughts(head(answer));
    let values = json_values(&answer);
    let mut drafts = Drafts::default();
    // A model that corrects itself writes the whole once more.
    let last = values.iter().filter_map(document).next_back();
    match last {
        Some([]) => return Ok(Vec::new()),
        Some(items) if is_repeated(&values) => _ = drafts.collect(&Value::Array(items.to_vec())),
        _ => {
            for value in &values {
                drafts.collect(value);
            }
        }
    }
    if drafts.found.is_empty() {
        drafts.collect_list_items(&answer);
    }
    let recommendations = drafts.ranked();
    if recommendations.is_empty() {
        Err(NoRecommendation)
    } else {
        Ok(recommendations)
    }
}

/// As much of the text as is looked at, cut between characters.
fn head(answer: &str) -> &str {
    let mut end = answer.len().min(MAX_ANSWER_BYTES);
    while !answer.is_char_boundary(end) {
        end -= 1;
    }
    &answer[..end]
}

/// All JSON objects and lists in a text, outermost first; a value that is broken gives way to the whole ones in it.
/// `serde_json` reads 128 levels deep at most, which bounds the recursion of code that walks a value.
fn json_values(text: &str) -> Vec<Value> {
    if let Ok(value) = serde_json::from_str(text.trim()) {
        return vec![value];
    }
    let mut values = Vec::new();
    let mut almost_json_bytes = MAX_ALMOST_JSON_BYTES;
    let mut rest = text;
    for _ in 0..MAX_ATTEMPTS {
        let Some(start) = rest.find(['{', '[']) else {
            break;
        };
        rest = &rest[start..];
        let mut reader = serde_json::Deserializer::from_str(rest).into_iter();
        let consumed = match reader.next() {
            Some(Ok(value)) => {
                values.push(value);
                reader.byte_offset()
            }
            _ if almost_json_bytes < rest.len() => 1,
            _ => {
                almost_json_bytes -= rest.len();
                almost_json::read(rest).map_or(1, |(value, length)| {
                    values.push(value);
                    length
                })
            }
        };
        rest = &rest[consumed..];
    }
    values
}

/// A recommendation as it was written: its rank may be missing or absurd.
struct Draft {
    rank: Option<f64>,
    category: String,
    text: String,
    confidence: f64,
}

#[derive(Default)]
struct Drafts {
    found: Vec<Draft>,
    seen: HashSet<String>,
}

impl Drafts {
    /// Takes every recommendation in a value; returns whether there was one.
    fn collect(&mut self, value: &Value) -> bool {
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
    fn collect_list_items(&mut self, text: &str) {
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
                category: category(string_field(fields, CATEGORY_KEYS).unwrap_or_default()),
                confidence: field(fields, CONFIDENCE_KEYS)
                    .map_or(loose::UNKNOWN_CONFIDENCE, confidence),
                text,
            });
        }
    }

    /// In the order of the given ranks; one without a rank keeps the place at which it was written.
    #[allow(clippy::cast_precision_loss)]
    fn ranked(self) -> Vec<Recommendation> {
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
                category: draft.category,
                recommendation: draft.text,
                confidence: draft.confidence,
                grounded: true,
            })
            .collect()
    }
}

/// The list of a value in the shape that was asked for.
fn document(value: &Value) -> Option<&[Value]> {
    let list = field(value.as_object()?, &["recommendations"])?;
    list.as_array().map(Vec::as_slice)
}

/// Whether several values have the shape that was asked for.
fn is_repeated(values: &[Value]) -> bool {
    values.iter().filter_map(document).count() > 1
}

fn is_thought(name: &str) -> bool {
    THOUGHT_KEYS
        .iter()
        .any(|key| name.eq_ignore_ascii_case(key))
}

/// The first of `keys` that the object has, in any case.
fn field<'a>(fields: &'a Map<String, Value>, keys: &[&str]) -> Option<&'a Value> {
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

#[cfg(test)]
mod tests;
