//! Fills the phrasings with the figures of a drive, true and false.

mod comparisons;
mod spans;
mod values;

use simulation::Random;

use super::Made;
use super::numbers::pick;
use super::phrasings::Phrasings;
use super::truth::Truth;
use actors::diagnosis::EngineState;

pub(crate) fn sentences(
    truth: &Truth<'_>,
    phrasings: &Phrasings,
    random: &mut Random,
) -> Vec<Made> {
    let mut all = Vec::new();
    values::add(truth, phrasings, random, &mut all);
    comparisons::add(truth, phrasings, random, &mut all);
    spans::add(truth, phrasings, random, &mut all);
    all
}

/// Puts values for the slots of a template; `{C}` is `{c}` with a capital letter, `{an}` an article.
pub(crate) fn fill(template: &str, slots: &[(&str, &str)]) -> String {
    let mut text = template.to_owned();
    for (name, value) in slots {
        text = text.replace(&format!("{{{name}}}"), value);
        let mut letters = name.chars();
        let capital: String = letters
            .next()
            .into_iter()
            .flat_map(char::to_uppercase)
            .chain(letters)
            .collect();
        text = text.replace(&format!("{{{capital}}}"), &capitalized(value));
    }
    for (slot, articles) in [("{an} ", ["a ", "an "]), ("{An} ", ["A ", "An "])] {
        while let Some(place) = text.find(slot) {
            let vowel = text[place + slot.len()..].starts_with(['a', 'e', 'i', 'o', 'A', 'E', 'I']);
            text.replace_range(place..place + slot.len(), articles[usize::from(vowel)]);
        }
    }
    text
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .chain(letters)
        .collect()
}

/// The state that a sentence is about, and its words for it.
fn state(phrasings: &Phrasings, random: &mut Random) -> (Option<EngineState>, &'static str) {
    if random.chance(0.55) {
        return (None, pick(random, phrasings.whole));
    }
    let (state, words) = pick(
        random,
        &[
            (EngineState::Idle, phrasings.idle),
            (EngineState::Cruise, phrasings.cruise),
            (EngineState::HighLoad, phrasings.load),
        ],
    );
    (Some(state), pick(random, words))
}

/// What the phrasings call a channel.
fn name(phrasings: &Phrasings, channel: &str, random: &mut Random) -> Option<&'static str> {
    let (_, names) = phrasings
        .channels
        .iter()
        .find(|(known, _)| *known == channel)?;
    Some(pick(random, names))
}
