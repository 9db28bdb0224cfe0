//! Gears, torque and resistance.

use std::f64::consts::TAU;

use crate::Engine;

/// The highest gear with at least this engine speed in 1/min.
pub(super) fn gear_at(engine: &Engine, speed: f64, lowest_rpm: f64) -> usize {
    (0..5)
        .rev()
        .find(|gear| engine.gears[*gear] * speed >= lowest_rpm)
        .unwrap_or(0)
}

/// Highest torque without boost, in Nm.
pub(super) fn natural_torque(engine: &Engine) -> f64 {
    engine.torque_nm / if engine.turbo { 1.6 } else { 1.0 }
}

/// Air in the cylinders: a diesel is not throttled.
pub(super) fn filling(engine: &Engine, load: f64) -> f64 {
    if engine.diesel {
        0.65 + 0.3 * load / 100.0
    } else {
        load / 100.0
    }
}

/// Rolling and air resistance in N.
pub(super) fn drag(speed: f64) -> f64 {
    170.0 + 0.42 * (speed / 3.6).powi(2)
}

/// Torque in Nm for an acceleration in km/h per second.
pub(super) fn needed_torque(engine: &Engine, speed: f64, rate: f64, rpm: f64) -> f64 {
    let force = engine.weight_kg * rate / 3.6 + drag(speed);
    let power = force * (speed / 3.6) / 0.85;
    power / (rpm * TAU / 60.0)
}
