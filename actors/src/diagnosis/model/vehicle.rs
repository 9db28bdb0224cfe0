use serde::{Deserialize, Serialize};

/// What is known about the car, from `vehicle_info` or the thresholds file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VehicleFacts {
    /// Engine displacement in litres.
    pub displacement_l: Option<f64>,
    /// Whether it has a turbocharger.
    pub turbo: Option<bool>,
    /// Whether it is Mitsubishi's 4G63, whose manual some built-in thresholds come from; none where it is not known.
    pub is_4g63: Option<bool>,
    /// Whether PID 0x0B has been seen above 120 kPa under load in this car, so that it is a boost sensor.
    pub boost_sensor: bool,
}

impl VehicleFacts {
    /// The car that this server is made for: a 1998 Eclipse GST with the turbocharged 2.0 l 4G63.
    pub fn eclipse() -> Self {
        Self {
            displacement_l: Some(2.0),
            turbo: Some(true),
            is_4g63: Some(true),
            boost_sensor: false,
        }
    }
}
