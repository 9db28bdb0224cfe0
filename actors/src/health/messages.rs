//! Messages of the [`HealthActor`](super::HealthActor), which also accepts every [`Report`](crate::report::Report).

use std::fmt;

use actix::Message;

use super::assess::{Assessment, Facts, Status};

/// Assess the server from data at most one second old. Answers within 4.5 s even if a component hangs.
#[derive(Debug, Message)]
#[rtype(result = "Health")]
pub struct CheckHealth;

/// Collect the metrics of all actors in the `OpenMetrics` text format, without its end marker. Answers at once.
#[derive(Debug, Message)]
#[rtype(result = "Result<String, fmt::Error>")]
pub struct CollectMetrics;

/// The health of the server.
#[derive(Clone, Debug)]
pub struct Health {
    /// Status and reasons.
    pub assessment: Assessment,
    /// The facts they are derived from.
    pub facts: Facts,
}

impl Health {
    /// The health while the health actor itself does not answer.
    pub fn unknown() -> Self {
        let reason = "The health actor does not answer.";
        Self {
            assessment: Assessment {
                status: Status::Unhealthy,
                reasons: vec![reason.to_owned()],
            },
            facts: Facts::default(),
        }
    }
}
