//! The actor that probes. It owns a connection to the database for that.

use std::time::Duration;

use actix::{Actor, Context, Handler, ResponseActFuture, Supervised, WrapFuture as _};
use mysql_async::prelude::Queryable as _;

use super::messages::{CheckHealth, Health};
use crate::database::{Database, DatabaseUrl};
use crate::supervise::Drain;

const MYSQL_LIMIT: Duration = Duration::from_secs(3);
const CLOSE_LIMIT: Duration = Duration::from_millis(500);

/// What a [`HealthActor`] is made of.
#[derive(Clone, Debug)]
pub struct HealthSettings {
    /// The database to look at.
    pub database: DatabaseUrl,
}

/// Probes what the server depends on.
#[derive(Debug)]
pub struct HealthActor {
    settings: HealthSettings,
    database: Database,
}

impl HealthActor {
    /// To be called on the runtime that the actor will live on.
    pub fn new(settings: HealthSettings) -> Self {
        Self {
            database: Database::open(&settings.database, 1),
            settings,
        }
    }
}

impl Actor for HealthActor {
    type Context = Context<Self>;
}

impl Supervised for HealthActor {
    fn restarting(&mut self, _: &mut Self::Context) {
        *self = Self::new(self.settings.clone());
    }
}

impl Handler<CheckHealth> for HealthActor {
    type Result = ResponseActFuture<Self, Health>;

    fn handle(&mut self, _: CheckHealth, _: &mut Self::Context) -> Self::Result {
        let database = self.database.clone();
        let probe = async move {
            let answer = database
                .run(MYSQL_LIMIT, async |connection| {
                    Ok(connection.query_drop("SELECT 1").await?)
                })
                .await;
            Health {
                mysql_is_up: answer.is_ok(),
            }
        };
        Box::pin(probe.into_actor(self))
    }
}

impl Handler<Drain> for HealthActor {
    type Result = ResponseActFuture<Self, ()>;

    fn handle(&mut self, _: Drain, _: &mut Self::Context) -> Self::Result {
        let database = self.database.clone();
        Box::pin(async move { database.close(CLOSE_LIMIT).await }.into_actor(self))
    }
}
