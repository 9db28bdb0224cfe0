//! The files of the actors that threads share, compiled with locks of `shuttle`, whose scheduler switches threads at every
//! use of one. The models in `tests/` run them.

mod locks;

/// The files of the actors.
#[path = "../../src"]
mod actors {
    pub mod admission;
    pub mod byte_budget;
    pub mod fair_admission;
}

pub use actors::{admission, byte_budget, fair_admission};
