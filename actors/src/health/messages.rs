//! What can be asked of the [`HealthActor`](super::HealthActor).

use actix::Message;

/// Look at everything the server depends on.
#[derive(Debug, Message)]
#[rtype(result = "Health")]
pub struct CheckHealth;

/// How the server's parts are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// Whether the database answers.
    pub mysql_is_up: bool,
}
