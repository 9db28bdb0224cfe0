//! The files of the actors that threads share, compiled with the lock of `shuttle`, whose scheduler switches threads at every
//! use of it. The models in `tests/` run them.

/// In place of `actors/src/mutex.rs`.
mod mutex {
    pub(crate) use shuttle::sync::{Mutex, MutexGuard};
    pub(crate) use std::sync::PoisonError;
}

/// The files of the actors.
#[path = "../../src"]
mod actors {
    pub mod admission;
    pub mod byte_budget;
    pub mod fair_admission;
}

pub use actors::{admission, byte_budget, fair_admission};
