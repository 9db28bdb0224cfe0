//! The effective thresholds, weights and vehicle facts.

use super::VehicleFacts;

/// Everything a diagnosis depends on besides the readings and the earlier drives.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// What is known about the car.
    pub vehicle: VehicleFacts,
}

impl Settings {
    /// Identifies these settings; equal settings have equal versions.
    pub fn version(&self) -> String {
        "built-in".to_owned()
    }
}
