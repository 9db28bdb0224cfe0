//! Reads a number as people and models write it, with the unit that follows.

use crate::diagnosis::units::{Dimension, Unit};

/// Stands for every blank that is no plain one; it may separate thousands.
pub(super) const NARROW_BLANK: char = '\u{202f}';

/// A number of a text.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Number {
    /// As the text has it, with its unit.
    pub(super) written: String,
    /// What it can mean: `1,250` is 1250 or 1.25, `88 degrees` a temperature or an angle.
    pub(super) readings: Vec<Reading>,
    pub(super) sign: Sign,
    /// Whether a unit is written.
    pub(super) has_unit: bool,
}

/// How the sign of a number is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    None,
    Plus,
    Minus,
    /// `±`
    Both,
}

/// One meaning of a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Reading {
    /// With its sign.
    pub(super) value: f64,
    /// Half a unit of the last digit.
    pub(super) precision: f64,
    /// Half a unit of the last digit that is not 0.
    pub(super) coarse: f64,
    pub(super) unit: Option<Unit>,
    /// Seconds since midnight, for a time of day: `value` is then a duration in seconds.
    pub(super) clock: Option<f64>,
}

/// What stands at a digit.
#[derive(Debug)]
pub(super) enum Written {
    Number(Number),
    /// The digits belong to a name: an ordinal, `5w-30`, `4g63`, a date.
    Name(String),
}

/// The number or name that begins at `start`, with its sign, and where it ends.
pub(super) fn read(text: &str, lower: &str, start: usize) -> Option<(Written, usize)> {
    let bytes = lower.as_bytes();
    let (sign, digits_at) = sign(text, start)?;
    let is_decimal_point = *bytes.get(digits_at)? == b'.';
    if !bytes
        .get(digits_at + usize::from(is_decimal_point))?
        .is_ascii_digit()
    {
        return None;
    }
    if let Some(found) = date(lower, digits_at).or_else(|| clock(text, lower, start, digits_at)) {
        return Some(found);
    }
    let (length, values) = values(&lower[digits_at..]);
    let end = digits_at + length;
    if values.is_empty() {
        return Some(name(lower, digits_at));
    }
    let Some((mut readings, end, has_unit)) = units(text, lower, end, &values) else {
        return Some(name(lower, digits_at));
    };
    if sign == Sign::Minus {
        for reading in &mut readings {
            reading.value = -reading.value;
        }
    }
    let number = Number {
        written: written(&text[start..end]),
        readings,
        sign,
        has_unit,
    };
    Some((Written::Number(number), end))
}

/// The text of a number as an objection shows it.
pub(super) fn written(text: &str) -> String {
    text.replace(NARROW_BLANK, " ")
}

/// The sign at `start`, if it belongs to a number, and where the digits begin.
fn sign(text: &str, start: usize) -> Option<(Sign, usize)> {
    let rest = &text[start..];
    let c = rest.chars().next()?;
    let before = text[..start].chars().next_back();
    let sign = match c {
        '-' => Sign::Minus,
        '+' => Sign::Plus,
        '±' => Sign::Both,
        _ => return Some((Sign::None, start)),
    };
    // A hyphen behind a word or a number joins: "700-900", "0-100 %".
    if sign == Sign::Minus && before.is_some_and(|c| c.is_alphanumeric() || "%°_".contains(c)) {
        return None;
    }
    let mut digits = start + c.len_utf8();
    if sign != Sign::Minus && text[digits..].starts_with([' ', NARROW_BLANK]) {
        digits += text[digits..].chars().next().map_or(0, char::len_utf8);
    }
    Some((sign, digits))
}

/// The longest run of digits with separators, and what it can mean: value and half a unit of the last digit.
fn values(text: &str) -> (usize, Vec<(f64, f64)>) {
    let count = |from: usize| text[from..].bytes().take_while(u8::is_ascii_digit).count();
    let mut groups = vec![&text[..count(0)]];
    let mut separators: Vec<char> = Vec::new();
    let mut length = count(0);
    while let Some(separator) = text[length..].chars().next() {
        let from = length + separator.len_utf8();
        if !".,' \u{202f}".contains(separator) || from >= text.len() {
            break;
        }
        let digits = count(from);
        let groups_thousands =
            digits == 3 && (1..=3).contains(&groups[0].len()) && groups[0] != "0";
        let decimal_before = separators.len() > 1 && separators.last() != separators.first();
        if digits == 0
            || decimal_before
            || (!".,".contains(separator) && !groups_thousands)
            || (separator == ' ' && !is_grouping_blank(&text[from + digits..]))
            || (separators.first().is_some_and(|first| *first != separator)
                && !".,".contains(separator))
            || (separator == ',' && groups.len() == 1 && digits != 3 && digits > 2)
        {
            break;
        }
        groups.push(&text[from..from + digits]);
        separators.push(separator);
        length = from + digits;
    }
    let number = |whole: &[&str], decimals: &str| {
        let digits = whole.concat();
        let places = i32::try_from(decimals.len()).unwrap_or(i32::MAX);
        let value: f64 = format!("0{digits}.{decimals}0").parse().unwrap_or(f64::NAN);
        (value, 0.5 / 10_f64.powi(places))
    };
    let mut values = Vec::new();
    match separators.as_slice() {
        [] => values.push(number(&groups, "")),
        [single] => {
            if groups[1].len() == 3 && !groups[0].is_empty() && groups[0] != "0" {
                values.push(number(&groups, ""));
            }
            if ".,".contains(*single) {
                values.push(number(&groups[..1], groups[1]));
            }
        }
        [first, .., last] => {
            let (whole, rest) = groups.split_at(groups.len() - 1);
            let thousands = |groups: &[&str]| groups[1..].iter().all(|group| group.len() == 3);
            if first == last && thousands(&groups) {
                values.push(number(&groups, ""));
            } else if first != last && thousands(whole) {
                values.push(number(whole, rest[0]));
            }
        }
    }
    values.retain(|(value, _)| value.is_finite());
    (length, values)
}

/// Whether a plain blank before three digits separates thousands: a unit must follow.
fn is_grouping_blank(after: &str) -> bool {
    let after = after.trim_start();
    [
        "rpm", "rev", "kpa", "km", "s ", "seconds", "readings", "°c", "1/min",
    ]
    .iter()
    .any(|unit| after.starts_with(unit))
}

/// The meanings with their units and where the unit ends; none if the digits go on as a word.
#[allow(clippy::type_complexity)]
fn units(
    text: &str,
    lower: &str,
    end: usize,
    values: &[(f64, f64)],
) -> Option<(Vec<Reading>, usize, bool)> {
    let reading = |(value, precision): (f64, f64), unit: Option<Unit>| Reading {
        value,
        precision,
        coarse: coarse(value, precision),
        unit,
        clock: None,
    };
    let thousands = |(value, precision): (f64, f64)| (value * 1e3, precision * 1e3);
    let rest = &lower[end..];
    let ends_word = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
    if rest.starts_with('k') && ends_word(&rest[1..]) {
        let (unit, unit_end) = unit_at(lower, end + 1);
        // "2.412k" and "3,441k" are no thousands of thousands.
        let values = &values[values.len() - 1..];
        let mut readings: Vec<Reading> = values
            .iter()
            .map(|value| reading(thousands(*value), unit))
            .collect();
        if text[end..].starts_with('K') && unit.is_none() {
            let kelvin = Unit::named("K");
            readings.extend(values.iter().map(|value| reading(*value, kelvin)));
        }
        return Some((readings, unit_end, unit.is_some()));
    }
    let (unit, unit_end) = unit_at(lower, end);
    if unit.is_none() && !ends_word(rest) {
        return None;
    }
    // Thousandths of a second or of a revolution are not written.
    let whole = unit.is_some_and(|unit| matches!(unit.label(), "s" | "rpm"));
    let values = if whole && values.len() == 2 {
        &values[..1]
    } else {
        values
    };
    let mut meanings = vec![unit];
    if let Some(unit) = unit {
        let word = lower[end..unit_end].trim_matches([' ', '-', NARROW_BLANK]);
        if unit.dimension() == Dimension::Angle
            && matches!(word, "°" | "deg" | "degree" | "degrees")
        {
            meanings.extend([Unit::named("°C"), Unit::named("°F")]);
        }
    }
    let readings = meanings
        .iter()
        .flat_map(|unit| values.iter().map(|value| reading(*value, *unit)))
        .collect();
    Some((readings, unit_end, unit.is_some()))
}

/// The unit at `end`, behind at most one blank or hyphen, and where it ends.
pub(super) fn unit_at(lower: &str, end: usize) -> (Option<Unit>, usize) {
    let rest = &lower[end..];
    let gap = rest
        .chars()
        .next()
        .filter(|c| matches!(c, ' ' | '-' | '\u{202f}'))
        .map_or(0, char::len_utf8);
    match Unit::leading(&rest[gap..]) {
        Some((unit, length)) => (Some(unit), end + gap + length),
        None => (None, end),
    }
}

/// Half a unit of the last digit that is not 0: 5 for 80, 50 for 2400.
pub(super) fn coarse(value: f64, precision: f64) -> f64 {
    let mut step = precision * 2.0;
    if value.abs() < step {
        return precision;
    }
    while ((value / (step * 10.0)).round() * step * 10.0 - value).abs() < 1e-9 * value.abs() {
        step *= 10.0;
    }
    step / 2.0
}

/// Digits that are part of a word: all of it, with `-30` of `5w-30`.
fn name(lower: &str, start: usize) -> (Written, usize) {
    let mut end = start;
    loop {
        let rest = &lower[end..];
        end += rest
            .find(|c: char| !(c.is_alphanumeric() || c == '_'))
            .unwrap_or(rest.len());
        let joined = lower[end..].starts_with(['-', '.', ':', ',', '/'])
            && lower[end + 1..].starts_with(|c: char| c.is_ascii_digit());
        if !joined {
            return (Written::Name(lower[start..end].to_owned()), end);
        }
        end += 1;
    }
}

/// `2026-02-01`, with a `T` and a time perhaps.
fn date(lower: &str, start: usize) -> Option<(Written, usize)> {
    let text = lower.get(start..start + 10)?;
    let shaped = text.bytes().enumerate().all(|(place, byte)| match place {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    let end = start + 10 + usize::from(lower[start + 10..].starts_with('t'));
    shaped.then(|| (Written::Name(text.to_owned()), end))
}

/// `14:32`, `14:32:05`, `2:32 pm`; as a duration, minutes and seconds.
fn clock(text: &str, lower: &str, start: usize, digits_at: usize) -> Option<(Written, usize)> {
    let mut parts = Vec::new();
    let mut end = digits_at;
    loop {
        let digits = lower[end..].bytes().take_while(u8::is_ascii_digit).count();
        if !(1..=2).contains(&digits) {
            return None;
        }
        parts.push(lower[end..end + digits].parse::<f64>().ok()?);
        end += digits;
        let more = lower[end..].starts_with(':')
            && lower[end + 1..].starts_with(|c: char| c.is_ascii_digit());
        if !more || parts.len() == 3 {
            break;
        }
        end += 1;
    }
    if parts.len() < 2 || parts[1] >= 60.0 {
        return None;
    }
    let seconds = parts.get(2).copied();
    let half_day = lower[end..].trim_start_matches([' ', NARROW_BLANK]);
    let noon = match half_day.get(..2) {
        Some("pm") if parts[0] < 12.0 => 12.0,
        Some("am") if (parts[0] - 12.0).abs() < 0.5 => -12.0,
        _ => 0.0,
    };
    if half_day.starts_with("am") || half_day.starts_with("pm") {
        end = lower.len() - half_day.len() + 2;
    }
    let clock = (parts[0] + noon) * 3_600.0 + parts[1] * 60.0 + seconds.unwrap_or(0.0);
    let duration = match seconds {
        Some(_) => clock,
        None => parts[0] * 60.0 + parts[1],
    };
    let precision = if seconds.is_some() { 0.5 } else { 30.0 };
    let reading = Reading {
        value: duration,
        precision: 0.5,
        coarse: precision,
        unit: Unit::named("s"),
        clock: Some(clock),
    };
    let number = Number {
        written: written(&text[start..end]),
        readings: vec![reading],
        sign: Sign::None,
        has_unit: true,
    };
    Some((Written::Number(number), end))
}
