//! Numbers that belong to a name or to a range.

use crate::analysis::grounding::numbers::{Number, Reading};
use crate::analysis::grounding::tokens::Token;
use crate::diagnosis::units::Dimension;

/// What numbers, rather than measures.
#[rustfmt::skip]
const NUMBERED: &[&str] = &[
    "cylinder", "cylinders", "bank", "sensor", "step", "steps", "stage", "gear", "dot", "mode", "pid", "type", "level", "sae", "no", "number", "item", "rank",
    "phase", "part", "option", "priority", "pin", "terminal", "#", "gears", "banks", "injector", "coil", "plug", "euro", "stages", "tier", "rule",
];
/// `4-cylinder`, `16-valve`.
const BUILT: &[&str] = &[
    "cylinder",
    "cylinders",
    "valve",
    "valves",
    "door",
    "speed",
    "stroke",
    "way",
    "wire",
    "pin",
    "wheel",
    "point",
    "step",
    "litre",
    "liter",
    "gas",
];
/// What instructions count or size; no figure of a drive.
const THINGS: &[&str] = &[
    "octane",
    "ron",
    "mm",
    "steps",
    "spark",
    "plugs",
    "injectors",
    "bolts",
    "bolt",
    "hoses",
    "wires",
    "coils",
    "things",
    "ways",
    "items",
    "reasons",
    "places",
    "parts",
    "screws",
    "people",
];
#[rustfmt::skip]
const CAR: &[&str] = &[
    "mitsubishi", "eclipse", "model", "car", "vehicle", "gst", "gsx", "toyota", "honda", "ford", "mazda", "nissan", "subaru", "volkswagen", "vw", "bmw", "audi",
    "hyundai", "kia", "chevrolet", "dodge", "eagle", "plymouth", "etios", "talon", "mitsubishi's", "year",
];
const ENGINE: &[&str] = &[
    "engine",
    "turbo",
    "turbocharged",
    "motor",
    "inline",
    "four",
    "dohc",
    "sohc",
    "petrol",
    "gasoline",
    "4g63",
    "4g63t",
    "i4",
    "unit",
    "cylinder",
    "displacement",
];

/// Whether the numbers at `place` and `next` are the ends of a range.
pub(in super::super) fn is_a_range(tokens: &[Token], place: usize, next: usize) -> bool {
    let between = &tokens[place + 1..next];
    let announced = (place.saturating_sub(4)..place).any(|at| {
        matches!(
            tokens[at].word(),
            Some("between" | "within" | "from" | "ranged" | "ranging" | "ranges" | "range")
        )
    });
    match between {
        [Token::Mark('-')] => true,
        [Token::Word(word)] if word == "to" || word == "through" => true,
        [Token::Word(word)] if word == "and" => announced,
        [Token::Mark(','), Token::Word(word)] if word == "and" => announced,
        _ => false,
    }
}

/// Whether the number is a part of a name, an ordinal of a list, or a fact of the car.
pub(in super::super) fn is_a_name(tokens: &[Token], place: usize) -> bool {
    let Token::Number(number) = &tokens[place] else {
        return false;
    };
    let Some(reading) = number.readings.first() else {
        return false;
    };
    let word = |at: Option<usize>| at.and_then(|at| tokens.get(at)).and_then(Token::word);
    let before = word(place.checked_sub(1));
    let behind = word(Some(place + 1));
    let whole = reading.value.fract() == 0.0 && number.readings.len() == 1;
    let small = whole && (0.0..100.0).contains(&reading.value);
    if number.has_unit {
        return is_nominal(number, reading, tokens, place);
    }
    if small && before.is_some_and(|word| NUMBERED.contains(&word)) {
        return true;
    }
    if small && reading.value <= 32.0 && behind.is_some_and(|word| BUILT.contains(&word)) {
        return true;
    }
    if small && behind.is_some_and(|word| THINGS.contains(&word)) {
        return true;
    }
    // "1." and "2)" at the start of a line.
    let marker = place == 0
        && whole
        && (1.0..=20.0).contains(&reading.value)
        && matches!(tokens.get(1), None | Some(Token::Mark(')' | '.' | ':')));
    if marker {
        return true;
    }
    // "cylinders 2 and 3".
    if small
        && matches!(before, Some("and" | "or"))
        && place >= 3
        && matches!(tokens[place - 2], Token::Number(_))
        && word(place.checked_sub(3)).is_some_and(|word| NUMBERED.contains(&word))
    {
        return true;
    }
    whole
        && (1950.0..2040.0).contains(&reading.value)
        && behind.is_some_and(|word| CAR.contains(&word))
}

/// "12 V battery", "2.0 L turbo".
fn is_nominal(number: &Number, reading: &Reading, tokens: &[Token], place: usize) -> bool {
    let behind = |words: &[&str], count: usize| {
        (place + 1..(place + 1 + count).min(tokens.len()))
            .any(|at| tokens[at].word().is_some_and(|word| words.contains(&word)))
    };
    let before = |words: &[&str]| {
        place > 0
            && tokens[place - 1]
                .word()
                .is_some_and(|word| words.contains(&word))
    };
    let Some(unit) = reading.unit else {
        return false;
    };
    match unit.dimension() {
        Dimension::Volume => {
            (0.5..=8.5).contains(&reading.value)
                && (behind(ENGINE, 3) || before(&["engine", "displacement"]))
        }
        Dimension::Voltage if number.written.ends_with(['v', 'V']) && before(&["dohc", "sohc"]) => {
            true
        }
        Dimension::Voltage => {
            [5.0, 12.0].contains(&reading.value)
                && behind(
                    &[
                        "battery",
                        "system",
                        "electrical",
                        "supply",
                        "circuit",
                        "outlet",
                        "reference",
                    ],
                    1,
                )
        }
        _ => false,
    }
}
