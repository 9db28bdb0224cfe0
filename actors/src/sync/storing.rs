//! The way of one batch: read, stored, and told of, or refused and remembered.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use actix::Recipient;
use bytes::Bytes;
use chrono::NaiveDateTime;
use tokio::time::timeout;

use super::STATEMENT_LIMIT;
use super::batch::{self, Batch, Refusal};
use super::error::{self, SyncError};
use super::messages::{KeyHolder, Receipt, TableReceipt};
use super::readiness::Readiness;
use super::store::{self, DriveNews, Stored, history};
use crate::database::{Database, DatabaseError};
use crate::drives::DrivesChanged;
use crate::report::{BatchFailure, BatchOutcome, Report, Reporter, StoredRows};
use crate::runtime::blocking;
use crate::{causes, clock};

/// How long a batch waits for the schema when the server has just started.
const READINESS_LIMIT: Duration = Duration::from_secs(5);

/// How long storing may take, and how much longer for each row: a slow disk shall not keep a large batch out for
/// ever, and a database that hangs shall be noticed while the device still listens.
const STORE_LIMIT: Duration = Duration::from_secs(20);
const STORE_LIMIT_PER_ROW: Duration = Duration::from_micros(500);

/// How long a batch waits to hear whether the drives in it can be analysed. Looking whether Ollama answers takes 2 s at
/// most.
const DRIVES_ANSWER_LIMIT: Duration = Duration::from_millis(2500);

/// The way of one batch.
pub(super) struct Storing {
    pub database: Database,
    pub readiness: Readiness,
    pub extra_tables: Vec<String>,
    pub reporter: Reporter,
    pub quiet: Duration,
    pub on_drives: Recipient<DrivesChanged>,
    pub started_at: NaiveDateTime,
    pub clock: Instant,
}

impl Storing {
    pub(super) async fn store(self, body: Bytes, sender: KeyHolder) -> Result<Receipt, SyncError> {
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
            .transaction(limit, async |transaction| {
                store::store(transaction, batch, self.started_at, self.quiet).await
            })
            .await?;
        log::info!(
            "batch is stored batch={:?} device={:?} tables={} rows={rows} took_ms={}",
            batch.batch_id,
            batch.device_id,
            batch.tables().join(","),
            self.clock.elapsed().as_millis()
        );
        let triggered = self.tell_of_drives(batch, stored.drives).await;
        Ok(receipt(batch, stored, triggered))
    }

    /// Whether drives that the batch has made ready are now analysed.
    async fn tell_of_drives(&self, batch: &Batch, drives: DriveNews) -> bool {
        let device = &batch.device_id;
        if drives.has_end_without_start {
            log::warn!(
                "Cannot determine drive boundaries without connection_log: a drive_end has no drive_start device={device:?}"
            );
        }
        if !drives.has_any {
            return false;
        }
        let changed = DrivesChanged {
            ready: drives.ready,
        };
        if drives.ready == 0 {
            self.on_drives.do_send(changed);
            return false;
        }
        let answer = timeout(DRIVES_ANSWER_LIMIT, self.on_drives.send(changed)).await;
        matches!(answer, Ok(Ok(true)))
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
            history::record(&entry).run(connection).await
        });
        if let Err(error) = recorded.await {
            log::warn!(
                "failure is not recorded batch={batch:?} cause={:?}",
                causes(&error)
            );
        }
    }
}

fn receipt(batch: &Batch, stored: Stored, auto_analysis_triggered: bool) -> Receipt {
    let unknown_columns = |table: &str| {
        let sheet = batch.sheets.iter().find(|sheet| sheet.table.name == table);
        sheet.map_or_else(BTreeSet::new, |sheet| sheet.unknown_columns.clone())
    };
    let tables = stored.counts.into_iter().map(|(table, counts)| {
        let unknown_columns = unknown_columns(&table);
        (
            table,
            TableReceipt {
                counts,
                unknown_columns,
            },
        )
    });
    Receipt {
        batch_id: batch.batch_id.clone(),
        tables: tables.collect(),
        unknown_fields: batch.unknown_fields.keys().cloned().collect(),
        stored_at: stored.completed_at,
        drive_data_received: batch.ends_a_drive(),
        auto_analysis_triggered,
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
