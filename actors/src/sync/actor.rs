//! The actor that stores batches. It owns its pool of database connections.

use std::sync::Arc;
use std::time::Duration;

use actix::{
    Actor, AsyncContext as _, Context, Handler, Recipient, ResponseActFuture, Supervised,
    WrapFuture as _,
};
use futures_util::FutureExt as _;

use super::STATEMENT_LIMIT;
use super::backfill::count_stored_rows;
use super::batch::ReadOptions;
use super::batch_service::BatchService;
use super::devices;
use super::error::SyncError;
use super::messages::{GetSyncStatus, IdentifyKey, Receipt, StoreBatch};
use super::readiness::{self, Readiness};
use super::reading_retention::prune_readings;
use super::retention::prune_history;
use super::status::{self, DeviceSyncStatus};
use crate::causes;
use crate::database::{Database, DatabaseError, DatabaseUrl};
use crate::device_id::DeviceId;
use crate::drives::{self, DriveTiming, DrivesChanged};
use crate::fair_admission::FairAdmission;
use crate::report::{Report, Reporter};
use crate::runtime::isolated;
use crate::supervise::Drain;

/// How often old history and readings are removed, and rows of earlier versions are counted.
const TIDY_INTERVAL: Duration = Duration::from_hours(1);

/// How long closing the connections may take during shutdown.
const CLOSE_LIMIT: Duration = Duration::from_secs(2);

/// The configuration of a [`SyncActor`]; it stays the same across restarts.
#[derive(Clone, Debug)]
pub struct SyncSettings {
    /// The database that stores the rows.
    pub database: DatabaseUrl,
    /// The number of connections for batches.
    pub connections: usize,
    /// How batches are read.
    pub read_options: ReadOptions,
    /// How many days the history of batches is kept; 0 keeps all of it.
    pub history_retention_days: u32,
    /// How many days readings are kept after they were stored; 0 keeps all of them.
    pub reading_retention_days: u32,
    /// Bounds the batches in progress; closed during shutdown.
    pub admission: FairAdmission,
    /// Receives a report on every batch.
    pub reporter: Reporter,
    /// When drives end and when they are analysed.
    pub drive_timing: DriveTiming,
    /// Is notified of drives that a batch changed.
    pub on_drives: Recipient<DrivesChanged>,
}

/// Stores batches. A restart replaces the connections; uncommitted work is rolled back, and its senders get an error.
#[derive(Debug)]
pub struct SyncActor {
    settings: SyncSettings,
    database: Database,
    service: Arc<BatchService>,
    announcer: Option<readiness::Announcer>,
}

impl SyncActor {
    /// Must be called on the runtime that the actor will run on.
    pub fn new(settings: SyncSettings) -> Self {
        let (announcer, readiness) = Readiness::new();
        // Two more than batches: one holds the lock of the migrations, one records failures.
        let database = Database::open(&settings.database, settings.connections + 2);
        let service = BatchService {
            database: database.clone(),
            readiness,
            read_options: settings.read_options.clone(),
            reporter: settings.reporter.clone(),
            timing: settings.drive_timing,
            on_drives: settings.on_drives.clone(),
        };
        Self {
            settings,
            database,
            service: Arc::new(service),
            announcer: Some(announcer),
        }
    }

    /// Work on what is stored that no batch waits for.
    fn tidy(&self) -> impl Future<Output = ()> + use<> {
        let database = self.database.clone();
        let history_days = self.settings.history_retention_days;
        let reading_days = self.settings.reading_retention_days;
        let timing = self.settings.drive_timing;
        async move {
            prune_history(&database, history_days).await;
            let is_counted = count_stored_rows(&database).await;
            match drives::backfill(&database, timing).await {
                // Only now: everything that outlasts the readings is derived from them.
                Ok(()) if is_counted => prune_readings(&database, reading_days).await,
                Ok(()) => {}
                Err(error) => {
                    log::warn!(error = causes(&error); "adding stored rows to drives was interrupted");
                }
            }
        }
    }
}

impl Actor for SyncActor {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        self.settings.reporter.send(Report::Pool {
            actor: "sync",
            usage: self.database.usage(),
        });
        if let Some(announcer) = self.announcer.take() {
            let migration = readiness::bring_up_to_date(
                self.database.clone(),
                announcer,
                self.settings.reporter.clone(),
            );
            let tidying = self.tidy();
            context.spawn(migration.then(|()| tidying).into_actor(self));
        }
        context.run_interval(TIDY_INTERVAL, |actor, context| {
            context.spawn(actor.tidy().into_actor(actor));
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
        let service = Arc::clone(&self.service);
        let StoreBatch {
            body,
            sender,
            turn,
            memory,
        } = message;
        let processed = async move {
            let batch = Box::pin(Arc::clone(&service).process(body, sender));
            let outcome = isolated(batch).await;
            drop((turn, memory));
            outcome.unwrap_or_else(|panic| Err(service.fail_unread(panic)))
        };
        Box::pin(processed.into_actor(self))
    }
}

impl Handler<IdentifyKey> for SyncActor {
    type Result = ResponseActFuture<Self, Result<Option<DeviceId>, DatabaseError>>;

    fn handle(&mut self, message: IdentifyKey, _: &mut Self::Context) -> Self::Result {
        let database = self.database.clone();
        let found = async move {
            let IdentifyKey { sha256, turn } = message;
            let found = database.run(STATEMENT_LIMIT, async |connection| {
                devices::device_with_key(connection, &sha256).await
            });
            let found = found.await;
            drop(turn);
            Ok(found?.and_then(|id| id.parse().ok()))
        };
        Box::pin(found.into_actor(self))
    }
}

impl Handler<GetSyncStatus> for SyncActor {
    type Result = ResponseActFuture<Self, Result<Vec<DeviceSyncStatus>, DatabaseError>>;

    fn handle(&mut self, message: GetSyncStatus, _: &mut Self::Context) -> Self::Result {
        let database = self.database.clone();
        let read = async move {
            let GetSyncStatus { device_id, turn } = message;
            let statuses = database.run(STATEMENT_LIMIT, async |connection| {
                status::read_status(connection, device_id.as_deref()).await
            });
            let statuses = statuses.await;
            drop(turn);
            statuses
        };
        Box::pin(read.into_actor(self))
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
