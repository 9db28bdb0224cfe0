//! Recommendations out of whatever a model wrote.
//!
//! The request has a JSON schema, but models ignore it. Every JSON value in the text is examined: fenced, wrapped
//! in prose, cut off in the middle, a bare list, another key, a string that holds JSON again. Numbers may be
//! strings, percents or nonsense. What comes out is always in order: ranks 1 to n, confidences from 0 to 1, texts
//! of bounded length, ten entries at most. Text without any recommendation is an error, unless it is an explicit empty
//! list.

use serde_json::{Value, json};

mod almost_json;
mod drafts;
mod json_values;
mod loose;
mod thoughts;

use self::drafts::{Drafts, field};
use self::json_values::json_values;
use self::thoughts::without_thoughts;
use super::evidence::RecommendationEvidence;

/// More are not kept.
pub const MAX_RECOMMENDATIONS: usize = 10;
/// Longest recommendation, in characters.
pub const MAX_TEXT_CHARS: usize = 2000;
/// Longest category, in characters.
pub const MAX_CATEGORY_CHARS: usize = 64;
/// What a model names where no finding is meant.
pub const NO_FINDING: &str = "none";

/// Only this much of a longer answer is read.
const MAX_ANSWER_BYTES: usize = 256 * 1024;

/// One piece of advice.
#[derive(Clone, Debug, PartialEq)]
pub struct Recommendation {
    /// 1 is the most important; no gaps.
    pub rank: u32,
    /// The rule whose finding it is about.
    pub finding: Option<String>,
    /// Lower case words joined by `_`.
    pub category: String,
    /// What to do and why, on one line.
    pub recommendation: String,
    /// 0 to 1.
    pub confidence: f64,
    /// False when a number in the text cannot be traced to the drive's figures.
    pub grounded: bool,
    /// The server's own figures of the finding.
    pub evidence: Option<RecommendationEvidence>,
}

/// The model wrote nothing that could be a recommendation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the model's answer holds no recommendation")]
pub struct NoRecommendation;

/// The JSON schema that the model is asked to follow; `rules` are the rules that have found something.
pub fn answer_schema(rules: &[&str]) -> Value {
    let findings: Vec<&str> = rules.iter().copied().chain([NO_FINDING]).collect();
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
                        "finding": {"type": "string", "enum": findings},
                        "category": {"type": "string"},
                        "recommendation": {"type": "string"},
                        "confidence": {"type": "number"}
                    },
                    "required": ["rank", "finding", "category", "recommendation", "confidence"]
                }
            }
        },
        "required": ["recommendations"]
    })
}

/// Reads the recommendations of an answer, the most important first. Their findings are as the model named them, and all
/// are marked as grounded.
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
    if drafts.is_empty() {
        drafts.collect_list_items(&answer);
    }
    let recommendations = drafts.ranked();
    if recommendations.is_empty() {
        Err(NoRecommendation)
    } else {
        Ok(recommendations)
    }
}

/// The part of the text that is read, cut between characters.
fn head(answer: &str) -> &str {
    let mut end = answer.len().min(MAX_ANSWER_BYTES);
    while !answer.is_char_boundary(end) {
        end -= 1;
    }
    &answer[..end]
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

#[cfg(test)]
mod tests;
