//! Whether a text is about a finding.

use std::collections::HashSet;

use super::super::tokens::{Token, sentences};
use super::NotAdvice;
use super::form::Text;
use super::request::{begins_with_work, requests};
use crate::diagnosis::units::Dimension;
use crate::diagnosis::{Finding, System};

/// Words that carry no content.
#[rustfmt::skip]
const FUNCTION: &[&str] = &[
    "a", "an", "the", "and", "or", "but", "if", "so", "as", "than", "then", "that", "this", "these", "those", "it", "its", "they", "their", "there", "you", "your", "we", "i", "which", "what", "who", "when", "where", "while", "how", "why",
    "is", "are", "was", "were", "be", "been", "being", "am", "do", "does", "did", "has", "have", "had", "can", "could", "may", "might", "will", "would", "should", "must", "not", "no", "of", "in", "on", "at", "to", "for", "from", "by", "with",
    "into", "over", "under", "before", "after", "until", "during", "between", "because", "since", "also", "too", "very", "more", "most", "only", "just", "all", "any", "some", "each", "both", "other", "such", "out", "up", "down", "off", "once", "again",
];

/// Words that say nothing of a part: a request about them alone is about anything.
#[rustfmt::skip]
const GENERAL: &[&str] = &[
    "engine", "car", "vehicle", "drive", "driver", "system", "sensor", "check", "look", "test", "measure", "clean", "replace", "compare", "read", "repair", "force", "fill", "stay", "start", "run",
    "know", "age", "have", "use", "cold", "hot", "warm", "low", "high", "rich", "lean", "full", "load", "closed", "clear", "first", "good", "one", "same", "reads", "stays", "time", "position", "any", "wide", "log", "leak", "air", "fuel", "temperature", "move",
];

/// The parts that a mechanic works on, by system, and what is measured there.
#[rustfmt::skip]
fn parts_of(system: System) -> &'static str {
    match system {
        System::Codes => "code codes scanner scan lamp light freeze frames obd dtc",
        System::Cooling => "thermostat radiator coolant fan pump hose hoses cap relay fuse gasket shroud cooling antifreeze gauge thermometer",
        System::Fuel => "injector injectors pump filter pressure delivery supply regulator maf airflow flow meter intake hose hoses gasket manifold pcv vacuum purge valve oxygen o2 lambda exhaust wideband leak leaks throttle boost",
        System::Ignition => "plug plugs coil coils timing octane intercooler knock boost spark gasoline petrol pressure maf flow leak leaks",
        System::Charging => "alternator battery terminal terminals ground earth strap straps belt regulator cable cables connections connection voltage charging wiring rectifier",
        System::Air => "filter intake duct ducting intercooler airbox maf airflow flow meter element snorkel hose hoses leak leaks shield",
        System::Idle => "throttle valve iac idle vacuum hose hoses plug plugs coil coils leak leaks pcv",
        System::Exhaust => "o2 oxygen lambda catalyst catalytic converter exhaust misfire misfires wiring heater plug connector leak leaks sensor",
        System::Engine => "belt valve valves compression rev revs redline limiter gear shift shifting oil timing",
        System::Sensors => "sensor connector plug wiring harness ground",
    }
}

const SYSTEMS: [System; 10] = [
    System::Codes,
    System::Cooling,
    System::Fuel,
    System::Ignition,
    System::Charging,
    System::Air,
    System::Idle,
    System::Exhaust,
    System::Engine,
    System::Sensors,
];

/// What may be worked on or watched though nothing was found.
const CARE: &str = "oil tyre tire pressure drive log trims voltage level levels temperature engine";

/// With these a repair depends on what is found.
const CONDITIONS: &[&str] = &[
    "if",
    "when",
    "whether",
    "or",
    "may",
    "might",
    "could",
    "necessary",
    "needed",
    "once",
    "as",
];

/// Of which a finding is one, and a text about it never only the other.
const OPPOSITES: &[(&str, &str)] = &[
    ("lean", "rich"),
    ("overcharg", "undercharg"),
    ("stuck open", "overheat"),
    ("warms up slowly", "overheat"),
];

/// What a text says where nothing is wrong.
#[rustfmt::skip]
const ALL_IS_WELL: &[&str] = &[
    "no fault", "no problem", "no issue", "no trouble", "no other finding", "no finding", "nothing wrong", "nothing is wrong", "nothing was found", "nothing to worry", "all is well", "everything",
    "all systems", "in order", "runs well", "running well", "working well", "no action", "no repair", "not true",
];

/// What was found, in the server's words.
fn found_words(finding: &Finding) -> String {
    format!(
        "{}. {}. {}",
        finding.title,
        finding.rule.replace('_', " "),
        finding.explanation
    )
}

/// The same with the checks.
pub(super) fn own_words(finding: &Finding) -> String {
    format!("{} {}", found_words(finding), finding.next_checks.join(" "))
}

/// Whether a text asks for something to be done about a finding, or says little more than it.
pub(super) fn is_about(text: &Text, finding: &Finding) -> Result<(), NotAdvice> {
    // A space before each word: "clean" is not "lean".
    let own = format!(" {}", found_words(finding).to_lowercase());
    let said = format!(" {}", text.lower());
    let is_opposite = |(one, other): &(&str, &str)| {
        [(one, other), (other, one)].iter().any(|(is, is_not)| {
            let (is, is_not) = (format!(" {is}"), format!(" {is_not}"));
            own.contains(&is)
                && !own.contains(&is_not)
                && said.contains(&is_not)
                && !said.contains(&is)
        })
    };
    if OPPOSITES.iter().any(is_opposite) || text.sentences.iter().any(|sentence| is_well(sentence))
    {
        return Err(NotAdvice::Contradiction);
    }
    let general: HashSet<String> = GENERAL.iter().map(|word| stem(word)).collect();
    let checks = stems(&finding.next_checks.join(" "));
    let mut parts: HashSet<String> = checks.difference(&general).cloned().collect();
    parts.extend(stems(parts_of(finding.system)));
    let repairs = finding.next_checks.iter().any(|check| {
        sentences(check)
            .iter()
            .flat_map(|sentence| requests(sentence))
            .any(|request| request.is_repair)
    });
    let may_be_broken = |sentence: &[Token]| {
        repairs
            || sentence
                .iter()
                .filter_map(Token::word)
                .any(|word| CONDITIONS.contains(&word))
    };
    let asks = text.sentences.iter().any(|sentence| {
        requests(sentence).any(|request| {
            has(request.object, &parts) && (!request.is_repair || may_be_broken(sentence))
        })
    });
    if asks {
        Ok(())
    } else {
        Err(NotAdvice::NoRequest)
    }
}

/// About no finding a text may ask for care, say what was measured, which its numbers show, or say that all is well where it
/// is. Another statement would be a fault that no rule found.
pub(super) fn is_remark(text: &Text, has_findings: bool) -> Result<(), NotAdvice> {
    let mut parts = stems(CARE);
    for system in SYSTEMS {
        parts.extend(stems(parts_of(system)));
    }
    let asks = |sentence: &[Token]| begins_with_work(sentence) && has(sentence, &parts);
    for sentence in &text.sentences {
        if is_well(sentence) {
            if has_findings {
                return Err(NotAdvice::Contradiction);
            }
        } else if !asks(sentence) && !sentence.iter().any(is_measured) {
            return Err(NotAdvice::NoRequest);
        }
    }
    Ok(())
}

/// Whether a number has the unit of a sensor.
fn is_measured(token: &Token) -> bool {
    let Token::Number(number) = token else {
        return false;
    };
    let mut units = number.readings.iter().filter_map(|reading| reading.unit);
    units.any(|unit| {
        !matches!(
            unit.dimension(),
            Dimension::Share | Dimension::Time | Dimension::Distance
        )
    })
}

fn is_well(sentence: &[Token]) -> bool {
    let words: Vec<&str> = sentence.iter().filter_map(Token::word).collect();
    let text = words.join(" ");
    ALL_IS_WELL.iter().any(|phrase| text.contains(phrase))
}

fn has(sentence: &[Token], stems: &HashSet<String>) -> bool {
    let mut words = sentence.iter().filter_map(Token::word);
    words.any(|word| stems.contains(&stem(word)))
}

fn stems(text: &str) -> HashSet<String> {
    let text = Text::of(text);
    text.words()
        .into_iter()
        .filter(|word| is_content(word))
        .map(stem)
        .collect()
}

fn is_content(word: &str) -> bool {
    word.len() > 1 && !FUNCTION.contains(&word)
}

/// What the forms of a word have in common.
fn stem(word: &str) -> String {
    let endings = ["ings", "ing", "ies", "ied", "ed", "es", "s", "ly", "y", "e"];
    let mut stems = endings
        .iter()
        .filter_map(|ending| word.strip_suffix(ending));
    let stem = stems.find(|stem| stem.len() > 2).unwrap_or(word);
    stem.chars().take(6).collect()
}
