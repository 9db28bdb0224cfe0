//! How numbers and durations read: formatted once, here.

use super::figures::round;

/// Decimals that a unit is shown with.
fn decimals(unit: &str) -> i32 {
    match unit {
        "V" => 2,
        "%" | "g/s" | "°" | "K/min" | "points" => 1,
        _ => 0,
    }
}

/// A value as it is shown, to compare and to store.
pub fn shown(value: f64, unit: &str) -> f64 {
    round(value, decimals(unit))
}

/// "118 °C", "13.10 V".
pub fn value(value: f64, unit: &str) -> String {
    number(value, unit, false)
}

/// The same with its sign: "+12.5 %", "−3.0 %".
pub(crate) fn signed(value: f64, unit: &str) -> String {
    number(value, unit, true)
}

fn number(value: f64, unit: &str, plus: bool) -> String {
    let decimals = usize::try_from(decimals(unit)).unwrap_or(0);
    let value = shown(value, unit);
    let digits = thousands(&format!("{:.decimals$}", value.abs()));
    let sign = match value {
        value if value < 0.0 => "−",
        _ if plus && value > 0.0 => "+",
        _ => "",
    };
    match unit {
        "" => format!("{sign}{digits}"),
        "°" => format!("{sign}{digits}°"),
        unit => format!("{sign}{digits} {unit}"),
    }
}

/// "7200.5" becomes "7,200.5".
fn thousands(digits: &str) -> String {
    let (whole, rest) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let mut grouped = String::with_capacity(digits.len() + 3);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + rest
}

/// A number with what it counts: `1 row`, `2 rows`.
pub fn counted(count: u64, noun: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{ending}")
}

/// "45 s", "10 min", "12 min 30 s", "2 h 5 min".
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
pub fn duration(seconds: f64) -> String {
    // Durations are never negative; a drive of more than 500 million years is cut.
    let seconds = seconds.round().max(0.0) as u64;
    let (hours, minutes, rest) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes, rest) {
        (0, 0 | 1, _) => format!("{seconds} s"),
        (0, minutes, 0) => format!("{minutes} min"),
        (0, minutes, rest) => format!("{minutes} min {rest} s"),
        (hours, 0, _) => format!("{hours} h"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

/// The first letter in upper case.
pub fn sentence(label: &str) -> String {
    let mut letters = label.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}

/// "a, b and c".
pub(crate) fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_decimals_of_their_unit() {
        assert_eq!(value(118.04, "°C"), "118 °C");
        assert_eq!(value(7_214.6, "rpm"), "7,215 rpm");
        assert_eq!(value(0.4567, "V"), "0.46 V");
        assert_eq!(signed(12.55, "%"), "+12.6 %");
        assert_eq!(signed(-3.0, "%"), "−3.0 %");
        assert_eq!(value(-0.01, "°"), "0.0°");
        assert_eq!(value(2.0, ""), "2");
        assert_eq!(value(1_234_567.0, "km"), "1,234,567 km");
    }

    #[test]
    fn one_of_something_is_singular() {
        let texts = [0, 1, 2].map(|count| counted(count, "more problem"));
        assert_eq!(
            texts,
            ["0 more problems", "1 more problem", "2 more problems"]
        );
    }

    #[test]
    fn durations_are_read_at_a_glance() {
        for (seconds, text) in [
            (59.6, "60 s"),
            (90.0, "90 s"),
            (600.0, "10 min"),
            (750.0, "12 min 30 s"),
            (7_500.0, "2 h 5 min"),
            (3_600.0, "1 h"),
        ] {
            assert_eq!(duration(seconds), text);
        }
    }

    #[test]
    fn lists_end_with_and() {
        let items = ["a", "b", "c"].map(str::to_owned);
        assert_eq!(list(&items), "a, b and c");
        assert_eq!(list(&items[..1]), "a");
    }
}
