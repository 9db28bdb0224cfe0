//! Works the queue of drives off while no request waits for the model.
//!
//! A turn begins on a [`Wakeup`], when something in the queue becomes due, and every [`QueueTiming::recheck`] at the
//! latest. Errors leave the drives in their table, where the next turn finds them.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::STATEMENT_LIMIT;
use super::drive_job::{DriveJob, Outcome};
use super::service::AnalysisService;
use crate::admission::{Admission, Turn};
use crate::causes;
use crate::database::{Database, DatabaseError};
use crate::drives::{self, Claim, QueueTiming};
use crate::report::{Report, Reporter};

/// The time limit of one check, counting readings included.
const CHECK_LIMIT: Duration = Duration::from_secs(20);

/// Ollama is away when it does not respond within this time.
const GREETING_LIMIT: Duration = Duration::from_secs(2);

/// The shortest pause between two turns without a wakeup.
const SHORTEST_PAUSE: Duration = Duration::from_millis(500);

/// The pause after the database has failed.
const PAUSE_AFTER_ERROR: Duration = Duration::from_secs(2);

/// Wakes a [`DriveQueue`] up.
#[derive(Clone, Debug, Default)]
pub(super) struct Wakeup {
    ready: Arc<Notify>,
    changed: Arc<Notify>,
}

impl Wakeup {
    /// Drives are ready: take a turn now.
    pub(super) fn now(&self) {
        self.ready.notify_one();
    }

    /// Drives have changed: take a turn once they can be quiet.
    pub(super) fn when_quiet(&self) {
        self.changed.notify_one();
    }
}

/// One server's worker of the queue.
pub(super) struct DriveQueue {
    pub service: AnalysisService,
    pub database: Database,
    /// Permits for the model.
    pub admission: Admission,
    pub timing: QueueTiming,
    pub reporter: Reporter,
    pub wakeup: Wakeup,
    /// Cancelled when the server stops.
    pub stopping: CancellationToken,
}

impl DriveQueue {
    /// Runs until the server stops.
    pub(super) async fn run(self) {
        let mut is_known_away = false;
        while !self.stopping.is_cancelled() {
            let pause = match self.turn().await {
                Ok(Turned::Done(pause)) => {
                    is_known_away = false;
                    pause
                }
                Ok(Turned::OllamaAway { queued }) => {
                    // Once, until it is back.
                    if !is_known_away {
                        log::warn!(drives = queued; "Auto-analysis skipped: Ollama unavailable");
                    }
                    is_known_away = true;
                    self.timing.recheck
                }
                Err(error) => {
                    // The schema may not exist yet; an unreachable database is reported by its users.
                    log::debug!(error = causes(&error); "drive queue turn failed");
                    PAUSE_AFTER_ERROR
                }
            };
            tokio::select! {
                () = self.stopping.cancelled() => {}
                () = self.rest(pause) => {}
            }
        }
    }

    /// Waits for the end of a pause, or for a wakeup that shortens it.
    async fn rest(&self, pause: Duration) {
        let mut end = Instant::now() + pause.clamp(SHORTEST_PAUSE, self.timing.recheck);
        loop {
            tokio::select! {
                () = sleep_until(end) => return,
                () = self.wakeup.ready.notified() => return,
                () = self.wakeup.changed.notified() => {
                    end = end.min(Instant::now() + self.timing.quiet.max(SHORTEST_PAUSE));
                }
            }
        }
    }

    /// Does everything that is due.
    async fn turn(&self) -> Result<Turned, DatabaseError> {
        self.check_all().await?;
        loop {
            let queued = self.report_length().await?;
            if queued == 0 {
                break;
            }
            if !self.service.ollama.is_reachable(GREETING_LIMIT).await {
                return Ok(Turned::OllamaAway { queued });
            }
            let Some(permit) = self.permit().await else {
                break;
            };
            let Some(claim) = self.claim().await? else {
                break;
            };
            if self.work_on(claim, permit).await == Outcome::OllamaAway {
                return Ok(Turned::OllamaAway { queued });
            }
            // In the meantime others have arrived or become quiet.
            self.check_all().await?;
        }
        let next = self.database.run(STATEMENT_LIMIT, async |connection| {
            drives::next_check(connection).await
        });
        Ok(Turned::Done(next.await?))
    }

    /// Checks every drive that is due, and requeues those whose claims have expired.
    async fn check_all(&self) -> Result<(), DatabaseError> {
        let expired = self.database.run(STATEMENT_LIMIT, async |connection| {
            drives::expire_claims(connection).await
        });
        let expired = expired.await?;
        if expired > 0 {
            log::warn!(drives = expired; "drives requeued: their claims expired");
        }
        loop {
            let checked = self.database.run(CHECK_LIMIT, async |connection| {
                drives::check(connection, &self.timing).await
            });
            match checked.await? {
                None => return Ok(()),
                Some(decision) => log::debug!(decision:?; "drive checked"),
            }
        }
    }

    /// Reports how many drives are queued and returns how many of them are due.
    async fn report_length(&self) -> Result<u64, DatabaseError> {
        let (waiting, due) = self
            .database
            .run(STATEMENT_LIMIT, async |connection| {
                drives::queue_length(connection).await
            })
            .await?;
        self.reporter.tell(Report::DrivesWaiting(waiting));
        Ok(due)
    }

    /// The permit for the model once no request waits for it; nothing where the server stops first.
    async fn permit(&self) -> Option<Turn> {
        tokio::select! {
            biased;
            () = self.stopping.cancelled() => None,
            permit = self.admission.spare_turn() => Some(permit),
        }
    }

    async fn claim(&self) -> Result<Option<Claim>, DatabaseError> {
        self.database
            .transaction(STATEMENT_LIMIT, async |transaction| {
                drives::claim(transaction, &self.timing).await
            })
            .await
    }

    async fn work_on(&self, claim: Claim, permit: Turn) -> Outcome {
        let job = DriveJob {
            service: &self.service,
            database: &self.database,
            timing: self.timing,
            claim,
        };
        let outcome = job.run(&self.stopping).await;
        // Only now: once the permits are drained, the drive has been given back.
        drop(permit);
        outcome
    }
}

/// How a turn has ended.
enum Turned {
    /// Nothing is due for this long.
    Done(Duration),
    /// Ollama is away, with this many drives due.
    OllamaAway { queued: u64 },
}
