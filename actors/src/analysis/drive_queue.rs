//! Analyses the queued drives while no request waits for the model. Devices take turns.
//!
//! A turn begins on a [`Wakeup`], when a queued drive becomes due, and every [`QueueTiming::recheck`] at the latest.
//! Errors leave the drives in their table, where the next turn finds them.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::STATEMENT_LIMIT;
use super::drive_job::{DriveJob, Outcome};
use super::service::AnalysisService;
use super::wakeup::Wakeup;
use crate::admission::{Admission, Turn};
use crate::causes;
use crate::database::{Database, DatabaseError};
use crate::drives::{self, Claim, DriveState, QueueTiming, Rotation};
use crate::report::{Report, Reporter};

/// Ollama is away when it does not respond within this time.
const GREETING_LIMIT: Duration = Duration::from_secs(2);

/// The pause after the database has failed.
const PAUSE_AFTER_ERROR: Duration = Duration::from_secs(2);

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

/// How a turn has ended.
enum Turned {
    /// No drive is due.
    Done,
    /// Drives are due, and Ollama cannot be asked now.
    OllamaAway { reason: String, queued: u64 },
}

impl DriveQueue {
    /// Runs until the server stops.
    pub(super) async fn run(self) {
        let mut rotation = Rotation::default();
        let mut is_known_away = false;
        while !self.stopping.is_cancelled() {
            let pause = match self.turn(&mut rotation).await {
                Ok((Turned::Done, next)) => {
                    is_known_away = false;
                    self.reporter.send(Report::QueueBlocked(None));
                    next
                }
                Ok((Turned::OllamaAway { reason, queued }, _)) => {
                    // Once, until it is back.
                    if !is_known_away {
                        log::warn!(drives = queued, error = reason; "Auto-analysis skipped: Ollama unavailable");
                    }
                    is_known_away = true;
                    self.reporter.send(Report::QueueBlocked(Some(reason)));
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
                () = self.wakeup.until_queued(pause) => {}
            }
        }
    }

    /// Analyses drives until none is due, and returns how long to wait until the next one is.
    async fn turn(&self, rotation: &mut Rotation) -> Result<(Turned, Duration), DatabaseError> {
        loop {
            let queued = self.report_length().await?;
            let devices = self.database.run(STATEMENT_LIMIT, async |connection| {
                drives::devices_with_due(connection, DriveState::Queued).await
            });
            let devices = rotation.order(devices.await?);
            if devices.is_empty() {
                break;
            }
            if !self.service.ollama.is_reachable(GREETING_LIMIT).await {
                let reason = "Ollama does not respond".to_owned();
                let away = Turned::OllamaAway { reason, queued };
                return Ok((away, self.timing.recheck));
            }
            let Some(permit) = self.permit().await else {
                break;
            };
            let Some(claim) = self.claim(&devices, rotation).await? else {
                break;
            };
            if let Outcome::OllamaAway(reason) = self.work_on(claim, permit).await {
                let away = Turned::OllamaAway { reason, queued };
                return Ok((away, self.timing.recheck));
            }
        }
        let next = self.database.run(STATEMENT_LIMIT, async |connection| {
            drives::next_due(connection, DriveState::Queued).await
        });
        let longest = self.timing.recheck;
        let next = next.await?.map_or(longest, |next| next.min(longest));
        Ok((Turned::Done, next))
    }

    /// Reports how many drives are queued and returns that.
    async fn report_length(&self) -> Result<u64, DatabaseError> {
        let queued = self.database.run(STATEMENT_LIMIT, async |connection| {
            drives::queue_length(connection).await
        });
        let queued = queued.await?;
        self.reporter.send(Report::DrivesWaiting(queued));
        Ok(queued)
    }

    /// The permit for the model once no request waits for it; nothing where the server stops first.
    async fn permit(&self) -> Option<Turn> {
        tokio::select! {
            biased;
            () = self.stopping.cancelled() => None,
            permit = self.admission.spare_turn() => Some(permit),
        }
    }

    /// A drive of the first of these devices that has one; nothing where other servers were faster.
    async fn claim(
        &self,
        devices: &[String],
        rotation: &mut Rotation,
    ) -> Result<Option<Claim>, DatabaseError> {
        for device in devices {
            let claimed = self
                .database
                .transaction(STATEMENT_LIMIT, async |transaction| {
                    drives::claim(transaction, device, &self.timing).await
                });
            rotation.served(device);
            if let Some(claim) = claimed.await? {
                return Ok(Some(claim));
            }
        }
        Ok(None)
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
        // New readings may have arrived in the meantime.
        self.wakeup.drives_due();
        outcome
    }
}
