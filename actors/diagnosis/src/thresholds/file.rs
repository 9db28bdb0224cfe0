//! The thresholds file: TOML, checked whole, all problems at once.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::{RuleSettings, Settings, ThresholdSpec};
use crate::model::{Tier, VehicleFacts};
use crate::rules::{self, RuleSpec};
use crate::units::Unit;

impl Settings {
    /// The built-in settings with a file's changes, or every problem of the file.
    pub fn parse(text: &str) -> Result<Self, Vec<String>> {
        let table: Table = text
            .parse()
            .map_err(|error: toml::de::Error| vec![error.to_string().trim().to_owned()])?;
        let mut settings = Self::default();
        let mut problems = Problems::default();
        for (section, value) in &table {
            match (section.as_str(), value) {
                ("vehicle", Value::Table(table)) => {
                    vehicle(&mut settings.vehicle, table, &mut problems);
                }
                ("weights", Value::Table(table)) => {
                    weights(&mut settings.weights, table, &mut problems);
                }
                ("rules", Value::Table(table)) => {
                    for (id, value) in table {
                        rule(&mut settings.rules, id, value, &mut problems);
                    }
                }
                ("vehicle" | "weights" | "rules", _) => problems.add(section, "is not a table"),
                _ => problems.add(
                    section,
                    "is not known; the file has [vehicle], [weights] and [rules.ID]",
                ),
            }
        }
        if problems.0.is_empty() {
            Ok(settings)
        } else {
            Err(problems.0)
        }
    }
}

#[derive(Default)]
struct Problems(Vec<String>);

impl Problems {
    fn add(&mut self, at: &str, problem: &str) {
        self.0.push(format!("{at}: {problem}"));
    }
}

fn vehicle(facts: &mut VehicleFacts, table: &Table, problems: &mut Problems) {
    for (key, value) in table {
        let at = format!("vehicle.{key}");
        match (key.as_str(), value) {
            ("displacement_l", value) => match number(value) {
                Some(litres) if litres > 0.0 && litres < 20.0 => {
                    facts.displacement_l = Some(litres);
                }
                _ => problems.add(&at, "is not a displacement in litres"),
            },
            ("turbo", Value::Boolean(turbo)) => facts.turbo = Some(*turbo),
            ("is_4g63", Value::Boolean(is)) => facts.is_4g63 = Some(*is),
            ("boost_sensor", Value::Boolean(has)) => facts.boost_sensor = *has,
            ("turbo" | "is_4g63" | "boost_sensor", _) => {
                problems.add(&at, "is neither true nor false");
            }
            _ => problems.add(
                &at,
                "is not known; use displacement_l, turbo, is_4g63 or boost_sensor",
            ),
        }
    }
}

fn weights(weights: &mut BTreeMap<&'static str, f64>, table: &Table, problems: &mut Problems) {
    for (key, value) in table {
        let at = format!("weights.{key}");
        match (weights.get_mut(key.as_str()), number(value)) {
            (Some(weight), Some(value)) if value >= 0.0 => *weight = value,
            (Some(_), _) => problems.add(&at, "is not a number of 0 or more"),
            (None, _) => problems.add(&at, "is no class of rules"),
        }
    }
}

fn rule(
    rules: &mut BTreeMap<&'static str, RuleSettings>,
    id: &str,
    value: &Value,
    problems: &mut Problems,
) {
    let at = format!("rules.{id}");
    let (Some(spec), Some(settings)) = (rules::spec(id), rules.get_mut(id)) else {
        problems.add(&at, "is not the id of a rule");
        return;
    };
    let Value::Table(table) = value else {
        problems.add(&at, "is not a table");
        return;
    };
    for (key, value) in table {
        let at = format!("{at}.{key}");
        match (key.as_str(), value) {
            ("enabled", Value::Boolean(enabled)) => settings.enabled = *enabled,
            ("enabled", _) => problems.add(&at, "is neither true nor false"),
            ("tier", value) => match value.as_str().and_then(tier) {
                Some(tier) => settings.tier = Some(tier),
                None => problems.add(&at, "is none of watch, alert, investigate, warning, stop"),
            },
            (key, value) => match threshold(spec, key) {
                Some(threshold) => match in_unit_of(threshold, value) {
                    Ok(value) => {
                        settings.limits.0.insert(threshold.name, value);
                    }
                    Err(problem) => problems.add(&at, &problem),
                },
                None => problems.add(
                    &at,
                    &format!("is not a threshold of {id}; it has {}", names(spec)),
                ),
            },
        }
    }
}

fn threshold(spec: &RuleSpec, name: &str) -> Option<&'static ThresholdSpec> {
    spec.thresholds
        .iter()
        .find(|threshold| threshold.name == name)
}

fn names(spec: &RuleSpec) -> String {
    let names: Vec<&str> = spec
        .thresholds
        .iter()
        .map(|threshold| threshold.name)
        .collect();
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}

fn tier(name: &str) -> Option<Tier> {
    Tier::ALL.into_iter().find(|tier| tier.label() == name)
}

fn number(value: &Value) -> Option<f64> {
    #[allow(clippy::cast_precision_loss)] // No threshold comes near 2^53.
    let number = match value {
        Value::Float(value) => *value,
        Value::Integer(value) => *value as f64,
        _ => return None,
    };
    number.is_finite().then_some(number)
}

/// A bare number is in the threshold's unit; a text such as "221 °F" names its own.
fn in_unit_of(threshold: &ThresholdSpec, value: &Value) -> Result<f64, String> {
    if let Some(number) = number(value) {
        return Ok(number);
    }
    let Some(text) = value.as_str() else {
        return Err("is neither a number nor a text such as \"100 °C\"".to_owned());
    };
    let text = text.trim();
    let digits = text
        .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+')))
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: f64 = number
        .parse()
        .map_err(|_| format!("\"{text}\" does not begin with a number"))?;
    let unit = unit.trim();
    if unit.is_empty() || unit == threshold.unit {
        return Ok(number);
    }
    let from = Unit::named(unit).ok_or_else(|| format!("\"{unit}\" is not a known unit"))?;
    let to = Unit::named(threshold.unit);
    to.and_then(|to| from.convert(number, to)).ok_or_else(|| {
        format!(
            "\"{unit}\" does not measure the same as {}",
            shown(threshold.unit)
        )
    })
}

fn shown(unit: &str) -> &str {
    if unit.is_empty() { "a count" } else { unit }
}
