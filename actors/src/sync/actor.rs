//! The actor that takes batches in. It owns its connections to the database.

use std::time::{Duration, Instant};

use actix::{
    Actor, ActorFutureExt as _, AsyncContext as _, Context, Handler, ResponseActFuture, Supervised,
    WrapFuture as _,
};
use bytes::Bytes;
use chrono::{NaiveDateTime, TimeDelta};
use futures_util::FutureExt as _;

use super::batch::{self, Batch, Refusal};
use super::devices;
use super::error::{self, SyncError};
use super::messages::{IdentifyKey, KeyHolder, Receipt, StoreBatch, TableReceipt};
use super::readiness::{self, Readiness};
use super::store::{self, history};
use crate::admission::Admission;
use crate::database::{Database, DatabaseError, DatabaseUrl};
use crate::report::{BatchFailure, BatchOutcome, Report, Reporter, StoredRows};
use crate::runtime::blocking;
use crate::supervise::Drain;
use crate::{causes, clock};

/// How long a batch waits for the schema when the server has just started.
const READINESS_LIMIT: Duration = Duration::from_secs(5);

/// How long storing may take, and how much longer for each row: a slow disk shall not keep a large batch out for
/// ever, and a database that hangs shall be noticed while the device still listens.
const STORE_LIMIT: Duration = Duration::from_secs(20);
const STORE_LIMIT_PER_ROW: Duration = Duration::from_micros(500);

/// Time limit of a single small statement.
const STATEMENT_LIMIT: Duration = Duration::from_secs(5);

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

/// The way of one batch.
struct Storing {
    database: Database,
    readiness: Readiness,
    extra_tables: Vec<String>,
    reporter: Reporter,
    started_at: NaiveDateTime,
    clock: Instant,
}

impl Storing {
    async fn store(self, body: Bytes, sender: KeyHolder) -> Result<Receipt, SyncError> {
        let extra_tables = self.extra_tables.clone();
        let batch = match blocking(move || batch::read(&body, &extra_tables)).await {
            Ok(batch) => batch,
            Err(refusal) => return Err(self.refuse(refusal, &sender).await),
        };
        if !sender.may_write_as(&batch.device_id) {
            return Err(self.forbid(batch.device_id));
        }
        match self.commit(&batch).await {
            Ok(receipt) => {
                self.report(Some(&batch.device_id), stored_rows(&receipt));
                Ok(receipt)
            }
            Err(source) => Err(self.fail(&batch, source).await),
        }
    }

    async fn commit(&self, batch: &Batch) -> Result<Receipt, DatabaseError> {
        self.readiness.wait(READINESS_LIMIT).await?;
        let rows = batch.rows();
        let limit = STORE_LIMIT + STORE_LIMIT_PER_ROW * u32::try_from(rows).unwrap_or(u32::MAX);
        let stored = self
            .database
            .transaction(limit, async |connection| {
                store::store(connection, batch, self.started_at).await
            })
            .await?;
        log::info!(
            "batch is stored batch={:?} device={:?} tables={} rows={rows} took_ms={}",
            batch.batch_id,
            batch.device_id,
            batch.tables().join(","),
            self.clock.elapsed().as_millis()
        );
        let mut tables: std::collections::BTreeMap<_, _> = stored
            .counts
            .into_iter()
            .map(|(table, counts)| {
                (
                    table,
                    TableReceipt {
                        counts,
                        ..TableReceipt::default()
                    },
                )
            })
            .collect();
        for sheet in &batch.sheets {
            if let Some(table) = tables.get_mut(sheet.table.name) {
                table.unknown_columns.clone_from(&sheet.unknown_columns);
            }
        }
        Ok(Receipt {
            batch_id: batch.batch_id.clone(),
            tables,
            unknown_fields: batch.unknown_fields.keys().cloned().collect(),
            stored_at: stored.completed_at,
            drive_data_received: batch.ends_a_drive(),
            auto_analysis_triggered: false,
        })
    }

    fn forbid(&self, device_id: String) -> SyncError {
        let error = SyncError::Forbidden { device_id };
        let failure = BatchFailure {
            tables: Vec::new(),
            error: error.to_string(),
        };
        self.report(None, BatchOutcome::Refused(failure));
        error
    }

    async fn refuse(&self, refusal: Refusal, sender: &KeyHolder) -> SyncError {
        let summary = error::summary(&refusal.problems);
        if let (Some(device_id), Some(batch_id)) = (&refusal.device_id, &refusal.batch_id) {
            if !sender.may_write_as(device_id) {
                return self.forbid(device_id.clone());
            }
            self.record_failure(device_id, batch_id, &refusal.tables, &summary)
                .await;
        }
        let failure = BatchFailure {
            tables: refusal.tables,
            error: summary.clone(),
        };
        self.report(refusal.device_id.as_deref(), BatchOutcome::Refused(failure));
        log::warn!(
            "batch is refused batch={:?} device={:?} cause={summary:?}",
            refusal.batch_id.unwrap_or_default(),
            refusal.device_id.unwrap_or_default(),
        );
        SyncError::Refused(refusal.problems)
    }

    async fn fail(&self, batch: &Batch, source: DatabaseError) -> SyncError {
        log::error!(
            "batch is not stored batch={:?} device={:?} cause={:?}",
            batch.batch_id,
            batch.device_id,
            causes(&source)
        );
        let (device_id, batch_id) = (&batch.device_id, &batch.batch_id);
        let failure = BatchFailure {
            tables: batch.tables(),
            error: source.to_string(),
        };
        self.record_failure(device_id, batch_id, &failure.tables, &failure.error)
            .await;
        self.report(Some(device_id), BatchOutcome::Failed(failure));
        SyncError::Failed {
            batch_id: batch.batch_id.clone(),
            source,
        }
    }

    fn report(&self, device_id: Option<&str>, outcome: BatchOutcome) {
        self.reporter.tell(Report::Batch {
            device_id: device_id.map(str::to_owned),
            outcome,
            took: self.clock.elapsed(),
        });
    }

    /// As well as can be: where the database is away, the log alone has it.
    async fn record_failure(&self, device: &str, batch: &str, tables: &[String], error: &str) {
        let recorded = self.database.run(STATEMENT_LIMIT, async |connection| {
            let entry = history::Entry {
                batch_id: batch,
                device_id: device,
                tables,
                started_at: self.started_at,
                completed_at: clock::now(),
                outcome: history::Outcome::Failed(error),
            };
            history::record(connection, entry).await
        });
        if let Err(error) = recorded.await {
            log::warn!(
                "failure is not recorded batch={batch:?} cause={:?}",
                causes(&error)
            );
        }
    }
}

fn stored_rows(receipt: &Receipt) -> BatchOutcome {
    let rows = receipt.tables.iter().map(|(table, stored)| StoredRows {
        table: table.clone(),
        inserted: stored.counts.inserted,
        updated: stored.counts.updated,
    });
    BatchOutcome::Stored(rows.collect())
}
