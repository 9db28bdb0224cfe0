//! Assesses the health of the server without waiting for its work.
//!
//! There are three sources. [`probes`] check MySQL, Ollama and the disk under time limits; concurrent callers share one
//! probe. The [`journal`] keeps what the other actors [report](crate::report). Queue lengths and restart counts are read
//! directly. [`assess`](assess::assess) derives a status and its reasons from them.

pub mod assess;
pub mod journal;
pub mod probes;

mod actor;
mod connections;
mod messages;
mod metrics;
mod queues;
mod refused_clients;

pub use actor::{HealthActor, HealthSettings};
pub use connections::{Connection, Connections};
pub use messages::{CheckHealth, CollectMetrics, Health};
pub use queues::Queues;
pub use refused_clients::{RefusedClient, RefusedClients};
