//! Reads the numbers in a sentence together with their units.

use crate::analysis::statistics::units::Unit;

/// A number as it is written, with whatever unit follows.
#[derive(Debug)]
pub(super) struct Number {
    pub(super) start: usize,
    pub(super) end: usize,
    /// After the unit, or `end`.
    pub(super) unit_end: usize,
    pub(super) value: f64,
    /// Half a unit of the last written digit.
    pub(super) precision: f64,
    pub(super) unit: Option<Unit>,
}

/// The numbers of a sentence (lower case) in the order of writing. Digits that are a part of a word are none.
pub(super) fn numbers(sentence: &str) -> Vec<Number> {
    let mut numbers = all_numbers(sentence);
    share_units(sentence, &mut numbers);
    numbers
}

/// "700 to 900 rpm", "700-900 rpm": the first number has the unit of the second.
fn share_units(sentence: &str, numbers: &mut [Number]) {
    for right in (1..numbers.len()).rev() {
        let (before, after) = numbers.split_at_mut(right);
        let (Some(left), Some(right)) = (before.last_mut(), after.first()) else {
            continue;
        };
        let between = sentence[left.unit_end..right.start].trim();
        if left.unit.is_none()
            && matches!(
                between,
                "to" | "and" | "or" | "-" | "–" | "—" | ".." | "/" | ""
            )
        {
            left.unit = right.unit;
        }
    }
}

fn all_numbers(sentence: &str) -> Vec<Number> {
    let mut numbers = Vec::new();
    let mut position = 0;
    while let Some(offset) = sentence[position..].find(|c: char| c.is_ascii_digit()) {
        let start = position + offset;
        let digits = digits(&sentence[start..]);
        position = start + digits.len();
        // The digits of a name (`b1s1`, `p0420`, `4g63`) are no number.
        let in_a_word = sentence[..start].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        if let (false, Some(number)) = (in_a_word, number(sentence, start, digits)) {
            position = number.unit_end;
            numbers.push(number);
        } else {
            let rest = &sentence[position..];
            position += rest
                .find(|c: char| !(c.is_alphanumeric() || c == '_'))
                .unwrap_or(rest.len());
        }
    }
    numbers
}

/// The number that is written as `digits` at `start`; `None` if it is a part of a word.
fn number(sentence: &str, start: usize, digits: &str) -> Option<Number> {
    let value: f64 = digits.replace(',', "").parse().ok()?;
    let decimals = digits
        .split_once('.')
        .map_or(0, |(_, decimals)| decimals.len());
    let precision = 0.5 / 10_f64.powi(i32::try_from(decimals).ok()?);

    let end = start + digits.len();
    let rest = &sentence[end..];
    let gap = rest.len() - rest.trim_start_matches([' ', '-', '\u{a0}']).len();
    let unit = Unit::leading(&rest[gap..]);
    if unit.is_none() && rest.starts_with(|c: char| c.is_alphabetic() || c == '_') {
        return None;
    }
    let unit_end = unit.map_or(end, |(_, length)| end + gap + length);

    // A minus belongs to the number unless it joins two: "-5 %", but "700-900".
    let before = &sentence[..start];
    let negative = before
        .strip_suffix(['-', '−'])
        .is_some_and(|before| !before.ends_with(char::is_alphanumeric));
    let value = if negative { -value } else { value };
    Some(Number {
        start,
        end,
        unit_end,
        value,
        precision,
        unit: unit.map(|(unit, _)| unit),
    })
}

/// The longest number at the start of `text`: digits, thousands separated by commas, decimals after a dot.
fn digits(text: &str) -> &str {
    let count = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let mut length = count(text);
    while text[length..].starts_with(',') && count(&text[length + 1..]) == 3 {
        length += 4;
    }
    if text[length..].starts_with('.') && count(&text[length + 1..]) > 0 {
        length += 1 + count(&text[length + 1..]);
    }
    &text[..length]
}
