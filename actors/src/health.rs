//! Knows how the server's parts are, without ever waiting for their work.

mod actor;
mod messages;

pub use actor::{HealthActor, HealthSettings};
pub use messages::{CheckHealth, Health};
