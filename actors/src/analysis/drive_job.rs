//! The analysis of one claimed drive: the claim is renewed while it runs, and ends in the transaction that stores the
//! result.

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::time::Duration;

use futures_util::FutureExt as _;
use mysql_async::Conn;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::STATEMENT_LIMIT;
use super::error::{AnalysisError, Interruption};
use super::history;
use super::messages::Analysis;
use super::service::AnalysisService;
use super::subject::Subject;
use crate::database::{Database, DatabaseError};
use crate::drives::{self, Claim, Counted, QueueTiming};
use crate::{causes, panic_message};

/// How long counting the readings may take.
const COUNT_LIMIT: Duration = Duration::from_secs(20);

/// A claimed drive.
pub(super) struct DriveJob<'a> {
    pub service: &'a AnalysisService,
    pub database: &'a Database,
    pub timing: QueueTiming,
    pub claim: Claim,
}

/// What the end of a job means for the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The job has ended, with or without a result.
    Ended,
    /// Ollama is away, for this reason: no drive can be analysed now.
    OllamaAway(String),
}

/// How a claim ends without a result.
enum End {
    /// No attempt: the drive waits for readings.
    NoReadings,
    /// No attempt: its readings are no longer stored.
    ReadingsGone,
    /// No attempt: the server stops, and another one may begin at once.
    Interrupted,
    /// No attempt: Ollama is away, for this reason.
    NotNow(String),
    /// No attempt, but an error that may be due to the drive: it is due again after a pause that grows.
    Postponed(String),
    /// A failed attempt.
    Failed(String),
    /// The claim has ended already, or is lost.
    None,
}

impl DriveJob<'_> {
    /// Analyses the drive; `stopping` is cancelled when the server stops.
    pub(super) async fn run(self, stopping: &CancellationToken) -> Outcome {
        // A panic fails this drive instead of the actor, which would claim the drive again after each restart.
        let analysis = AssertUnwindSafe(self.analyze(stopping))
            .catch_unwind()
            .await;
        let (end, outcome) = match analysis {
            Ok(Ok((analysis, _))) if analysis.analysis_id.is_some() => (End::None, Outcome::Ended),
            Ok(Ok((_, counted))) if counted.readings > 0 => (End::ReadingsGone, Outcome::Ended),
            Ok(Ok(_)) => (End::NoReadings, Outcome::Ended),
            Ok(Err(AnalysisError::Interrupted(Interruption::TakenOver))) => {
                (End::None, Outcome::Ended)
            }
            Ok(Err(AnalysisError::Interrupted(_))) => (End::Interrupted, Outcome::Ended),
            Ok(Err(AnalysisError::NoAnswer(answer))) if answer.error.is_ollama_away() => {
                let reason = answer.error.away_reason();
                let end = if answer.error.broke_off() {
                    End::Postponed(reason.clone())
                } else {
                    End::NotNow(reason.clone())
                };
                (end, Outcome::OllamaAway(reason))
            }
            Ok(Err(AnalysisError::Database(error))) if error.may_pass() => {
                (End::Postponed(error.to_string()), Outcome::Ended)
            }
            Ok(Err(error)) => (End::Failed(error.to_string()), Outcome::Ended),
            Err(panic) => {
                let message = panic_message(&*panic);
                log::error!(drive = self.claim.id, error = message; "analysis of a drive panicked");
                (
                    End::Failed("the analysis ended unexpectedly".to_owned()),
                    Outcome::Ended,
                )
            }
        };
        if let Err(error) = self.end(end).await {
            // Until the claim expires.
            log::warn!(drive = self.claim.id, error = causes(&error); "drive stays claimed");
        }
        outcome
    }

    /// Also returns the readings that were counted before.
    async fn analyze(
        &self,
        stopping: &CancellationToken,
    ) -> Result<(Analysis, Counted), AnalysisError> {
        let mut interruption = pin!(async {
            tokio::select! {
                () = stopping.cancelled() => Interruption::ServerStops,
                () = self.hold() => Interruption::TakenOver,
            }
        });
        let (subject, counted) = tokio::select! {
            biased;
            why = &mut interruption => return Err(AnalysisError::Interrupted(why)),
            subject = self.subject() => subject?,
        };
        let finish = async |connection: &mut Conn, analysis_id: &str| {
            drives::finish(connection, &self.claim, analysis_id, &counted).await
        };
        let analysis = self.service.analyze(subject, finish, interruption).await?;
        Ok((analysis, counted))
    }

    /// Renews the claim until it is lost.
    async fn hold(&self) {
        loop {
            sleep(self.timing.renewal).await;
            let renewed = self.database.run(STATEMENT_LIMIT, async |connection| {
                drives::renew(connection, &self.claim, &self.timing).await
            });
            match renewed.await {
                Ok(true) => {}
                Ok(false) => return,
                // Whether it is lost shows when the result is stored.
                Err(error) => log::debug!(error = causes(&error); "claim not renewed"),
            }
        }
    }

    async fn subject(&self) -> Result<(Subject, Counted), DatabaseError> {
        let prepared = self.database.run(COUNT_LIMIT, async |connection| {
            // Those of a server that crashed in the middle.
            history::fail_running_of_drive(connection, self.claim.id).await?;
            let counted = self.claim.readings.count(connection).await?;
            let profile_id = drives::profile(connection, &self.claim.readings).await?;
            Ok((counted, profile_id))
        });
        let (counted, profile_id) = prepared.await?;
        let readings = &self.claim.readings;
        let last = counted.last.unwrap_or(readings.start);
        let subject = Subject {
            device_id: readings.device_id.clone(),
            profile_id,
            drive: Some(self.claim.id),
            drive_id: readings.drive_id,
            is_queued: true,
            start: readings.start,
            end: readings.end.unwrap_or(last),
            part: readings.part(),
            parameters: None,
            focus_areas: Vec::new(),
        };
        Ok((subject, counted))
    }

    async fn end(&self, end: End) -> Result<(), DatabaseError> {
        let claim = &self.claim;
        // A transaction, which is retried where another node of a cluster has changed the drive meanwhile.
        let ended = self
            .database
            .transaction(STATEMENT_LIMIT, async |transaction| {
                let connection = transaction.connection().await?;
                match &end {
                    End::NoReadings => {
                        drives::give_back(connection, claim, self.timing.recheck, false, None).await
                    }
                    End::ReadingsGone => drives::end_without_readings(connection, claim).await,
                    End::Interrupted => {
                        drives::give_back(connection, claim, Duration::ZERO, true, None).await
                    }
                    End::NotNow(reason) => {
                        let pause = self.timing.recheck;
                        drives::give_back(connection, claim, pause, true, Some(reason)).await
                    }
                    End::Postponed(reason) => drives::postpone(connection, claim, reason).await,
                    End::Failed(reason) => drives::fail(connection, claim, reason).await,
                    End::None => Ok(true),
                }
            });
        ended.await.map(drop)
    }
}
