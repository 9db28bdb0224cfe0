//! The effective table of rules, as text to read and as a file to begin from.

use std::fmt::Write as _;

use super::Settings;
use crate::model::Tier;
use crate::rules::{self, RuleSpec};

impl Settings {
    /// Every rule with its thresholds, tiers and sources, for a terminal.
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        for spec in rules::specs() {
            // Writing to a string cannot fail.
            let _ = writeln!(
                out,
                "{} ({}, {})",
                spec.id,
                spec.system.label(),
                self.tiers(spec)
            );
            let _ = writeln!(out, "  {}", spec.condition);
            for (name, unit, value) in self.thresholds(spec) {
                let _ = writeln!(out, "  {name} = {value} {unit}");
            }
            let _ = writeln!(out, "  source: {}\n", spec.source);
        }
        out
    }

    /// The same as a thresholds file that changes nothing.
    pub fn to_toml(&self) -> String {
        let mut out = String::from(
            "# Thresholds of the diagnosis. A bare number is in the unit of the comment; \"212 °F\" names its own.\n\n",
        );
        let vehicle = &self.vehicle;
        let _ = writeln!(out, "[vehicle]");
        line(&mut out, "displacement_l", vehicle.displacement_l, "2.0");
        line(&mut out, "turbo", vehicle.turbo, "true");
        line(&mut out, "is_4g63", vehicle.is_4g63, "true");
        let _ = writeln!(out, "boost_sensor = {}\n\n[weights]", vehicle.boost_sensor);
        for (class, weight) in &self.weights {
            let _ = writeln!(out, "{class} = {}", float(*weight));
        }
        for spec in rules::specs() {
            let settings = &self.rules[spec.id];
            let _ = writeln!(
                out,
                "\n# {} ({})\n# Source: {}",
                spec.condition, spec.title, spec.source
            );
            let _ = writeln!(out, "[rules.{}]\nenabled = {}", spec.id, settings.enabled);
            match settings.tier {
                Some(tier) => {
                    let _ = writeln!(out, "tier = \"{}\"", tier.label());
                }
                None => {
                    let _ = writeln!(
                        out,
                        "# tier = \"{}\" # built in: {}",
                        spec.tiers[0].label(),
                        tiers(spec.tiers)
                    );
                }
            }
            for (name, unit, value) in self.thresholds(spec) {
                let _ = writeln!(out, "{name} = {} # {unit}", float(value));
            }
        }
        out
    }

    fn thresholds(
        &self,
        spec: &'static RuleSpec,
    ) -> impl Iterator<Item = (&'static str, &'static str, f64)> {
        let limits = &self.rules[spec.id].limits;
        spec.thresholds
            .iter()
            .map(|threshold| (threshold.name, threshold.unit, limits.get(threshold.name)))
    }

    fn tiers(&self, spec: &RuleSpec) -> String {
        let settings = &self.rules[spec.id];
        match (settings.enabled, settings.tier) {
            (false, _) => "switched off".to_owned(),
            (true, Some(tier)) => tier.label().to_owned(),
            (true, None) => tiers(spec.tiers),
        }
    }
}

fn tiers(tiers: &[Tier]) -> String {
    let labels: Vec<&str> = tiers.iter().map(|tier| tier.label()).collect();
    labels.join("/")
}

fn line<T: std::fmt::Display>(out: &mut String, key: &str, value: Option<T>, example: &str) {
    let _ = match value {
        Some(value) => writeln!(out, "{key} = {value}"),
        None => writeln!(out, "# {key} = {example}"),
    };
}

/// TOML distinguishes 1 and 1.0; both are read.
fn float(value: f64) -> String {
    format!("{value:?}")
}
