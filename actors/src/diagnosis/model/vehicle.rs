use serde::{Deserialize, Serialize};

/// What is known about the car, from `vehicle_info` or the thresholds file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VehicleFacts {
    /// Engine displacement in litres.
    pub displacement_l: Option<f64>,
    /// Whether it has a turbocharger.
    pub turbo: Option<bool>,
    /// True for Mitsubishi's 4G63, whose manual some built-in thresholds come from.
    pub is_4g63: bool,
    /// Whether PID 0x0B has been seen above 120 kPa under load, so that it is a boost sensor.
    pub boost_sensor: bool,
}
