//! What can be asked of the [`HealthActor`](super::HealthActor). It also takes every [`Report`](crate::report::Report).

use actix::Message;

use super::assess::{Facts, Status, Verdict};

/// Say how everything is, from what is at most a second old. The answer takes 4.5 s at most, whatever hangs.
#[derive(Debug, Message)]
#[rtype(result = "Health")]
pub struct CheckHealth;

/// Put the work of all actors into numbers. The answer, in Prometheus's text format, comes at once.
#[derive(Debug, Message)]
#[rtype(result = "String")]
pub struct CollectMetrics;

/// How the server is.
#[derive(Clone, Debug)]
pub struct Health {
    /// Status and reasons.
    pub verdict: Verdict,
    /// What they come from.
    pub facts: Facts,
}

impl Health {
    /// For when the health actor itself does not answer.
    pub fn unknown() -> Self {
        let reason = "The actor that watches the server's health does not answer.";
        Self {
            verdict: Verdict {
                status: Status::Unhealthy,
                reasons: vec![reason.to_owned()],
            },
            facts: Facts::default(),
        }
    }
}
