//! Values as a model writes them, and what they are meant to be.

use serde_json::Value;

use super::MAX_CATEGORY_CHARS;

/// A confidence that the model did not give, or not as a number.
pub(super) const UNKNOWN_CONFIDENCE: f64 = 0.5;
const DEFAULT_CATEGORY: &str = "general";

/// A number, or the first number in a string: `"#2"`, `"Rank 3"`, `"0,85"`.
pub(super) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => {
            let start = text.find(|c: char| c.is_ascii_digit())?;
            let negative = text[..start].ends_with('-');
            let digits: String = text[start..]
                .chars()
                .map(|c| if c == ',' { '.' } else { c })
                .take_while(|c| c.is_ascii_digit() || *c == '.')
                .collect();
            let number: f64 = digits.trim_end_matches('.').parse().ok()?;
            Some(if negative { -number } else { number })
        }
        _ => None,
    }
    .filter(|number| number.is_finite())
}

/// 0 to 1 from a share, a percentage (`85`, `"85%"`), a fraction (`"8/10"`, `"8 out of 10"`) or a word.
pub(super) fn confidence(value: &Value) -> f64 {
    let text = value.as_str().unwrap_or_default().to_lowercase();
    let confidence = match number(value) {
        Some(number) if text.contains('%') || text.contains("percent") => number / 100.0,
        Some(number) => match fraction(&text) {
            Some(fraction) => fraction,
            // 1.09 is a share that overshot, 85 a percentage; whatever is beyond 100 is clamped below.
            None if (2.0..=100.0).contains(&number) => number / 100.0,
            None => number,
        },
        None => match text.trim() {
            "very high" | "certain" => 0.95,
            "high" => 0.85,
            "low" => 0.25,
            _ => UNKNOWN_CONFIDENCE,
        },
    };
    confidence.clamp(0.0, 1.0)
}

/// `8/10`, `8 out of 10`.
fn fraction(text: &str) -> Option<f64> {
    let (part, whole) = text.split_once('/').or_else(|| text.split_once("out of"))?;
    let (part, whole): (f64, f64) = (part.trim().parse().ok()?, whole.trim().parse().ok()?);
    Some(part / whole).filter(|fraction| fraction.is_finite())
}

/// `Air/Fuel Ratio` → `air_fuel_ratio`.
pub(super) fn category(text: &str) -> String {
    let words: Vec<String> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let category: String = words.join("_").chars().take(MAX_CATEGORY_CHARS).collect();
    if category.is_empty() {
        DEFAULT_CATEGORY.to_owned()
    } else {
        category
    }
}
