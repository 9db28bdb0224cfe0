//! Knows how the server's parts are, without ever waiting for their work.
//!
//! Three sources, one judgement: [`probes`] ask MySQL, Ollama and the disk, under time limits and shared by all who
//! ask at the same time; the [`journal`] remembers what the other actors [report](crate::report); queues and
//! restarts are read where they are. [`assess`](assess::assess) makes a status and its reasons of them.

pub mod assess;
pub mod journal;
pub mod probes;

mod actor;
mod messages;
mod metrics;

pub use actor::{HealthActor, HealthSettings, Queues};
pub use messages::{CheckHealth, CollectMetrics, Health};
