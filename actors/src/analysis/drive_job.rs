//! The analysis of one drive that was claimed: held while it runs, and ended in the transaction that stores its result.

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::time::Duration;

use futures_util::FutureExt as _;
use mysql_async::Conn;
use mysql_async::prelude::Queryable as _;
use tokio::sync::watch;
use tokio::time::sleep;

use super::STATEMENT_LIMIT;
use super::analyst::Analyst;
use super::error::{AnalysisError, Interruption};
use super::history;
use super::messages::Analysis;
use super::subject::{Part, Subject};
use crate::database::{Database, DatabaseError};
use crate::drives::{self, Claim, Counted, Pace};
use crate::{causes, panic_message};

/// How long counting the readings may take.
const COUNT_LIMIT: Duration = Duration::from_secs(20);

/// A claimed drive.
pub(super) struct DriveJob<'a> {
    pub analyst: &'a Analyst,
    pub database: &'a Database,
    pub pace: Pace,
    pub claim: Claim,
}

/// What a job means for the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It is over, one way or the other.
    Ended,
    /// The model cannot be asked now, for no drive.
    OllamaAway,
}

/// How a claim ends that has not ended with the result.
enum End {
    /// With no attempt: it waits for readings.
    NoReadings,
    /// With no attempt: it is to be analysed, after this pause.
    NotNow(Duration),
    /// With a failed attempt.
    Failed(String),
    /// It has ended already, or is no longer ours.
    None,
}

impl DriveJob<'_> {
    /// Analyses the drive; `stopping` turns true when the server is to stop.
    pub(super) async fn run(self, stopping: watch::Receiver<bool>) -> Outcome {
        // A drive that makes the analysis panic shall fail, and not take the actor along again and again.
        let analysis = AssertUnwindSafe(self.analyze(stopping))
            .catch_unwind()
            .await;
        let (end, outcome) = match analysis {
            Ok(Ok(analysis)) if analysis.analysis_id.is_some() => (End::None, Outcome::Ended),
            Ok(Ok(_)) => (End::NoReadings, Outcome::Ended),
            Ok(Err(AnalysisError::Interrupted(Interruption::TakenOver))) => {
                (End::None, Outcome::Ended)
            }
            Ok(Err(AnalysisError::Interrupted(_))) => (End::NotNow(Duration::ZERO), Outcome::Ended),
            Ok(Err(AnalysisError::OllamaUnavailable { .. })) => {
                (End::NotNow(self.pace.look_again), Outcome::OllamaAway)
            }
            Ok(Err(AnalysisError::Database(error))) if error.may_pass() => {
                (End::NotNow(self.pace.look_again), Outcome::Ended)
            }
            Ok(Err(error)) => (End::Failed(error.to_string()), Outcome::Ended),
            Err(panic) => {
                let told = panic_message(&*panic);
                log::error!(
                    "analysis of a drive has panicked drive={} cause={told:?}",
                    self.claim.id
                );
                (
                    End::Failed("the analysis ended unexpectedly".to_owned()),
                    Outcome::Ended,
                )
            }
        };
        if let Err(error) = self.end(end).await {
            // Its lease ends it.
            log::warn!(
                "drive is not given back drive={} cause={:?}",
                self.claim.id,
                causes(&error)
            );
        }
        outcome
    }

    async fn analyze(
        &self,
        mut stopping: watch::Receiver<bool>,
    ) -> Result<Analysis, AnalysisError> {
        let mut interruption = pin!(async {
            tokio::select! {
                _ = stopping.wait_for(|stopping| *stopping) => Interruption::ServerStops,
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
        self.analyst.analyze(subject, finish, interruption).await
    }

    /// Renews the claim until it is lost.
    async fn hold(&self) {
        loop {
            sleep(self.pace.lease / 3).await;
            let renewed = self.database.run(STATEMENT_LIMIT, async |connection| {
                drives::renew(connection, &self.claim, &self.pace).await
            });
            match renewed.await {
                Ok(true) => {}
                Ok(false) => return,
                // Whose drive it is shows when the result is stored.
                Err(error) => log::debug!("claim is not renewed cause={:?}", causes(&error)),
            }
        }
    }

    async fn subject(&self) -> Result<(Subject, Counted), DatabaseError> {
        let prepared = self.database.run(COUNT_LIMIT, async |connection| {
            // Those of a server that has ended in the middle.
            history::fail_running_of_drive(connection, self.claim.id).await?;
            let counted = drives::count(connection, &self.claim.readings).await?;
            Ok((counted, profile(connection, counted.profile).await?))
        });
        let (counted, profile_id) = prepared.await?;
        let readings = &self.claim.readings;
        let last = counted.last.unwrap_or(readings.start);
        let subject = Subject {
            device_id: readings.device_id.clone(),
            profile_id,
            drive: Some(self.claim.id),
            start: readings.start,
            end: readings.end.unwrap_or(last),
            parts: readings.parts().into_iter().map(Part::from).collect(),
            parameters: None,
            focus_areas: Vec::new(),
        };
        Ok((subject, counted))
    }

    async fn end(&self, end: End) -> Result<(), DatabaseError> {
        let claim = &self.claim;
        let ended = self
            .database
            .run(STATEMENT_LIMIT, async |connection| match &end {
                End::NoReadings => {
                    drives::give_back(connection, claim, self.pace.look_again, false).await
                }
                End::NotNow(pause) => drives::give_back(connection, claim, *pause, true).await,
                End::Failed(reason) => drives::fail(connection, claim, reason).await,
                End::None => Ok(true),
            });
        ended.await.map(drop)
    }
}

impl From<drives::Part> for Part {
    fn from(part: drives::Part) -> Self {
        Self {
            from_where: part.from_where,
            values: part.values,
            order_by: part.order_by,
        }
    }
}

/// The device's own id of a profile.
async fn profile(connection: &mut Conn, id: Option<i64>) -> Result<Option<String>, DatabaseError> {
    let query = "SELECT source_id FROM profiles WHERE id = ?";
    Ok(connection.exec_first(query, (id,)).await?)
}
