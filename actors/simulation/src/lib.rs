//! Simulated drives: an engine on a route, optionally with one planted fault, recorded by a logger.
//!
//! Everything is computed from the seed: the same [`Simulation`] yields the same readings on every machine. The
//! crate depends on nothing, so tests, benches and `seed-db` share it.

mod engine;
mod fault;
mod logger;
mod physics;
mod random;
mod route;

pub use engine::Engine;
pub use fault::{Fault, Planted, Strength};
pub use logger::{Logger, Reading};
pub use physics::{Moment, STEP_SECONDS};
pub use random::Random;
pub use route::{Phase, Route};

/// One drive to simulate.
#[derive(Clone, Debug)]
pub struct Simulation {
    /// The car.
    pub engine: Engine,
    /// Where and how it is driven.
    pub route: Route,
    /// What is broken, if anything.
    pub planted: Option<Planted>,
    /// Varies traffic, weather and noise.
    pub seed: u64,
    /// Distinguishes cars with the same engine: each has its own trims.
    pub car: u64,
    /// Ends the drive after this time in seconds; town traffic fills up a route that is shorter.
    pub seconds: Option<f64>,
}

impl Simulation {
    /// A healthy drive.
    pub fn healthy(engine: Engine, route: Route, seed: u64) -> Self {
        Self {
            engine,
            route,
            planted: None,
            seed,
            car: seed,
            seconds: None,
        }
    }

    /// The same drive with a fault on a route that lets it show.
    pub fn faulty(engine: Engine, fault: Fault, strength: Strength, seed: u64) -> Self {
        Self {
            engine,
            route: fault.route(),
            planted: Some(Planted { fault, strength }),
            seed,
            car: seed,
            seconds: None,
        }
    }

    /// The same drive with a certain car.
    #[must_use]
    pub fn with_car(mut self, car: u64) -> Self {
        self.car = car;
        self
    }

    /// The same drive, cut or filled up to a length.
    #[must_use]
    pub fn lasting(mut self, seconds: f64) -> Self {
        self.seconds = Some(seconds);
        self
    }

    /// The true values of every channel, one [`Moment`] each [`STEP_SECONDS`].
    pub fn moments(&self) -> impl Iterator<Item = Moment> {
        physics::drive(self)
    }

    /// What `logger` records of the drive, in order of time.
    pub fn readings(&self, logger: Logger) -> Vec<Reading> {
        logger.record(self.seed, self.moments())
    }
}

#[cfg(test)]
mod tests;
