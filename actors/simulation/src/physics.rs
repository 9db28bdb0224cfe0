//! The car itself: one step after the other, from the pedal to what the sensors see.

mod mixture;
mod motion;
mod thermal;

use crate::random::Wander;
use crate::{Engine, Fault, Planted, Random, Simulation};
use mixture::Mixture;
use motion::{Mode, Motion, Movement};
use thermal::Thermal;

/// Length of one step.
pub const STEP_SECONDS: f64 = 0.25;

/// The true value of every channel at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moment {
    /// Since key-on.
    pub seconds: f64,
    /// Engine speed in 1/min.
    pub rpm: f64,
    /// Road speed in km/h.
    pub speed: f64,
    /// Calculated load in %.
    pub load: f64,
    /// Throttle position in %.
    pub throttle: f64,
    /// Coolant in °C.
    pub coolant: f64,
    /// Intake air in °C.
    pub intake_air: f64,
    /// Timing in degrees before top dead centre; a diesel has none.
    pub timing: Option<f64>,
    /// Air flow in g/s, where the car measures it.
    pub maf: Option<f64>,
    /// Manifold pressure in kPa (on the Eclipse: the EGR system's sensor).
    pub manifold: Option<f64>,
    /// Short term fuel trim in %; a diesel has none.
    pub short_trim: Option<f64>,
    /// Long term fuel trim in %; a diesel has none.
    pub long_trim: Option<f64>,
    /// Fuel system status as SAE J1979 codes it.
    pub fuel_system: Option<f64>,
    /// Front oxygen sensor in V.
    pub front_oxygen: Option<f64>,
    /// Rear oxygen sensor in V.
    pub rear_oxygen: Option<f64>,
    /// System voltage in V.
    pub voltage: f64,
    /// Stored trouble codes.
    pub codes: f64,
}

/// What is broken, as every part of the car asks for it.
#[derive(Clone, Copy)]
struct Broken(Option<Planted>);

impl Broken {
    fn amount(self, fault: Fault) -> Option<f64> {
        self.0.and_then(|planted| planted.amount(fault))
    }
}

pub(crate) fn drive(simulation: &Simulation) -> impl Iterator<Item = Moment> {
    let mut car = Car::new(simulation);
    let end = simulation.seconds;
    std::iter::from_fn(move || match end {
        Some(end) if car.seconds > end => None,
        Some(_) => car.step().or_else(|| {
            car.motion.go_on(&mut car.random);
            car.step()
        }),
        None => car.step(),
    })
}

struct Car {
    engine: Engine,
    broken: Broken,
    random: Random,
    seconds: f64,
    motion: Motion,
    thermal: Thermal,
    mixture: Mixture,
    timing_noise: Wander,
    voltage_noise: Wander,
    tip_ins: f64,
    since_tip_in: f64,
    throttle: f64,
}

impl Car {
    fn new(simulation: &Simulation) -> Self {
        let mut random = Random::new(simulation.seed);
        let mut car = Random::new(simulation.car ^ 0xCA_12);
        let engine = simulation.engine.built(&mut car);
        let broken = Broken(simulation.planted);
        let phases = simulation.route.phases(&mut random);
        let thermal = Thermal::new(&mut random, simulation);
        Self {
            motion: Motion::new(phases, &mut random),
            mixture: Mixture::new(&mut car, thermal.coolant),
            thermal,
            engine,
            broken,
            random,
            seconds: 0.0,
            timing_noise: Wander::new(1.5, 1.5, STEP_SECONDS),
            voltage_noise: Wander::new(0.06, 4.0, STEP_SECONDS),
            tip_ins: 0.0,
            since_tip_in: 1e9,
            throttle: 0.0,
        }
    }

    fn step(&mut self) -> Option<Moment> {
        let (engine, broken) = (self.engine, self.broken);
        let movement = self
            .motion
            .step(&engine, broken, self.thermal.coolant, &mut self.random)?;
        self.thermal
            .step(&engine, broken, &movement, &mut self.random);
        self.note_tip_in(&movement);
        let lean_spike = if self.since_tip_in < 2.5 { 16.0 } else { 0.0 };
        let mixture = self.mixture.step(
            &engine,
            broken,
            &movement,
            self.thermal.coolant,
            lean_spike,
            &mut self.random,
        );
        let moment = Moment {
            seconds: self.seconds,
            rpm: movement.rpm,
            speed: movement.speed,
            load: movement.load,
            throttle: movement.throttle,
            coolant: self.thermal.coolant,
            intake_air: self.thermal.intake_air,
            timing: (!engine.diesel).then(|| self.timing(&movement)),
            maf: engine.has_maf.then(|| self.air_flow(&movement)),
            manifold: self.manifold(&movement),
            short_trim: (!engine.diesel).then_some(mixture.short_trim),
            long_trim: (!engine.diesel).then_some(mixture.long_trim),
            fuel_system: engine.has_oxygen.then_some(mixture.fuel_system),
            front_oxygen: engine.has_oxygen.then_some(mixture.front_oxygen),
            rear_oxygen: engine.has_oxygen.then_some(mixture.rear_oxygen),
            voltage: self.voltage(&movement),
            codes: broken.amount(Fault::TroubleCodes).unwrap_or(0.0),
        };
        self.seconds += STEP_SECONDS;
        Some(moment)
    }

    /// Counts the moments when the throttle opens under load and the engine knocks.
    fn note_tip_in(&mut self, movement: &Movement) {
        self.since_tip_in += STEP_SECONDS;
        let most = self.broken.amount(Fault::TipInKnock).unwrap_or(0.0);
        let opens = movement.throttle > self.throttle + 8.0;
        self.throttle = movement.throttle;
        let works = movement.load > 50.0 && movement.rpm > 1_500.0 && self.thermal.coolant > 70.0;
        if opens && works && self.since_tip_in > 6.0 && self.tip_ins < most {
            self.tip_ins += 1.0;
            self.since_tip_in = 0.0;
        }
    }

    fn timing(&mut self, movement: &Movement) -> f64 {
        let noise = self.timing_noise.next(&mut self.random);
        if !movement.running() {
            return 5.0;
        }
        if self.since_tip_in < 2.5 {
            return 6.0 + 0.5 * noise;
        }
        if movement.idling() {
            return self.engine.idle_timing + 1.6 * noise;
        }
        if movement.overrun() {
            return 22.0 + noise;
        }
        let share = ((movement.load - 25.0) / 70.0).clamp(0.0, 1.0);
        let by_speed = (2.5 * (movement.rpm - 3_500.0) / 1_000.0).clamp(-4.0, 5.0);
        let slow = ((1_500.0 - movement.rpm) / 1_500.0).max(0.0) * 45.0 * movement.load / 100.0;
        let full = self.engine.full_load_timing;
        let healthy = 32.0 - (32.0 - full) * share + by_speed * share - slow + noise;
        if let Some(low) = self.broken.amount(Fault::TimingLow)
            && movement.load >= 70.0
        {
            return healthy.min(low + 0.3 * noise);
        }
        match self.broken.amount(Fault::KnockRetard) {
            Some(retard) if movement.load >= 50.0 => healthy - retard,
            _ => healthy,
        }
    }

    /// Air flow of the true load, as the sensor reads it.
    fn air_flow(&mut self, movement: &Movement) -> f64 {
        if !movement.running() {
            return 0.0;
        }
        let density = 1.184 * 298.0 / (273.0 + self.thermal.intake_air);
        let flow = movement.rpm / 120.0
            * self.engine.displacement_l
            * density
            * 0.85
            * movement.filling
            * (1.0 + 0.02 * self.random.normal());
        let factor = match self.broken.amount(Fault::MafIdle) {
            Some(factor) if movement.idling() => factor,
            _ => self.broken.amount(Fault::MafImplausible).unwrap_or(1.0),
        };
        flow * factor
    }

    fn manifold(&mut self, movement: &Movement) -> Option<f64> {
        if self.engine.is_4g63 {
            let egr_sensor = 60.0 + 0.2 * movement.load + 6.0 * self.random.normal();
            return Some(egr_sensor.clamp(10.0, 105.0));
        }
        self.engine.has_map.then(|| {
            if movement.running() {
                (2.0 + 98.0 * movement.filling)
                    .clamp(18.0, 101.0 + if self.engine.turbo { 120.0 } else { 0.0 })
            } else {
                101.0
            }
        })
    }

    fn voltage(&mut self, movement: &Movement) -> f64 {
        let noise = self.voltage_noise.next(&mut self.random);
        if !movement.running() {
            return 12.4 + 0.3 * noise;
        }
        if movement.rpm < 400.0 {
            return 10.4;
        }
        let load =
            if movement.idling() { 0.1 } else { 0.0 } + if self.thermal.fan { 0.2 } else { 0.0 };
        let charging = self
            .broken
            .amount(Fault::Undercharging)
            .or(self.broken.amount(Fault::Overcharging))
            .unwrap_or(self.engine.charging_v);
        if self.engine.smart_alternator {
            return noise
                + match movement.mode {
                    Mode::Overrun => 14.8,
                    Mode::Idling => 13.4,
                    _ if movement.load > 50.0 => 12.6,
                    _ => 13.0,
                };
        }
        charging - load + noise
    }
}
