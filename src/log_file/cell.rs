//! What one cell says: a number, perhaps with its unit, or one of the words that loggers write instead.

/// A value and the unit that the cell itself names.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Value<'a> {
    pub(super) number: f64,
    pub(super) unit: Option<&'a str>,
}

/// What a cell holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Cell<'a> {
    /// Nothing was measured.
    Empty,
    /// A value.
    Value(Value<'a>),
    /// Something else.
    Text,
}

/// Reads a cell of values.
pub(super) fn read(text: &str) -> Cell<'_> {
    let lower = || text.to_ascii_lowercase();
    if let Some(value) = value(text) {
        return Cell::Value(value);
    }
    let word = lower();
    if matches!(
        word.as_str(),
        "" | "-"
            | "--"
            | "---"
            | "n/a"
            | "na"
            | "nan"
            | "null"
            | "none"
            | "no data"
            | "nodata"
            | "?"
            | "inf"
            | "-inf"
            | "∞"
            | "-∞"
    ) {
        return Cell::Empty;
    }
    match number_of_word(&word) {
        Some(number) => Cell::Value(Value { number, unit: None }),
        None => Cell::Text,
    }
}

/// Words for switches, the fuel system and trouble codes.
fn number_of_word(word: &str) -> Option<f64> {
    // The labels of SAE J1979 and their common short forms.
    let word = word.trim_start_matches(['(', '\'', '"', '[']);
    let number = match word {
        "on" | "true" | "yes" | "active" | "ol" | "open" => 1.0,
        "off" | "false" | "no" | "inactive" => 0.0,
        "cl" | "closed" => 2.0,
        "ol-drive" => 4.0,
        "ol-fault" => 8.0,
        "cl-fault" => 16.0,
        _ if word.starts_with("closed loop") && word.contains("fault") => 16.0,
        _ if word.starts_with("closed loop") => 2.0,
        _ if word.starts_with("open loop") && (word.contains("load") || word.contains("decel")) => {
            4.0
        }
        _ if word.starts_with("open loop") && word.contains("fail") => 8.0,
        _ if word.starts_with("open loop") => 1.0,
        _ => return None.or_else(|| codes(word)),
    };
    Some(number)
}

/// How many trouble codes a text lists, or says that there are ("MIL is OFF0 codes").
fn codes(word: &str) -> Option<f64> {
    if let Some(said) = word.strip_prefix("mil is ") {
        let digits: String = said.chars().filter(char::is_ascii_digit).collect();
        return digits.parse().ok();
    }
    let mut count = 0_u32;
    let mut rest = word;
    while let Some(code) = rest.get(..5) {
        let (system, digits) = code.split_at_checked(1)?;
        if !matches!(system, "p" | "c" | "b" | "u")
            || !digits.chars().all(|digit| digit.is_ascii_hexdigit())
        {
            return None;
        }
        count += 1;
        rest = rest[5..].trim_start_matches([' ', ',', ';', '/', '|']);
    }
    (count > 0 && rest.is_empty()).then(|| f64::from(count))
}

/// A number with an optional unit behind it: `12.5`, `-3,9`, `33,3%`, `87 °C`, `1,250.5`.
fn value(text: &str) -> Option<Value<'_>> {
    let end = text
        .char_indices()
        .find(|(at, c)| !is_part_of_number(text, *at, *c))
        .map_or(text.len(), |(at, _)| at);
    let (digits, unit) = text.split_at(end);
    let number = number(digits)?;
    let unit = unit.trim();
    let plausible =
        unit.chars().count() <= 12 && !unit.chars().any(|c| c.is_ascii_digit() || c == ':');
    plausible.then_some(Value {
        number,
        unit: (!unit.is_empty()).then_some(unit),
    })
}

fn is_part_of_number(text: &str, at: usize, c: char) -> bool {
    match c {
        '0'..='9' | '.' | ',' => true,
        '+' | '-' => at == 0 || text[..at].ends_with(['e', 'E']),
        'e' | 'E' => {
            let mut rest = text[at + 1..].chars();
            let next = rest.next();
            let next = if matches!(next, Some('+' | '-')) {
                rest.next()
            } else {
                next
            };
            at > 0 && next.is_some_and(|next| next.is_ascii_digit())
        }
        _ => false,
    }
}

/// Reads a number with a decimal point or comma. A comma before exactly three digits marks thousands only where a point
/// or another comma shows it.
pub(super) fn number(text: &str) -> Option<f64> {
    let number: f64 = if !text.contains(',') {
        text.parse().ok()?
    } else if text.contains('.') || text.matches(',').count() > 1 {
        let (thousands, decimal) = match (text.rfind('.'), text.rfind(',')) {
            (Some(point), Some(comma)) if comma > point => ('.', ','),
            _ => (',', '.'),
        };
        let whole: String = text.chars().filter(|c| *c != thousands).collect();
        whole.replace(decimal, ".").parse().ok()?
    } else {
        text.replace(',', ".").parse().ok()?
    };
    number.is_finite().then_some(number)
}
