//! The prompt: the templates in `prompts/`, filled in within a [`Budget`] of tokens.
//!
//! The system message is the same for every drive. All that comes from outside (names, units, focus areas, the vehicle's
//! record, alerts) is data in the user message: cut to length, stripped of whatever structures a prompt, and filled in in
//! one pass, so that a value is never read as a placeholder.

use chrono::NaiveDateTime;

use super::device_events::DeviceEvents;
use super::vehicle::Vehicle;
use crate::diagnosis::Diagnosis;
use crate::ollama::tokens::{Budget, TokenRange, estimate};
use crate::text::phrase;

mod car;
mod drive;
mod sections;

use self::sections::lay_out;

const SYSTEM: &str = include_str!("prompts/system.txt");
const USER: &str = include_str!("prompts/user.txt");

const WITH_FINDINGS: &str =
    "Give one recommendation for each finding, and name its id as it is written.";
const WITHOUT_FINDINGS: &str = "There are no findings. If all is well, give one recommendation of category general that says so.";

/// Longest objection to an earlier answer, in characters.
const OBJECTION_CHARS: usize = 160;
/// The part of the prompt that objections may take, as a divisor.
const OBJECTIONS_SHARE: u32 = 8;

/// A drive to be put before the model.
#[derive(Clone, Copy, Debug)]
pub struct Drive<'a> {
    /// The car, if its record has arrived.
    pub vehicle: Option<&'a Vehicle>,
    /// Begin of the drive or the window.
    pub start: NaiveDateTime,
    /// What was worked out.
    pub diagnosis: &'a Diagnosis,
    /// What the device itself has logged about it.
    pub events: &'a DeviceEvents,
    /// Only the figures of these parameters; without it, of all.
    pub parameters: Option<&'a [String]>,
    /// The focus that the driver chose.
    pub focus_areas: &'a [String],
}

/// A system and a user message, and what they cost.
#[derive(Clone, Debug)]
pub struct Prompt {
    /// Who the model is, and what it is to do.
    pub system: String,
    /// The drive and the question.
    pub user: String,
    /// Tokens of both together.
    pub tokens: TokenRange,
    /// Lines of data that found no room.
    pub lines_left_out: usize,
}

/// Puts a drive into words within `budget.prompt` tokens. `objections` are those to an earlier answer.
pub fn compose(drive: &Drive<'_>, objections: &[String], budget: Budget) -> Prompt {
    let system = SYSTEM.trim_end().to_owned();
    let closing = if drive.diagnosis.findings.is_empty() {
        WITHOUT_FINDINGS
    } else {
        WITH_FINDINGS
    };
    let closing = closing.to_owned() + &objected(objections, budget.prompt / OBJECTIONS_SHARE);
    let user = |data: &str| fill(USER, &[("data", data), ("closing", &closing)]);
    let fixed = estimate(&system).at_most + estimate(&user("")).at_most;
    let (data, lines_left_out) =
        lay_out(&drive::sections(drive), budget.prompt.saturating_sub(fixed));
    let user = user(&data);
    let tokens = estimate(&system) + estimate(&user);
    Prompt {
        system,
        user,
        tokens,
        lines_left_out,
    }
}

/// What was wrong with an earlier answer; as many objections as fit into some tokens.
fn objected(objections: &[String], tokens: u32) -> String {
    if objections.is_empty() {
        return String::new();
    }
    let mut text = "\nAn earlier answer was refused because of these numbers:".to_owned();
    for objection in objections {
        let line = format!("\n- {}", phrase(objection, OBJECTION_CHARS));
        if estimate(&text).at_most + estimate(&line).at_most > tokens {
            break;
        }
        text.push_str(&line);
    }
    text + "\nWrite the whole answer again, without numbers."
}

/// Replaces each `{{name}}` of a template, in one pass.
fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(template.len());
    let mut pieces = template.trim_end().split("{{");
    filled.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let (name, rest) = piece.split_once("}}").unwrap_or((piece, ""));
        let value = values
            .iter()
            .find(|(known, _)| *known == name)
            .map_or("", |(_, value)| *value);
        filled.push_str(value);
        filled.push_str(rest);
    }
    filled
}

#[cfg(test)]
mod tests;
