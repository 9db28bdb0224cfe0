//! Sentences with numbers that no drive has, written so that a reader of numbers may overlook them.

use simulation::Random;

use super::numbers::{index, pick};

/// A sentence, and the digits in it that are from nowhere.
pub(crate) struct Hostile {
    pub(crate) text: String,
    pub(crate) digits: String,
}

const SENTENCES: &[&str] = &[
    "Check the intake hoses: the fuel trims reached {n} %.",
    "The engine reached {n} rpm, which is too much for it.",
    "The coolant temperature averaged {n} °C, so inspect the thermostat.",
    "Inspect the battery: the voltage stood at {n} V for the whole drive.",
    "The engine idled at {n} rpm; clean the throttle body.",
    "The long-term fuel trim rose by {n} % against earlier drives, look for a leak.",
    "It lasted for {n} hours, so check the hoses for a vacuum leak.",
    "Check the vacuum hoses, {n} readings show a leak.",
    "A trim of {n} % at idle is a sign of unmetered air; inspect the hoses.",
    "Check the air mass sensor, it read between {n} and {n} g/s.",
    "The leak was found with a probability of {n}, inspect the gasket.",
    "The trim is {n} points above the limit, so check the intake for leaks.",
    "Replace part number {n} and check the vacuum hoses.",
    "See section {n} of the manual before you inspect the intake.",
    "Version {n} of the engine control is known for leaks; check the hoses.",
];

/// `count` of them.
pub(crate) fn sentences(random: &mut Random, count: usize) -> Vec<Hostile> {
    (0..count)
        .map(|_| {
            let digits = digits(random);
            let text = pick(random, SENTENCES).replace("{n}", &digits);
            Hostile { text, digits }
        })
        .collect()
}

/// Larger than any figure in any unit, in some notation.
fn digits(random: &mut Random) -> String {
    let number = 200_000 + index(random, 700_000);
    match index(random, 14) {
        0 => number.to_string(),
        1 => format!("{},{:03}", number / 1_000, number % 1_000),
        2 => format!("{}\u{202f}{:03}", number / 1_000, number % 1_000),
        3 => format!("{}'{:03}", number / 1_000, number % 1_000),
        4 => format!("{number}.{}", index(random, 10)),
        5 => format!("−{number}"),
        6 => format!("{number}k"),
        7 => format!("{}e{}", 2 + index(random, 8), 5 + index(random, 4)),
        8 => format!("x{number}"),
        9 => format!("{number}_{number}"),
        10 => number
            .to_string()
            .chars()
            .filter_map(|digit| char::from_u32(0xff10 + digit.to_digit(10)?))
            .collect(),
        11 => number
            .to_string()
            .chars()
            .filter_map(|digit| char::from_u32(0x660 + digit.to_digit(10)?))
            .collect(),
        12 => format!("~{number}"),
        _ => format!("{number}½"),
    }
}
