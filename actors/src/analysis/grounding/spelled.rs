//! Numbers in words: "eighty-eight degrees", "thirteen point two volts".

use super::numbers::{Number, Reading, Sign, coarse, unit_at, written};
use crate::diagnosis::units::{Dimension, Unit};

const SMALL: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 8] = [
    "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
];

/// The number in words at `start` and where it ends with its unit. A small number without a unit ("two sensors") is none.
pub(super) fn read(lower: &str, start: usize) -> Option<(Number, usize)> {
    if lower[..start].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
        return None;
    }
    let words = words(lower, start);
    let mut parsed = Parsed::default();
    let mut end = start;
    for (place, &(word, word_end)) in words.iter().enumerate() {
        let next = words.get(place + 1).map_or("", |(word, _)| *word);
        if !parsed.take(word, next) {
            break;
        }
        if !matches!(word, "and" | "a" | "point") {
            end = word_end;
        }
    }
    if end == start {
        return None;
    }
    let value = parsed.value();
    let (unit, unit_end) = unit_at(lower, end);
    if unit.is_none() && value < 20.0 && parsed.decimals.is_empty() {
        return None;
    }
    let precision = 0.5 / 10_f64.powi(i32::try_from(parsed.decimals.len()).unwrap_or(i32::MAX));
    let mut meanings = vec![unit];
    if unit.is_some_and(|unit| unit.dimension() == Dimension::Angle) {
        meanings.extend([Unit::named("°C"), Unit::named("°F")]);
    }
    let readings = meanings.into_iter().map(|unit| Reading {
        value,
        precision,
        coarse: coarse(value, precision),
        unit,
        clock: None,
    });
    let number = Number {
        written: written(&lower[start..unit_end]),
        readings: readings.collect(),
        sign: Sign::None,
        has_unit: unit.is_some(),
    };
    Some((number, unit_end))
}

/// At most twelve words that only blanks and hyphens separate, and where each ends.
fn words(lower: &str, start: usize) -> Vec<(&str, usize)> {
    let mut words = Vec::new();
    let mut at = start;
    while words.len() < 12 {
        let rest = &lower[at..];
        let length = rest
            .find(|c: char| !c.is_ascii_lowercase())
            .unwrap_or(rest.len());
        if length == 0 || rest[length..].starts_with(|c: char| c.is_alphanumeric() || c == '_') {
            break;
        }
        words.push((&rest[..length], at + length));
        at += length;
        let gap = lower[at..].len() - lower[at..].trim_start_matches([' ', '-']).len();
        if gap == 0 {
            break;
        }
        at += gap;
    }
    words
}

#[derive(Default)]
struct Parsed {
    thousands: u32,
    below: u32,
    last: u32,
    decimals: Vec<u8>,
    half: bool,
    begun: bool,
    after_point: bool,
}

impl Parsed {
    /// Whether `word` continues the number.
    fn take(&mut self, word: &str, next: &str) -> bool {
        let small = SMALL.iter().position(|name| *name == word);
        let tens = TENS.iter().position(|name| *name == word);
        let small = small.and_then(|value| u32::try_from(value).ok());
        let tens = tens.and_then(|place| u32::try_from(place + 2).ok());
        if self.half {
            return false;
        }
        if self.after_point {
            let Some(digit) = small.and_then(|value| u8::try_from(value).ok()) else {
                return false;
            };
            self.decimals.push(digit);
            return digit < 10;
        }
        match (word, small, tens) {
            (_, Some(value), _) => {
                let fits = !self.begun
                    || self.last >= 100
                    || (self.last.is_multiple_of(10) && self.last >= 20 && value < 10);
                if fits {
                    self.below += value;
                    self.last = value;
                    self.begun = true;
                }
                fits
            }
            (_, _, Some(tens)) => {
                let fits = !self.begun || self.last >= 100;
                if fits {
                    self.below += tens * 10;
                    self.last = tens * 10;
                    self.begun = true;
                }
                fits
            }
            ("a", _, _) if !self.begun => {
                matches!(next, "hundred" | "thousand") && {
                    self.below = 1;
                    self.last = 1;
                    true
                }
            }
            ("a", _, _) => next == "half",
            ("hundred", _, _) if self.below > 0 && self.below < 100 => {
                self.below *= 100;
                self.last = 100;
                self.begun = true;
                true
            }
            ("thousand", _, _) if self.below > 0 && self.thousands == 0 => {
                self.thousands = self.below;
                self.below = 0;
                self.last = 1_000;
                self.begun = true;
                true
            }
            ("and", _, _) if self.begun => {
                (self.last >= 100 && (SMALL.contains(&next) || TENS.contains(&next))) || next == "a"
            }
            ("half", _, _) if self.begun => {
                self.half = true;
                true
            }
            ("point", _, _) if self.begun && SMALL[..10].contains(&next) => {
                self.after_point = true;
                true
            }
            _ => false,
        }
    }

    fn value(&self) -> f64 {
        let whole = f64::from(self.thousands * 1_000 + self.below);
        let mut place = 1.0;
        let decimals: f64 = self
            .decimals
            .iter()
            .map(|digit| {
                place /= 10.0;
                f64::from(*digit) * place
            })
            .sum();
        whole + decimals + if self.half { 0.5 } else { 0.0 }
    }
}
