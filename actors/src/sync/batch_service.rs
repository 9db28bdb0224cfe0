//! Processes one batch: parse, store, report. Records failures.

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix::Recipient;
use bytes::Bytes;
use chrono::{NaiveDateTime, TimeDelta};
use tokio::time::timeout;

use super::STATEMENT_LIMIT;
use super::batch::{self, Batch, ReadOptions, Refusal, RowLimits, SizeLimit};
use super::error::{self, SyncError};
use super::messages::{KeyHolder, Receipt, RefusedRow, TableReceipt};
use super::readiness::Readiness;
use super::store::device_state::EPOCH_IDS;
use super::store::{self, DriveChanges, Stored, failures, history};
use crate::causes;
use crate::database::{Database, DatabaseError, first_row};
use crate::device_id::DeviceId;
use crate::drives::{DriveTiming, DrivesChanged};
use crate::report::{BatchFailure, BatchOutcome, Report, Reporter};
use crate::runtime::{Panicked, blocking};

/// How long a batch waits for the schema when the server has just started.
const READINESS_LIMIT: Duration = Duration::from_secs(5);

/// How long storing may take, plus the allowance per row. A large batch must fit on a slow disk, and a database that
/// hangs must be noticed before the client's own time limit.
const STORE_LIMIT: Duration = Duration::from_secs(20);
const STORE_LIMIT_PER_ROW: Duration = Duration::from_micros(500);

/// How long a batch waits for the answer whether its drives are analysed now. The probe of Ollama takes 2 s at most.
const DRIVES_ANSWER_LIMIT: Duration = Duration::from_millis(2500);

/// The largest body that is parsed on the actor's thread: about a thousand readings, in two milliseconds. Handing a smaller one
/// over to another thread and waking up for its result costs more than it frees.
const PARSED_IN_PLACE_BYTES: usize = 256 * 1024;

/// How many quarantined rows a receipt lists.
const LISTED_ROWS: usize = 50;

/// What every batch needs. All batches of an actor share it.
#[derive(Debug)]
pub(super) struct BatchService {
    pub database: Database,
    pub readiness: Readiness,
    pub read_options: ReadOptions,
    pub reporter: Reporter,
    pub timing: DriveTiming,
    pub on_drives: Recipient<DrivesChanged>,
}

impl BatchService {
    pub(super) async fn process(
        self: Arc<Self>,
        body: Bytes,
        sender: KeyHolder,
    ) -> Result<Receipt, SyncError> {
        let begun = Instant::now();
        let mut batch = match self.read(body.clone(), None).await {
            Ok(batch) => batch,
            Err(refusal) => return Err(self.refuse(refusal, &sender, begun).await),
        };
        if !sender.may_write_as(&batch.device_id) {
            return Err(self.forbid(batch.device_id, begun));
        }
        let mut committed = self.commit(&batch, begun).await;
        if let Err(DatabaseError::BeyondEpoch) = committed {
            // Read again, the ids become problems of their rows.
            batch = match self.read(body, Some(EPOCH_IDS)).await {
                Ok(batch) => batch,
                Err(refusal) => return Err(self.refuse(refusal, &sender, begun).await),
            };
            committed = self.commit(&batch, begun).await;
        }
        match committed {
            Ok(receipt) => {
                self.report(Some(&batch.device_id), stored_rows(&receipt), begun);
                Ok(receipt)
            }
            Err(source) => Err(self.fail(&batch, source, begun).await),
        }
    }

    /// Parses a body.
    async fn read(self: &Arc<Self>, body: Bytes, ids_below: Option<i64>) -> Result<Batch, Refusal> {
        let body_bytes = body.len();
        let service = Arc::clone(self);
        let row_limits = RowLimits {
            size: SizeLimit::for_packet(self.database.largest_packet()),
            ids_below,
        };
        let read = move || batch::read(&body, &service.read_options, row_limits);
        if body_bytes <= PARSED_IN_PLACE_BYTES {
            read()
        } else {
            blocking(read).await
        }
    }

    /// A batch whose processing panicked outside of its transaction.
    pub(super) fn fail_unread(&self, panic: Panicked) -> SyncError {
        log::error!(error:? = panic.to_string(); "batch failed");
        let failure = BatchFailure {
            tables: Vec::new(),
            unknown_tables: Vec::new(),
            error: "an internal error occurred".to_owned(),
        };
        self.report(None, BatchOutcome::Failed(failure), Instant::now());
        SyncError::Panicked(panic)
    }

    async fn commit(&self, batch: &Batch, begun: Instant) -> Result<Receipt, DatabaseError> {
        self.readiness.wait(READINESS_LIMIT).await?;
        let rows = batch.rows();
        let limit = STORE_LIMIT + STORE_LIMIT_PER_ROW * u32::try_from(rows).unwrap_or(u32::MAX);
        let stored = self
            .database
            .transaction(limit, async |transaction| {
                store::store(transaction, batch, begun, self.timing).await
            })
            .await?;
        log::info!(
            batch:? = batch.batch_id,
            device:? = batch.device_id,
            tables:% = batch.tables().join(","),
            rows,
            took_ms = begun.elapsed().as_millis();
            "batch stored"
        );
        if let Some(first) = batch.quarantined.first() {
            log::warn!(
                batch:? = batch.batch_id,
                device:? = batch.device_id,
                rows = batch.quarantined.len(),
                table:? = first.table,
                id:% = first.id,
                error:? = first.reason;
                "rows quarantined"
            );
        }
        if let Some(epoch) = stored.new_epoch {
            log::warn!(
                device:? = batch.device_id.as_str(),
                batch:? = batch.batch_id,
                epoch;
                "device starts again at id 1: its new rows are stored in a new epoch"
            );
            self.reporter.send(Report::EpochStarted {
                device_id: batch.device_id.to_string(),
                epoch,
            });
        }
        let triggered = self.announce_drives(batch, stored.drives).await;
        Ok(receipt(batch, stored, triggered))
    }

    /// Notifies the analysis of changed drives. True where the batch made a drive ready and its analysis begins.
    async fn announce_drives(&self, batch: &Batch, drives: DriveChanges) -> bool {
        if drives.has_end_without_start {
            log::warn!(
                device:? = batch.device_id;
                "Cannot determine drive boundaries without connection_log: a drive_end has no drive_start"
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

    fn forbid(&self, device_id: DeviceId, begun: Instant) -> SyncError {
        let error = SyncError::Forbidden { device_id };
        let failure = BatchFailure {
            tables: Vec::new(),
            unknown_tables: Vec::new(),
            error: error.to_string(),
        };
        self.report(None, BatchOutcome::Refused(failure), begun);
        error
    }

    async fn refuse(&self, refusal: Refusal, sender: &KeyHolder, begun: Instant) -> SyncError {
        let summary = error::summary(&refusal.problems);
        if let (Some(device_id), Some(batch_id)) = (&refusal.device_id, &refusal.batch_id) {
            if !sender.may_write_as(device_id) {
                return self.forbid(device_id.clone(), begun);
            }
            // A table that the server does not know has a failure of its own: it stays until the owner acts.
            let unknown = refusal.unknown_tables.as_slice();
            self.record_failure(
                device_id,
                batch_id,
                &refusal.tables,
                unknown,
                &summary,
                begun,
            )
            .await;
        }
        let failure = BatchFailure {
            tables: refusal.tables,
            unknown_tables: refusal.unknown_tables,
            error: summary.clone(),
        };
        self.report(
            refusal.device_id.as_deref(),
            BatchOutcome::Refused(failure),
            begun,
        );
        log::warn!(
            batch:? = refusal.batch_id.unwrap_or_default(),
            device:? = refusal.device_id.as_deref().unwrap_or_default(),
            error:? = summary;
            "batch refused"
        );
        SyncError::Refused(refusal.problems)
    }

    async fn fail(&self, batch: &Batch, source: DatabaseError, begun: Instant) -> SyncError {
        log::error!(
            batch:? = batch.batch_id,
            device:? = batch.device_id,
            error:? = causes(&source);
            "batch failed"
        );
        let (device_id, batch_id) = (&batch.device_id, &batch.batch_id);
        let failure = BatchFailure {
            tables: batch.tables(),
            unknown_tables: Vec::new(),
            error: source.to_string(),
        };
        self.record_failure(
            device_id,
            batch_id,
            &failure.tables,
            &[],
            &failure.error,
            begun,
        )
        .await;
        self.report(Some(device_id), BatchOutcome::Failed(failure), begun);
        SyncError::Failed {
            batch_id: batch.batch_id.clone(),
            source,
        }
    }

    fn report(&self, device_id: Option<&str>, outcome: BatchOutcome, begun: Instant) {
        self.reporter.send(Report::Batch {
            device_id: device_id.map(str::to_owned),
            outcome,
            took: begun.elapsed(),
        });
    }

    /// Best effort: while the database is unreachable, only the log has the failure.
    async fn record_failure(
        &self,
        device: &str,
        batch: &str,
        tables: &[String],
        unknown_tables: &[String],
        error: &str,
        begun: Instant,
    ) {
        let recorded = self.database.run(STATEMENT_LIMIT, async |connection| {
            let took = TimeDelta::from_std(begun.elapsed()).unwrap_or_default();
            let now: Option<NaiveDateTime> = first_row(connection, "SELECT NOW(6)", ()).await?;
            let completed_at = now.ok_or(DatabaseError::Closed)?;
            let entry = history::Entry {
                batch_id: batch,
                device_id: device,
                tables,
                started_at: completed_at - took,
                completed_at,
                outcome: history::Outcome::Failed(error),
            };
            history::record(&entry).run(connection).await?;
            let error = history::shortened(error);
            let failing = [tables, unknown_tables].concat();
            for statement in failures::record(device, batch, &failing, &error) {
                statement.run(connection).await?;
            }
            Ok(())
        });
        if let Err(error) = recorded.await {
            log::warn!(batch:?, error:? = causes(&error); "recording the failed batch failed");
        }
    }
}

fn receipt(batch: &Batch, stored: Stored, auto_analysis_triggered: bool) -> Receipt {
    let tables = stored.counts.into_iter().map(|(table, counts)| {
        let mirrored = batch.mirrored_table(&table);
        let unknown_columns = mirrored.map(|rows| rows.unknown_names().into_set());
        let errors = batch.quarantined.iter().filter(|row| row.table == table);
        let receipt = TableReceipt {
            counts,
            errors: errors.count() as u64,
            unknown_columns: unknown_columns.unwrap_or_default(),
        };
        (table, receipt)
    });
    let quarantined = batch.quarantined.iter().take(LISTED_ROWS);
    Receipt {
        batch_id: batch.batch_id.clone(),
        tables: tables.collect(),
        unknown_fields: batch.unknown_fields.names().into_set(),
        quarantined: quarantined.map(RefusedRow::from).collect(),
        stored_at: stored.completed_at,
        drive_data_received: batch.ends_a_drive(),
        auto_analysis_triggered,
    }
}

fn stored_rows(receipt: &Receipt) -> BatchOutcome {
    let tables = receipt.tables.iter();
    BatchOutcome::Stored(
        tables
            .map(|(table, stored)| (table.clone(), stored.counts))
            .collect(),
    )
}
