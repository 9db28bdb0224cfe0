//! Works off the queue of drives, beside the requests that somebody waits for: whenever nobody does.
//!
//! It looks at the queue when it is told to, when something in it becomes due, and every [`Pace::look_again`] at the
//! latest. Every error leaves the drives in their table, so the next look finds them again.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep_until};

use super::STATEMENT_LIMIT;
use super::analyst::Analyst;
use super::drive_job::{DriveJob, Outcome};
use crate::admission::{Admission, Turn};
use crate::causes;
use crate::database::{Database, DatabaseError};
use crate::drives::{self, Claim, Pace};
use crate::report::{Report, Reporter};

/// How long a look at a drive may take, its readings counted.
const LOOK_LIMIT: Duration = Duration::from_secs(20);

/// How long Ollama may take to say anything, before it counts as away.
const GREETING_LIMIT: Duration = Duration::from_secs(2);

/// The shortest pause between two looks that nobody has asked for.
const SHORTEST_PAUSE: Duration = Duration::from_millis(500);

/// The pause after the database has failed.
const PAUSE_AFTER_ERROR: Duration = Duration::from_secs(2);

/// Tells a [`DriveQueue`] to look.
#[derive(Clone, Debug, Default)]
pub(super) struct Bell {
    ready: Arc<Notify>,
    changed: Arc<Notify>,
}

impl Bell {
    /// Drives are ready.
    pub(super) fn ring(&self) {
        self.ready.notify_one();
    }

    /// Drives have changed, and are quiet in a while.
    pub(super) fn mention(&self) {
        self.changed.notify_one();
    }
}

/// The queue as one server works it off.
pub(super) struct DriveQueue {
    pub analyst: Analyst,
    pub database: Database,
    /// The door in front of the model.
    pub admission: Admission,
    pub pace: Pace,
    pub reporter: Reporter,
    pub bell: Bell,
    /// Turns true when the server is to stop.
    pub stopping: watch::Receiver<bool>,
}

impl DriveQueue {
    /// Goes on until the server is to stop.
    pub(super) async fn work_off(self) {
        let mut is_known_away = false;
        let mut stopping = self.stopping.clone();
        while !*stopping.borrow() {
            let pause = match self.round().await {
                Ok(Round::Done(pause)) => {
                    is_known_away = false;
                    pause
                }
                Ok(Round::OllamaAway { queued }) => {
                    // Once, until it is back.
                    if !is_known_away {
                        log::warn!("Auto-analysis skipped: Ollama unavailable drives={queued}");
                    }
                    is_known_away = true;
                    self.pace.look_again
                }
                Err(error) => {
                    // The schema may not be there yet; a database that is away is told of by others.
                    log::debug!("queue is not looked at cause={:?}", causes(&error));
                    PAUSE_AFTER_ERROR
                }
            };
            tokio::select! {
                _ = stopping.wait_for(|stopping| *stopping) => {}
                () = self.rest(pause) => {}
            }
        }
    }

    /// Waits for the end of a pause, or for news that make it shorter.
    async fn rest(&self, pause: Duration) {
        let mut end = Instant::now() + pause.clamp(SHORTEST_PAUSE, self.pace.look_again);
        loop {
            tokio::select! {
                () = sleep_until(end) => return,
                () = self.bell.ready.notified() => return,
                () = self.bell.changed.notified() => {
                    end = end.min(Instant::now() + self.pace.quiet.max(SHORTEST_PAUSE));
                }
            }
        }
    }

    /// Does all that is due.
    async fn round(&self) -> Result<Round, DatabaseError> {
        self.look_at_all().await?;
        loop {
            let queued = self.tell_length().await?;
            if queued == 0 {
                break;
            }
            if !self.analyst.ollama.is_reachable(GREETING_LIMIT).await {
                return Ok(Round::OllamaAway { queued });
            }
            let Some(turn) = self.turn().await else {
                break;
            };
            let Some(claim) = self.claim().await? else {
                break;
            };
            if self.work_on(claim, turn).await == Outcome::OllamaAway {
                return Ok(Round::OllamaAway { queued });
            }
            // Meanwhile others have come, or become quiet.
            self.look_at_all().await?;
        }
        let next = self.database.run(STATEMENT_LIMIT, async |connection| {
            drives::next_look(connection).await
        });
        Ok(Round::Done(next.await?))
    }

    /// Looks at every drive that is due for it, and at those of servers that have ended.
    async fn look_at_all(&self) -> Result<(), DatabaseError> {
        let expired = self.database.run(STATEMENT_LIMIT, async |connection| {
            drives::expire_leases(connection).await
        });
        let expired = expired.await?;
        if expired > 0 {
            log::warn!("drives are queued again, as their server has ended drives={expired}");
        }
        loop {
            let looked = self.database.run(LOOK_LIMIT, async |connection| {
                drives::look(connection, &self.pace).await
            });
            match looked.await? {
                None => return Ok(()),
                Some(judgement) => log::debug!("drive is looked at judgement={judgement:?}"),
            }
        }
    }

    /// How many drives are queued.
    async fn tell_length(&self) -> Result<u64, DatabaseError> {
        let (waiting, due) = self
            .database
            .run(STATEMENT_LIMIT, async |connection| {
                drives::queue_length(connection).await
            })
            .await?;
        self.reporter.tell(Report::DrivesWaiting(waiting));
        Ok(due)
    }

    /// The model, when nobody waits for it; nothing where the server is to stop first.
    async fn turn(&self) -> Option<Turn> {
        let mut stopping = self.stopping.clone();
        tokio::select! {
            biased;
            _ = stopping.wait_for(|stopping| *stopping) => None,
            turn = self.admission.spare_turn() => Some(turn),
        }
    }

    async fn claim(&self) -> Result<Option<Claim>, DatabaseError> {
        self.database
            .transaction(STATEMENT_LIMIT, async |transaction| {
                drives::claim(transaction, &self.pace).await
            })
            .await
    }

    async fn work_on(&self, claim: Claim, turn: Turn) -> Outcome {
        let job = DriveJob {
            analyst: &self.analyst,
            database: &self.database,
            pace: self.pace,
            claim,
        };
        let outcome = job.run(self.stopping.clone()).await;
        // Only now: whoever drains the door knows that the drive is given back.
        drop(turn);
        outcome
    }
}

/// How a round has ended.
enum Round {
    /// With nothing left to do for so long.
    Done(Duration),
    /// Without the model, which so many drives want.
    OllamaAway { queued: u64 },
}
