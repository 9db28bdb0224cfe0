//! The actor that takes batches in. It owns its connections to the database.

use std::time::{Duration, Instant};

use actix::{
    Actor, ActorFutureExt as _, AsyncContext as _, Context, Handler, Recipient, ResponseActFuture,
    Supervised, WrapFuture as _,
};
use chrono::TimeDelta;
use futures_util::FutureExt as _;

use super::STATEMENT_LIMIT;
use super::devices;
use super::error::SyncError;
use super::messages::{IdentifyKey, Receipt, StoreBatch};
use super::readiness::{self, Readiness};
use super::store::history;
use super::storing::Storing;
use crate::admission::Admission;
use crate::database::{Database, DatabaseError, DatabaseUrl};
use crate::drives::DrivesChanged;
use crate::report::{Report, Reporter};
use crate::supervise::Drain;
use crate::{causes, clock};

/// How often old history is looked for.
const PRUNE_INTERVAL: Duration = Duration::from_hours(1);

/// How long connections may take to close at the end.
const CLOSE_LIMIT: Duration = Duration::from_secs(2);

/// What a [`SyncActor`] is made of, now and after each restart.
#[derive(Clone, Debug)]
pub struct SyncSettings {
    /// Where the rows go.
    pub database: DatabaseUrl,
    /// How many batches can be stored at the same time.
    pub connections: usize,
    /// Tables beyond the mirrored ones, whose rows are kept as they are.
    pub extra_tables: Vec<String>,
    /// How long batches are remembered, in days; 0: for ever.
    pub history_retention_days: u32,
    /// The door in front of the actor; it is closed at the end.
    pub admission: Admission,
    /// Told of every batch.
    pub reporter: Reporter,
    /// How long no reading of a drive has come before it is analysed.
    pub auto_analysis_quiet: Duration,
    /// Told of the drives that batches change.
    pub on_drives: Recipient<DrivesChanged>,
}

/// Stores batches. After a restart it begins anew with fresh connections; what was not committed is gone, and its
/// senders are told so.
#[derive(Debug)]
pub struct SyncActor {
    settings: SyncSettings,
    database: Database,
    readiness: Readiness,
    announcer: Option<readiness::Announcer>,
}

impl SyncActor {
    /// To be called on the runtime that the actor will live on.
    pub fn new(settings: SyncSettings) -> Self {
        let (announcer, readiness) = Readiness::new();
        Self {
            // Two more than batches: for the migrations' lock, and for failures to be recorded.
            database: Database::open(&settings.database, settings.connections + 2),
            settings,
            readiness,
            announcer: Some(announcer),
        }
    }

    fn prune_history(&self) -> impl Future<Output = ()> + use<> {
        let days = self.settings.history_retention_days;
        let oldest = clock::now() - TimeDelta::days(days.into());
        let database = self.database.clone();
        async move {
            if days == 0 {
                return;
            }
            let pruned = database.run(STATEMENT_LIMIT, async |connection| {
                history::prune(connection, oldest).await
            });
            match pruned.await {
                Ok(0) => {}
                Ok(batches) => log::info!("old history is removed batches={batches} days={days}"),
                Err(error) => {
                    log::warn!("old history is not removed cause={:?}", causes(&error));
                }
            }
        }
    }
}

impl Actor for SyncActor {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        self.settings.reporter.tell(Report::Pool {
            actor: "sync",
            usage: self.database.usage(),
        });
        if let Some(announcer) = self.announcer.take() {
            let migration = readiness::bring_up_to_date(self.database.clone(), announcer);
            let pruning = self.prune_history();
            context.spawn(migration.then(|()| pruning).into_actor(self));
        }
        context.run_interval(PRUNE_INTERVAL, |actor, context| {
            context.spawn(actor.prune_history().into_actor(actor));
        });
    }
}

impl Supervised for SyncActor {
    fn restarting(&mut self, _: &mut Self::Context) {
        *self = Self::new(self.settings.clone());
    }
}

impl Handler<StoreBatch> for SyncActor {
    type Result = ResponseActFuture<Self, Result<Receipt, SyncError>>;

    fn handle(&mut self, message: StoreBatch, _: &mut Self::Context) -> Self::Result {
        let work = Storing {
            database: self.database.clone(),
            readiness: self.readiness.clone(),
            extra_tables: self.settings.extra_tables.clone(),
            reporter: self.settings.reporter.clone(),
            quiet: self.settings.auto_analysis_quiet,
            on_drives: self.settings.on_drives.clone(),
            started_at: clock::now(),
            clock: Instant::now(),
        };
        let StoreBatch {
            body,
            sender,
            turn,
            memory,
        } = message;
        let stored = async move { work.store(body, sender).await };
        Box::pin(stored.into_actor(self).map(move |outcome, _, _| {
            drop((turn, memory));
            outcome
        }))
    }
}

impl Handler<IdentifyKey> for SyncActor {
    type Result = ResponseActFuture<Self, Result<Option<String>, DatabaseError>>;

    fn handle(&mut self, message: IdentifyKey, _: &mut Self::Context) -> Self::Result {
        let database = self.database.clone();
        let found = async move {
            let IdentifyKey { sha256, turn } = message;
            let found = database.run(STATEMENT_LIMIT, async |connection| {
                devices::device_with_key(connection, &sha256).await
            });
            let found = found.await;
            drop(turn);
            found
        };
        Box::pin(found.into_actor(self))
    }
}

impl Handler<Drain> for SyncActor {
    type Result = ResponseActFuture<Self, ()>;

    fn handle(&mut self, _: Drain, _: &mut Self::Context) -> Self::Result {
        let (admission, database) = (self.settings.admission.clone(), self.database.clone());
        let drained = async move {
            admission.drained().await;
            database.close(CLOSE_LIMIT).await;
        };
        Box::pin(drained.into_actor(self))
    }
}
