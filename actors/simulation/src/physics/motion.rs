//! Speed, gear, engine speed, load and throttle.

use std::collections::VecDeque;
use std::f64::consts::TAU;

mod forces;

use self::forces::{drag, filling, gear_at, natural_torque, needed_torque};
use super::{Broken, STEP_SECONDS};
use crate::random::Wander;
use crate::{Engine, Fault, Phase, Random, Route};

/// What the engine does in one step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Mode {
    #[default]
    Off,
    /// Pedal released, clutch open.
    Idling,
    /// Pedal released, in gear.
    Overrun,
    Power,
    FullThrottle,
}

/// What the driver and the road do to the engine in one step.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Movement {
    pub(super) mode: Mode,
    pub(super) speed: f64,
    pub(super) rpm: f64,
    pub(super) load: f64,
    /// Air in the cylinder as a share of what it holds without boost.
    pub(super) filling: f64,
    pub(super) throttle: f64,
}

impl Movement {
    pub(super) fn running(&self) -> bool {
        self.mode != Mode::Off
    }

    pub(super) fn idling(&self) -> bool {
        self.mode == Mode::Idling
    }

    pub(super) fn overrun(&self) -> bool {
        self.mode == Mode::Overrun
    }
}

/// Upshift in a pull.
const PULL_SHIFT_RPM: f64 = 6_200.0;

pub(super) struct Motion {
    phases: VecDeque<Phase>,
    in_phase: f64,
    since_start: f64,
    speed: f64,
    gear: usize,
    shifting: f64,
    boost: f64,
    air_conditioning: bool,
    compressor: bool,
    compressor_for: f64,
    hunting: f64,
    idle_noise: Wander,
    road_noise: Wander,
    load_noise: Wander,
}

/// The wish of a phase: the speed at the end of the step, and the pedal.
enum Wish {
    Off,
    Idle,
    /// Acceleration in km/h per second.
    Power(f64),
    Full,
    Released(f64),
}

impl Motion {
    pub(super) fn new(phases: Vec<Phase>, random: &mut Random) -> Self {
        Self {
            phases: phases.into(),
            in_phase: 0.0,
            since_start: 0.0,
            speed: 0.0,
            gear: 0,
            shifting: 0.0,
            boost: 0.0,
            air_conditioning: random.chance(0.4),
            compressor: false,
            compressor_for: 0.0,
            hunting: 0.0,
            idle_noise: Wander::new(11.0, 2.0, STEP_SECONDS),
            road_noise: Wander::new(0.5, 6.0, STEP_SECONDS),
            load_noise: Wander::new(1.2, 1.5, STEP_SECONDS),
        }
    }

    /// Adds town traffic to a route that has ended.
    pub(super) fn go_on(&mut self, random: &mut Random) {
        self.phases.extend(Route::town(random));
    }

    /// The next step, or `None` at the end of the route.
    pub(super) fn step(
        &mut self,
        engine: &Engine,
        broken: Broken,
        coolant: f64,
        random: &mut Random,
    ) -> Option<Movement> {
        let wish = self.wish(random)?;
        self.switch_compressor(random);
        let movement = match wish {
            Wish::Off => {
                self.since_start = 0.0;
                Movement {
                    throttle: engine.closed_throttle + 1.0,
                    ..Movement::default()
                }
            }
            // Stop-start: warm, and not at the beginning of the drive.
            Wish::Idle if engine.stop_start && coolant > 60.0 && self.in_phase > 3.0 => Movement {
                throttle: engine.closed_throttle,
                ..Movement::default()
            },
            Wish::Idle => self.idle(engine, broken, coolant, random),
            Wish::Released(rate) => self.released(engine, broken, coolant, rate, random),
            Wish::Power(rate) => self.power(engine, rate, random),
            Wish::Full => self.full(engine, broken, random),
        };
        self.since_start += STEP_SECONDS;
        Some(movement)
    }

    fn wish(&mut self, random: &mut Random) -> Option<Wish> {
        loop {
            self.in_phase += STEP_SECONDS;
            let wish = match *self.phases.front()? {
                Phase::KeyOn(seconds) if self.in_phase <= seconds => Some(Wish::Off),
                Phase::Idle(seconds) if self.in_phase <= seconds => Some(Wish::Idle),
                Phase::Accelerate(to, rate) if self.speed < to => Some(Wish::Power(rate)),
                Phase::Cruise(at, seconds) if self.in_phase <= seconds => {
                    let target = at + self.road_noise.next(random);
                    Some(Wish::Power((0.5 * (target - self.speed)).clamp(-1.0, 1.5)))
                }
                Phase::Pull(to) if self.speed < to => Some(Wish::Full),
                Phase::Coast(to) if self.speed > to => Some(Wish::Released(2.2)),
                Phase::Brake(to) if self.speed > to => Some(Wish::Released(7.0)),
                _ => None,
            };
            if let Some(wish) = wish {
                return Some(wish);
            }
            self.phases.pop_front();
            self.in_phase = 0.0;
        }
    }

    fn switch_compressor(&mut self, random: &mut Random) {
        self.compressor_for -= STEP_SECONDS;
        if self.compressor_for <= 0.0 {
            self.compressor = self.air_conditioning && !self.compressor;
            self.compressor_for = random.between(40.0, 120.0);
        }
    }

    fn idle(
        &mut self,
        engine: &Engine,
        broken: Broken,
        coolant: f64,
        random: &mut Random,
    ) -> Movement {
        self.gear = 0;
        self.boost = 0.0;
        self.speed = 0.0;
        self.idle_at(engine, broken, coolant, random)
    }

    fn idle_at(
        &mut self,
        engine: &Engine,
        broken: Broken,
        coolant: f64,
        random: &mut Random,
    ) -> Movement {
        let cold = ((68.0 - coolant) / 60.0).clamp(0.0, 1.0);
        let warm_idle = broken.amount(Fault::IdleSpeed).unwrap_or(engine.idle_rpm);
        self.hunting += STEP_SECONDS / 5.0;
        let swing = broken.amount(Fault::IdleHunting).unwrap_or(0.0);
        let flare = if self.since_start < 0.6 {
            -500.0
        } else {
            350.0 * (-self.since_start / 3.0).exp()
        };
        let compressor = if self.compressor { 1.0 } else { 0.0 };
        let rpm = warm_idle
            + 550.0 * cold
            + flare
            + 60.0 * compressor
            + swing * (TAU * self.hunting).sin()
            + self.idle_noise.next(random);
        let load =
            engine.idle_load + 6.0 * cold + 7.0 * compressor + 0.5 * self.load_noise.next(random);
        Movement {
            mode: Mode::Idling,
            speed: self.speed,
            rpm: rpm.max(200.0),
            load,
            filling: filling(engine, load),
            throttle: if engine.diesel {
                engine.closed_throttle
            } else {
                engine.closed_throttle + 2.0 * cold + 0.5 * compressor
            },
        }
    }

    fn released(
        &mut self,
        engine: &Engine,
        broken: Broken,
        coolant: f64,
        rate: f64,
        random: &mut Random,
    ) -> Movement {
        self.speed = (self.speed - rate * STEP_SECONDS).max(0.0);
        self.boost = 0.0;
        self.gear = gear_at(engine, self.speed, 1_300.0);
        let rpm = engine.gears[self.gear] * self.speed;
        if rpm < 1_100.0 {
            return self.idle_at(engine, broken, coolant, random);
        }
        let load = (0.5 * engine.idle_load + self.load_noise.next(random)).max(4.0);
        Movement {
            mode: Mode::Overrun,
            speed: self.speed,
            rpm,
            load,
            filling: filling(engine, load),
            throttle: engine.closed_throttle,
        }
    }

    fn power(&mut self, engine: &Engine, rate: f64, random: &mut Random) -> Movement {
        let lowest = if rate > 1.8 { 1_750.0 } else { 1_450.0 };
        let higher = gear_at(engine, self.speed, lowest);
        let too_slow = engine.gears[self.gear] * self.speed < lowest - 350.0;
        if higher > self.gear || too_slow {
            self.shift(higher);
        } else {
            self.shift(self.gear);
        }
        let shifting = self.shifting > 0.0;
        let rate = if shifting { -0.8 } else { rate };
        self.speed = (self.speed + rate * STEP_SECONDS).max(0.0);
        self.boost = 0.0;
        let rpm = (engine.gears[self.gear] * self.speed).max(1_150.0);
        let needed = needed_torque(engine, self.speed, rate, rpm) / natural_torque(engine);
        let share = if shifting {
            0.0
        } else {
            needed.clamp(0.0, 0.98)
        };
        let load = (12.0 + 88.0 * share + self.load_noise.next(random)).clamp(8.0, 100.0);
        let flow = (rpm / 6_000.0).min(1.0).powf(0.7);
        Movement {
            mode: Mode::Power,
            speed: self.speed,
            rpm,
            load,
            filling: filling(engine, load),
            throttle: if engine.diesel {
                engine.closed_throttle
            } else {
                engine.closed_throttle + 1.0 + (95.0 - engine.closed_throttle) * 0.8 * share * flow
            },
        }
    }

    fn full(&mut self, engine: &Engine, broken: Broken, random: &mut Random) -> Movement {
        // A missed shift: the engine hangs in the limiter for a moment.
        let limiter = broken.amount(Fault::OverRev);
        let shift_rpm = limiter.map_or(PULL_SHIFT_RPM, |limiter| 1.15 * limiter);
        let gear = (1..5)
            .find(|gear| engine.gears[*gear] * self.speed < shift_rpm)
            .unwrap_or(4);
        self.shift(gear);
        let rpm = (engine.gears[self.gear] * self.speed).min(limiter.unwrap_or(f64::MAX));
        if self.shifting > 0.0 {
            return Movement {
                mode: Mode::Power,
                speed: self.speed,
                rpm,
                load: 25.0,
                filling: 0.25,
                throttle: engine.closed_throttle + if engine.diesel { 0.0 } else { 5.0 },
            };
        }
        let spooled = if engine.turbo { 1.0 } else { 0.0 };
        self.boost += (spooled - self.boost) * STEP_SECONDS / 0.8;
        let torque = natural_torque(engine) * (1.0 + 0.6 * self.boost);
        let force = torque * engine.gears[self.gear] / 60.0 * TAU * 3.6 * 0.85;
        let acceleration = (force - drag(self.speed)) / engine.weight_kg;
        self.speed += acceleration.max(0.1) * 3.6 * STEP_SECONDS;
        let load = (97.0 + self.load_noise.next(random)).min(100.0);
        Movement {
            mode: Mode::FullThrottle,
            speed: self.speed,
            rpm,
            load,
            filling: 0.97 + 0.6 * self.boost,
            throttle: if engine.diesel {
                engine.closed_throttle
            } else {
                88.0
            },
        }
    }

    /// A change of gear takes some time without power.
    fn shift(&mut self, gear: usize) {
        self.shifting -= STEP_SECONDS;
        if gear != self.gear && self.shifting <= 0.0 {
            self.gear = gear;
            self.shifting = 0.5;
        }
    }
}
