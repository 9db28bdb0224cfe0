//! Runs one analysis: diagnoses stored readings, asks the model, stores and reports the result.
//!
//! Requests and queued drives take the same path. The caller holds the permit, so that one analysis runs at a time.
//! An analysis that is dropped leaves a row `running` in the history, which is set to `failed` once it is old.

use std::cell::Cell;
use std::time::{Duration, Instant};

use mysql_async::Conn;

use super::STATEMENT_LIMIT;
use super::analysis_id::new_analysis_id;
use super::asking::Asking;
use super::compute::{Computed, Target, compute};
use super::device_events::{self, DeviceEvents};
use super::error::{AnalysisError, Interruption};
use super::messages::Analysis;
use super::model_error::{ModelError, NoAnswer};
use super::recommendations::Recommendation;
use super::subject::Subject;
use super::{history, results};
use crate::database::{Database, DatabaseError};
use crate::diagnosis::{self, Finding};
use crate::ollama::Ollama;
use crate::ollama::tokens::Budget;
use crate::report::{Report, Reporter};
use crate::{causes, clock};

/// How long reading may take: a long drive on a slow disk has many rows.
const READ_LIMIT: Duration = Duration::from_secs(30);

/// How long storing may take, with all its attempts.
const STORE_LIMIT: Duration = Duration::from_secs(15);

/// How long Ollama may take to say anything, before it counts as away.
const GREETING_LIMIT: Duration = Duration::from_secs(5);

const NO_DATA: &str = "No drive data found for the specified time window";

/// What analyses are done with. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct AnalysisService {
    pub database: Database,
    pub ollama: Ollama,
    /// How the model's context is divided.
    pub budget: Budget,
    /// How long the model may take.
    pub time_limit: Duration,
    /// Thresholds and vehicle facts of the diagnosis.
    pub diagnosis: diagnosis::Settings,
    pub reporter: Reporter,
}

type Found = (Vec<Finding>, Vec<Recommendation>);

impl AnalysisService {
    /// Analyses a subject, records the outcome, and reports it.
    ///
    /// `is_still_ours` is asked in the transaction that stores the result, with the analysis's id, and may do a part
    /// of its own in it; `false` leaves nothing stored. `interruption` ends the work before its time, but never while
    /// its result is being stored.
    pub(super) async fn analyze(
        &self,
        subject: Subject,
        is_still_ours: impl AsyncFnMut(&mut Conn, &str) -> Result<bool, DatabaseError>,
        interruption: impl Future<Output = Interruption>,
    ) -> Result<Analysis, AnalysisError> {
        let run = Run {
            service: self,
            subject: &subject,
            id: new_analysis_id(clock::now()),
            clock: Instant::now(),
            is_in_history: Cell::new(false),
        };
        let outcome = run.work(is_still_ours, interruption).await;
        if let Err(error) = &outcome {
            run.record_failure(error).await;
        }
        run.report(&outcome);
        outcome
    }

    /// The longest that an analysis can stand as `running`, with time to spare.
    pub(super) fn longest_run(&self) -> Duration {
        self.time_limit + STORE_LIMIT + Duration::from_secs(45)
    }

    /// The result where there was nothing to analyse.
    pub(super) fn without_data(&self, took: Duration) -> Analysis {
        Analysis {
            analysis_id: None,
            findings: Vec::new(),
            recommendations: Vec::new(),
            model: self.ollama.model().to_owned(),
            processing_time_ms: milliseconds(took),
            message: Some(NO_DATA.to_owned()),
        }
    }
}

/// One analysis under way.
struct Run<'a> {
    service: &'a AnalysisService,
    subject: &'a Subject,
    id: String,
    clock: Instant,
    /// Whether there may be a row that says `running`.
    is_in_history: Cell<bool>,
}

impl Run<'_> {
    async fn work(
        &self,
        is_still_ours: impl AsyncFnMut(&mut Conn, &str) -> Result<bool, DatabaseError>,
        interruption: impl Future<Output = Interruption>,
    ) -> Result<Analysis, AnalysisError> {
        let found = tokio::select! {
            biased;
            why = interruption => return Err(AnalysisError::Interrupted(why)),
            found = self.find() => found?,
        };
        let Some((findings, recommendations)) = found else {
            return Ok(self.service.without_data(self.clock.elapsed()));
        };
        let analysis = Analysis {
            analysis_id: Some(self.id.clone()),
            findings,
            recommendations,
            model: self.service.ollama.model().to_owned(),
            processing_time_ms: milliseconds(self.clock.elapsed()),
            message: None,
        };
        self.store(&analysis, is_still_ours).await?;
        Ok(analysis)
    }

    /// The findings, and what the model recommends; nothing where there is no data.
    async fn find(&self) -> Result<Option<Found>, AnalysisError> {
        let (computed, events) = self.read().await?;
        if computed.readings == 0 {
            return Ok(None);
        }
        let findings = &computed.diagnosis.findings;
        let no_answer = |error| NoAnswer {
            error,
            findings: findings.clone(),
        };
        let ollama = &self.service.ollama;
        if !ollama.is_reachable(GREETING_LIMIT).await {
            return Err(no_answer(ModelError::unavailable(ollama, None)).into());
        }
        self.begin(findings).await?;
        let asking = Asking {
            service: self.service,
            subject: self.subject,
            computed: &computed,
            events: &events,
            id: &self.id,
        };
        let recommendations = asking.recommend().await.map_err(no_answer)?;
        Ok(Some((computed.diagnosis.findings, recommendations)))
    }

    async fn read(&self) -> Result<(Computed, DeviceEvents), DatabaseError> {
        let settings = &self.service.diagnosis;
        let target = Target::subject(self.subject);
        let reading = Box::pin(self.service.database.run(READ_LIMIT, async |connection| {
            let computed = compute(connection, settings, &target).await?;
            let events = device_events::of_subject(connection, self.subject).await?;
            Ok((computed, events))
        }));
        reading.await
    }

    async fn begin(&self, findings: &[Finding]) -> Result<(), DatabaseError> {
        self.is_in_history.set(true);
        let model = self.service.ollama.model();
        let begin = async |connection: &mut Conn| {
            history::begin(connection, &self.id, self.subject, model, findings).await
        };
        self.service.database.run(STATEMENT_LIMIT, begin).await
    }

    async fn store(
        &self,
        analysis: &Analysis,
        mut is_still_ours: impl AsyncFnMut(&mut Conn, &str) -> Result<bool, DatabaseError>,
    ) -> Result<(), AnalysisError> {
        let now = clock::now();
        let storing = self
            .service
            .database
            .transaction(STORE_LIMIT, async |transaction| {
                let connection = transaction.connection().await?;
                let profile = results::lock_profile(connection, self.subject).await?;
                if !is_still_ours(connection, &self.id).await? {
                    return Ok(false);
                }
                let found = &analysis.recommendations;
                results::store(connection, &self.id, self.subject, profile, found, now).await?;
                history::succeed(connection, &self.id, analysis.processing_time_ms).await?;
                Ok(true)
            });
        if storing.await? {
            Ok(())
        } else {
            Err(AnalysisError::Interrupted(Interruption::TakenOver))
        }
    }

    /// Whether a queued drive only waits for Ollama: nothing of the attempt is kept.
    fn never_began(&self, error: &AnalysisError) -> bool {
        self.subject.is_queued && error.is_ollama_away() && !error.broke_off()
    }

    /// As well as can be: where the database is away, the row is set to `failed` when it is old.
    async fn record_failure(&self, error: &AnalysisError) {
        if !self.is_in_history.get() {
            return;
        }
        let never_began = self.never_began(error);
        let (took_ms, error) = (milliseconds(self.clock.elapsed()), error.to_string());
        let fail = async |connection: &mut Conn| {
            if never_began {
                history::forget(connection, &self.id).await
            } else {
                history::fail(connection, &self.id, took_ms, &error).await
            }
        };
        let recorded = self.service.database.run(STATEMENT_LIMIT, fail).await;
        if let Err(error) = recorded {
            log::warn!(analysis = self.id, error = causes(&error); "failed analysis not recorded");
        }
    }

    /// One line in the log, and a report.
    fn report(&self, outcome: &Result<Analysis, AnalysisError>) {
        let took = self.clock.elapsed();
        let Subject {
            device_id,
            start,
            end,
            ..
        } = self.subject;
        let (analysis, took_ms) = (&self.id, took.as_millis());
        let outcome = match outcome {
            Ok(Analysis {
                analysis_id: None, ..
            }) => {
                log::info!(analysis, device = device_id, start:?, end:?, took_ms; "no readings to analyse");
                return;
            }
            Ok(done) => {
                let (recommendations, model) = (done.recommendations.len(), &done.model);
                log::info!(
                    analysis, device = device_id, start:?, end:?, took_ms, recommendations, model;
                    "drive analysed"
                );
                Ok(())
            }
            Err(AnalysisError::Interrupted(why)) => {
                log::info!(analysis, device = device_id, start:?, end:?, took_ms, error:% = why; "analysis interrupted");
                return;
            }
            Err(error) if self.never_began(error) => {
                // The queue logs and reports it once for all drives.
                log::debug!(analysis, device = device_id, error = causes(error); "drive not analysed");
                return;
            }
            Err(error) => {
                let level = if error.is_ollama_away() {
                    log::Level::Warn
                } else {
                    log::Level::Error
                };
                log::log!(
                    level, analysis, device = device_id, start:?, end:?, took_ms, error = causes(error);
                    "drive not analysed"
                );
                Err(error.to_string())
            }
        };
        self.service.reporter.send(Report::Analysis {
            device_id: Some(device_id.clone()),
            outcome,
            took,
        });
    }
}

/// Rounded up: what was done took time.
fn milliseconds(took: Duration) -> u64 {
    u64::try_from(took.as_micros().div_ceil(1000).max(1)).unwrap_or(u64::MAX)
}
