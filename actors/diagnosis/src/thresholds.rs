//! The effective thresholds, tiers and weights of the rules, and the facts about the vehicle.

mod file;
mod print;

use std::collections::BTreeMap;

use super::model::{Tier, VehicleFacts};
use super::rules::RuleSpec;

/// A threshold of a rule.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ThresholdSpec {
    /// Its key in the thresholds file.
    pub name: &'static str,
    /// The unit of its default and of a bare number in the file.
    pub unit: &'static str,
    /// The built-in value.
    pub default: f64,
}

/// Everything a diagnosis depends on besides the readings and the earlier drives.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// What is known about the car.
    pub vehicle: VehicleFacts,
    pub(super) rules: BTreeMap<&'static str, RuleSettings>,
    pub(super) weights: BTreeMap<&'static str, f64>,
}

/// The settings of one rule.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct RuleSettings {
    pub(super) enabled: bool,
    /// Instead of the built-in tiers.
    pub(super) tier: Option<Tier>,
    pub(super) limits: Limits,
}

/// The thresholds of one rule by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Limits(BTreeMap<&'static str, f64>);

impl Limits {
    /// A threshold; a name that the rule does not declare is caught by a test over all rules.
    pub(crate) fn get(&self, name: &str) -> f64 {
        debug_assert!(self.0.contains_key(name), "undeclared threshold {name}");
        self.0.get(name).copied().unwrap_or(f64::NAN)
    }
}

/// What a finding's points are multiplied with, by class.
pub(crate) const WEIGHTS: &[(&str, f64)] = &[
    ("air", 1.0),
    ("charging", 2.0),
    ("codes", 1.0),
    ("cooling", 2.5),
    ("engine", 1.0),
    ("exhaust", 1.0),
    ("fuel", 1.0),
    ("heat", 2.0),
    ("idle", 0.8),
    ("ignition", 3.0),
    ("sensors", 1.0),
    ("timing_drift", 1.5),
];

impl Default for Settings {
    fn default() -> Self {
        Self {
            vehicle: VehicleFacts::default(),
            rules: super::rules::specs()
                .map(|spec| (spec.id, RuleSettings::built_in(spec)))
                .collect(),
            weights: WEIGHTS.iter().copied().collect(),
        }
    }
}

impl RuleSettings {
    fn built_in(spec: &RuleSpec) -> Self {
        Self {
            enabled: true,
            tier: None,
            limits: Limits(
                spec.thresholds
                    .iter()
                    .map(|threshold| (threshold.name, threshold.default))
                    .collect(),
            ),
        }
    }
}

impl Settings {
    /// The built-in settings for a car.
    pub fn for_vehicle(vehicle: VehicleFacts) -> Self {
        Self {
            vehicle,
            ..Self::default()
        }
    }

    /// Identifies these settings: `built-in`, or a checksum (FNV-1a, 64 bits) of the effective table.
    pub fn version(&self) -> String {
        if *self == Self::default() {
            return "built-in".to_owned();
        }
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        for byte in self.to_toml().bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        format!("{hash:016x}")
    }

    pub(super) fn weight(&self, class: &str) -> f64 {
        self.weights.get(class).copied().unwrap_or(1.0)
    }
}

#[cfg(test)]
mod tests;
