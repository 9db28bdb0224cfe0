//! Fuel: closed and open loop, trims, oxygen sensors.

use std::f64::consts::TAU;

use super::motion::{Mode, Movement};
use super::{Broken, STEP_SECONDS};
use crate::random::Wander;
use crate::{Engine, Fault, Random};

#[derive(Clone, Copy)]
pub(super) struct Exhaust {
    pub(super) short_trim: f64,
    pub(super) long_trim: f64,
    /// 1 open loop while cold, 2 closed loop, 4 open loop under load or in a fuel cut.
    pub(super) fuel_system: f64,
    pub(super) front_oxygen: f64,
    pub(super) rear_oxygen: f64,
}

/// The furthest that either trim goes, in %.
const TRIM_LIMIT: f64 = 24.5;

pub(super) struct Mixture {
    /// The car's own healthy error at idle and at part load, in %.
    own: [f64; 2],
    /// What the ECU has learned, at idle and at part load.
    learned: Option<[f64; 2]>,
    start_coolant: f64,
    running_for: f64,
    overrun_for: f64,
    loaded_for: f64,
    short_trim: f64,
    phase: f64,
    front: f64,
    rear: f64,
    catalyst_warm: f64,
    last_load: f64,
    noise: Wander,
    rear_noise: Wander,
    stuck_noise: Wander,
}

impl Mixture {
    pub(super) fn new(random: &mut Random, coolant: f64) -> Self {
        let own = random.between(-3.5, 3.5);
        Self {
            own: [own + random.between(-1.5, 1.5), own],
            learned: None,
            start_coolant: coolant,
            running_for: 0.0,
            overrun_for: 0.0,
            loaded_for: 0.0,
            short_trim: 0.0,
            phase: 0.0,
            front: 0.45,
            rear: 0.1,
            catalyst_warm: if coolant > 60.0 { 0.6 } else { 0.0 },
            last_load: 0.0,
            noise: Wander::new(1.0, 2.5, STEP_SECONDS),
            rear_noise: Wander::new(0.035, 12.0, STEP_SECONDS),
            stuck_noise: Wander::new(0.015, 5.0, STEP_SECONDS),
        }
    }

    /// How lean the engine runs without trims, at idle and at part load, in %.
    fn error(&self, broken: Broken) -> [f64; 2] {
        let [idle, part] = self.own;
        if let Some(lean) = broken.amount(Fault::LeanEverywhere) {
            [idle + lean, part + lean]
        } else if let Some(lean) = broken.amount(Fault::VacuumLeak) {
            [idle + lean, part + 2.0]
        } else if let Some(lean) = broken.amount(Fault::FuelSupplyWeak) {
            [idle, part + lean]
        } else if let Some(rich) = broken.amount(Fault::Rich) {
            [idle - rich, part - rich]
        } else {
            [idle, part]
        }
    }

    pub(super) fn step(
        &mut self,
        engine: &Engine,
        broken: Broken,
        movement: &Movement,
        coolant: f64,
        lean_spike: f64,
        random: &mut Random,
    ) -> Exhaust {
        let error = self.error(broken);
        let learned = self.learned.get_or_insert(error.map(|part| 0.75 * part));
        let cell = usize::from(!movement.idling());
        let mut long_trim = learned[cell];
        if !movement.running() {
            return Exhaust {
                short_trim: 0.0,
                long_trim,
                fuel_system: 1.0,
                front_oxygen: 0.45,
                rear_oxygen: 0.1,
            };
        }
        self.running_for += STEP_SECONDS;
        let released = movement.overrun() && movement.rpm > 1_450.0 && coolant > 50.0;
        self.overrun_for = if released {
            self.overrun_for + STEP_SECONDS
        } else {
            0.0
        };
        let cut = self.overrun_for > 0.75;
        let loaded = movement.mode == Mode::FullThrottle || movement.load >= engine.enrichment_load;
        self.loaded_for = if loaded {
            self.loaded_for + STEP_SECONDS
        } else {
            0.0
        };
        let enriched = self.loaded_for > broken.amount(Fault::NoEnrichment).unwrap_or(0.3);

        let healthy_delay = (15.0 + 0.8 * (40.0 - self.start_coolant)).clamp(12.0, 90.0);
        let delay = broken
            .amount(Fault::OpenLoopTooLong)
            .unwrap_or(healthy_delay);
        let warm_enough = self.running_for >= delay;
        let closed = warm_enough && !cut && !enriched;

        let frequency = if movement.idling() { 0.45 } else { 1.1 };
        self.phase += TAU * frequency * STEP_SECONDS * (1.0 + 0.15 * random.normal());
        let switching = (3.0 * self.phase.sin()).tanh();
        let transient = 0.12 * (movement.load - self.last_load).clamp(-30.0, 30.0);
        self.last_load = movement.load;
        let noise = self.noise.next(random);
        if closed {
            let target = error[cell] - long_trim + lean_spike;
            let quick = if lean_spike > 0.0 { 0.4 } else { 2.0 };
            self.short_trim += (target - self.short_trim) * STEP_SECONDS / quick + 0.3 * transient;
            if coolant > 70.0 && lean_spike == 0.0 {
                learned[cell] += (error[cell] - learned[cell]) * STEP_SECONDS / 70.0;
                long_trim = learned[cell];
            }
        } else {
            self.short_trim = 0.0;
        }
        let short_trim = if closed {
            self.short_trim - 1.3 * switching + noise
        } else {
            0.0
        };

        self.front = self.front_voltage(broken, closed, cut, enriched, switching, random);
        self.step_rear(broken, movement, cut, enriched, random);
        Exhaust {
            short_trim: short_trim.clamp(-TRIM_LIMIT, TRIM_LIMIT),
            long_trim: long_trim.clamp(-TRIM_LIMIT, TRIM_LIMIT),
            fuel_system: if closed {
                2.0
            } else if warm_enough {
                4.0
            } else {
                1.0
            },
            front_oxygen: self.front.clamp(0.0, 1.1),
            rear_oxygen: self.rear.clamp(0.0, 1.1),
        }
    }

    fn front_voltage(
        &mut self,
        broken: Broken,
        closed: bool,
        cut: bool,
        enriched: bool,
        switching: f64,
        random: &mut Random,
    ) -> f64 {
        let stuck_noise = self.stuck_noise.next(random);
        if let Some(stuck) = broken.amount(Fault::FrontO2Stuck) {
            return stuck + stuck_noise;
        }
        if cut {
            0.03 + 0.01 * random.unit()
        } else if enriched {
            let rich = broken.amount(Fault::LeanUnderLoad).unwrap_or(0.93);
            rich + 0.01 * random.normal()
        } else if closed {
            0.45 + 0.36 * switching + 0.02 * random.normal()
        } else {
            // Warm-up is a little rich.
            self.front + (0.72 - self.front) * STEP_SECONDS / 5.0
        }
    }

    fn step_rear(
        &mut self,
        broken: Broken,
        movement: &Movement,
        cut: bool,
        enriched: bool,
        random: &mut Random,
    ) {
        let noise = self.rear_noise.next(random);
        if let Some(stuck) = broken.amount(Fault::RearO2Stuck) {
            self.rear = stuck + noise;
            return;
        }
        let heating = if movement.idling() { 400.0 } else { 120.0 };
        self.catalyst_warm += (1.0 - self.catalyst_warm) * STEP_SECONDS / heating;
        let (target, seconds) = if cut {
            (0.03, 1.5)
        } else if enriched {
            (0.86, 2.0)
        } else {
            (0.15 + 0.53 * self.catalyst_warm.min(0.95), 6.0)
        };
        // Stored oxygen keeps the sensor behind a good catalyst slow; a worn one lets the front's swing through.
        let through = broken.amount(Fault::CatalystWeak).unwrap_or(0.06);
        let slow = self.rear + (target - self.rear) * STEP_SECONDS / seconds;
        self.rear = if cut {
            slow
        } else {
            slow + (self.front - slow) * through * 0.8 + noise * 0.15
        };
    }
}
