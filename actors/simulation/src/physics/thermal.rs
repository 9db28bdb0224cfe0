//! Coolant and intake air.

use super::motion::Movement;
use super::{Broken, STEP_SECONDS};
use crate::random::Wander;
use crate::{Engine, Fault, Random, Simulation};

pub(super) struct Thermal {
    /// In °C.
    pub(super) coolant: f64,
    /// In °C.
    pub(super) intake_air: f64,
    pub(super) fan: bool,
    ambient: f64,
    noise: Wander,
    true_coolant: f64,
}

impl Thermal {
    pub(super) fn new(random: &mut Random, simulation: &Simulation) -> Self {
        let weather = random.between(-15.0, 38.0);
        // What shows on a warm day only.
        let ambient = match simulation.planted.map(|planted| planted.fault) {
            Some(Fault::OpenLoopTooLong | Fault::FanWeak) => 12.0 + 0.5 * weather.abs(),
            _ => weather,
        };
        let (coolant, intake_air) = if simulation.route.is_cold_start() {
            (ambient + random.between(0.0, 3.0), ambient)
        } else {
            (
                simulation.engine.thermostat_c + random.between(-5.0, 3.0),
                ambient + random.between(8.0, 18.0),
            )
        };
        Self {
            coolant,
            intake_air,
            fan: false,
            ambient,
            noise: Wander::new(0.3, 5.0, STEP_SECONDS),
            true_coolant: coolant,
        }
    }

    pub(super) fn step(
        &mut self,
        engine: &Engine,
        broken: Broken,
        movement: &Movement,
        random: &mut Random,
    ) {
        self.step_coolant(engine, broken, movement);
        self.coolant = self.true_coolant + self.noise.next(random);
        let target = match broken.amount(Fault::HeatSoak) {
            Some(above) if movement.speed > 5.0 => self.ambient + above,
            _ if !movement.running() => self.intake_air,
            _ if movement.speed > 5.0 => self.ambient + 7.0,
            _ => self.ambient + 9.0 + 0.22 * (self.coolant - self.ambient),
        };
        let seconds = if movement.speed > 5.0 { 60.0 } else { 280.0 };
        self.intake_air += (target - self.intake_air) * STEP_SECONDS / seconds;
    }

    fn step_coolant(&mut self, engine: &Engine, broken: Broken, movement: &Movement) {
        let above = self.true_coolant - self.ambient;
        let mut heat = if movement.running() {
            0.07 + 1e-6 * movement.rpm * movement.load
        } else {
            0.0
        };
        if let Some(share) = broken.amount(Fault::SlowWarmUp)
            && self.true_coolant < 75.0
        {
            heat *= share;
        }
        // A car that runs hot or cold regulates around another temperature.
        let (opens, fan_on) = if let Some(settles) = broken.amount(Fault::Overheating) {
            let settles = if engine.is_4g63 {
                settles
            } else {
                settles + 9.0
            };
            (settles - 3.0, settles + 3.0)
        } else if let Some(settles) = broken.amount(Fault::ThermostatOpen) {
            (settles - 4.0, engine.fan_on_c)
        } else {
            (engine.thermostat_c, engine.fan_on_c)
        };
        let open = ((self.true_coolant - opens) / 8.0).clamp(0.0, 1.0);
        if self.true_coolant >= fan_on {
            self.fan = true;
        } else if self.true_coolant < fan_on - 4.0 {
            self.fan = false;
        }
        let fan_share = broken.amount(Fault::FanWeak).unwrap_or(1.0);
        let fan = if self.fan { 0.14 * fan_share } else { 0.0 };
        let radiator = open * (0.03 + 0.006 * movement.speed + fan) * above / 60.0;
        self.true_coolant += (heat - radiator - 0.0002 * above) * STEP_SECONDS;
    }
}
