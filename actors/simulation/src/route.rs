//! Where a drive goes: a list of phases, each with a target.

use crate::Random;

/// One part of a drive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Phase {
    /// Key on, engine off, for some seconds.
    KeyOn(f64),
    /// Standing with the engine idling, for some seconds.
    Idle(f64),
    /// Accelerating to a speed in km/h, at this acceleration in km/h per second.
    Accelerate(f64, f64),
    /// Holding the speed in km/h for some seconds.
    Cruise(f64, f64),
    /// Full throttle to a speed in km/h.
    Pull(f64),
    /// Throttle closed, in gear, down to a speed in km/h.
    Coast(f64),
    /// Braking to a speed in km/h.
    Brake(f64),
}

/// A kind of drive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// Cold start, town, motorway, pulls, town, a hot stop: about 25 minutes.
    Commute,
    /// The same without any full throttle.
    Gentle,
    /// Stop and go from a cold start, about 15 minutes.
    Town,
    /// Warm start, motorway and pulls, about 15 minutes.
    Motorway,
    /// Warm, then a long stop with the engine running.
    HotStop,
    /// Standing from a cold start, about 11 minutes.
    IdleOnly,
    /// Five minutes from a cold start.
    Short,
}

impl Route {
    /// Every route.
    pub const ALL: [Self; 7] = [
        Self::Commute,
        Self::Gentle,
        Self::Town,
        Self::Motorway,
        Self::HotStop,
        Self::IdleOnly,
        Self::Short,
    ];

    /// Whether the engine is cold at the start.
    pub fn is_cold_start(self) -> bool {
        !matches!(self, Self::Motorway | Self::HotStop)
    }

    /// One block of town traffic, from standstill to standstill.
    pub(crate) fn town(random: &mut Random) -> Vec<Phase> {
        let mut phases = Vec::new();
        town_block(random, &mut phases);
        phases
    }

    /// The phases, varied by `random`.
    pub(crate) fn phases(self, random: &mut Random) -> Vec<Phase> {
        let mut phases = vec![
            Phase::KeyOn(random.between(2.0, 5.0)),
            Phase::Idle(random.between(15.0, 60.0)),
        ];
        let (town, motorway, pulls, stop) = match self {
            Self::Commute => (6, 2, 4, random.between(100.0, 200.0)),
            Self::Gentle => (6, 2, 0, random.between(60.0, 120.0)),
            Self::Town => (11, 0, 0, random.between(60.0, 120.0)),
            Self::Motorway => (2, 3, 6, random.between(40.0, 80.0)),
            Self::HotStop => (5, 1, 1, random.between(700.0, 800.0)),
            Self::IdleOnly => (0, 0, 0, random.between(600.0, 680.0)),
            Self::Short => (3, 0, 0, random.between(10.0, 30.0)),
        };
        for _ in 0..town {
            town_block(random, &mut phases);
        }
        for part in 0..motorway {
            motorway_part(random, &mut phases);
            let here = pulls / motorway + i32::from(part < pulls % motorway);
            for _ in 0..here {
                pull(random, &mut phases);
            }
        }
        if motorway > 0 {
            phases.push(Phase::Coast(70.0));
            for _ in 0..2 {
                town_block(random, &mut phases);
            }
        }
        if town > 0 || motorway > 0 {
            phases.push(Phase::Brake(0.0));
        }
        phases.push(Phase::Idle(stop));
        phases
    }
}

fn town_block(random: &mut Random, phases: &mut Vec<Phase>) {
    let speed = random.between(32.0, 62.0);
    phases.push(Phase::Accelerate(speed, random.between(2.0, 4.5)));
    phases.push(Phase::Cruise(speed, random.between(15.0, 40.0)));
    if random.chance(0.5) {
        phases.push(Phase::Coast(random.between(25.0, 40.0).min(speed)));
    }
    phases.push(Phase::Brake(0.0));
    phases.push(Phase::Idle(random.between(10.0, 45.0)));
}

fn motorway_part(random: &mut Random, phases: &mut Vec<Phase>) {
    let speed = random.between(85.0, 115.0);
    phases.push(Phase::Accelerate(speed, random.between(2.0, 4.0)));
    phases.push(Phase::Cruise(speed, random.between(120.0, 200.0)));
}

fn pull(random: &mut Random, phases: &mut Vec<Phase>) {
    phases.push(Phase::Coast(random.between(48.0, 58.0)));
    phases.push(Phase::Cruise(55.0, random.between(8.0, 20.0)));
    phases.push(Phase::Pull(random.between(112.0, 124.0)));
    phases.push(Phase::Coast(95.0));
    phases.push(Phase::Cruise(95.0, random.between(20.0, 40.0)));
}
