//! Runs one analysis: reads figures from the database, asks the model, stores and reports the result.
//!
//! Requests and queued drives take the same path. The caller holds the permit, so that one analysis runs at a time.
//! An analysis that is dropped leaves a row `running` in the history, which is set to `failed` once it is old.

use std::cell::Cell;
use std::time::{Duration, Instant};

use mysql_async::Conn;

use super::STATEMENT_LIMIT;
use super::analysis_id::new_analysis_id;
use super::error::{AnalysisError, Interruption};
use super::messages::Analysis;
use super::prompt::{self, Drive, Vehicle};
use super::readings;
use super::recommendations::{self, Recommendation, answer_schema};
use super::statistics::DriveStatistics;
use super::subject::Subject;
use super::{history, results, vehicle};
use crate::database::{Database, DatabaseError};
use crate::ollama::tokens::Budget;
use crate::ollama::{Answer, Ollama, OllamaError, Question, Unusable};
use crate::report::{Report, Reporter};
use crate::runtime::blocking;
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
    pub reporter: Reporter,
}

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
        run.tell(&outcome);
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
        let Some(recommendations) = found else {
            return Ok(self.service.without_data(self.clock.elapsed()));
        };
        let analysis = Analysis {
            analysis_id: Some(self.id.clone()),
            recommendations,
            model: self.service.ollama.model().to_owned(),
            processing_time_ms: milliseconds(self.clock.elapsed()),
            message: None,
        };
        self.store(&analysis, is_still_ours).await?;
        Ok(analysis)
    }

    /// What the model recommends; nothing where there is no data.
    async fn find(&self) -> Result<Option<Vec<Recommendation>>, AnalysisError> {
        let (figures, vehicle) = self.read().await?;
        if figures.readings == 0 {
            return Ok(None);
        }
        let ollama = &self.service.ollama;
        if !ollama.is_reachable(GREETING_LIMIT).await {
            return Err(AnalysisError::unavailable(ollama, None));
        }
        self.begin().await?;
        let answer = self.ask(&figures, vehicle.as_ref()).await?;
        log::debug!(
            "model has answered analysis={} prompt_tokens={:?} answer_tokens={:?} load_ms={}",
            self.id,
            answer.prompt_tokens,
            answer.answer_tokens,
            answer.load_ms
        );
        let is_cut = answer.is_cut;
        let found =
            blocking(move || recommendations::read(&answer.text, &figures.parameters)).await;
        // Of a cut answer, whole recommendations count; without one it says nothing.
        if is_cut && found.as_ref().map_or(0, Vec::len) == 0 {
            return Err(AnalysisError::of_ollama(Unusable::CutAnswer.into(), ollama));
        }
        Ok(Some(found?))
    }

    async fn read(&self) -> Result<(DriveStatistics, Option<Vehicle>), DatabaseError> {
        let reading = self
            .service
            .database
            .run(READ_LIMIT, async |connection| {
                let tally = readings::tally(connection, self.subject).await?;
                let vehicle = vehicle::of_device(connection, &self.subject.device_id).await?;
                Ok((tally, vehicle))
            })
            .await;
        let (tally, vehicle) = reading?;
        let figures = blocking(move || tally.into_builder().finish()).await;
        Ok((figures, vehicle))
    }

    async fn begin(&self) -> Result<(), DatabaseError> {
        self.is_in_history.set(true);
        let model = self.service.ollama.model();
        let begin = async |connection: &mut Conn| {
            history::begin(connection, &self.id, self.subject, model).await
        };
        self.service.database.run(STATEMENT_LIMIT, begin).await
    }

    /// Asks the model; once more with half the figures where its own context is smaller than the one it was to have.
    async fn ask(
        &self,
        figures: &DriveStatistics,
        vehicle: Option<&Vehicle>,
    ) -> Result<Answer, AnalysisError> {
        let AnalysisService {
            ollama,
            budget,
            time_limit,
            ..
        } = self.service;
        let asked = Instant::now();
        let answer = match self
            .ask_within(*budget, figures, vehicle, *time_limit)
            .await
        {
            Err(OllamaError::Unusable(Unusable::CutPrompt { evaluated })) => {
                log::warn!(
                    "model has read a part of the prompt, it gets a shorter one analysis={} tokens={evaluated}",
                    self.id
                );
                let rest = time_limit.saturating_sub(asked.elapsed());
                let budget = budget.with_shorter_prompt();
                self.ask_within(budget, figures, vehicle, rest).await
            }
            answer => answer,
        };
        answer.map_err(|error| match error {
            // Of both attempts together.
            OllamaError::TimedOut { .. } => AnalysisError::TimedOut { limit: *time_limit },
            error => AnalysisError::of_ollama(error, ollama),
        })
    }

    async fn ask_within(
        &self,
        budget: Budget,
        figures: &DriveStatistics,
        vehicle: Option<&Vehicle>,
        limit: Duration,
    ) -> Result<Answer, OllamaError> {
        let drive = Drive {
            vehicle,
            start: self.subject.start,
            end: self.subject.end,
            statistics: figures,
            focus_areas: &self.subject.focus_areas,
        };
        let prompt = prompt::compose(&drive, budget);
        let question = Question {
            system: &prompt.system,
            user: &prompt.user,
            tokens: prompt.tokens,
            schema: &answer_schema(),
        };
        self.service.ollama.chat(&question, budget, limit).await
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
                if !is_still_ours(connection, &self.id).await? {
                    return Ok(false);
                }
                let found = &analysis.recommendations;
                results::store(connection, &self.id, self.subject, found, now).await?;
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
        self.subject.drive.is_some() && error.is_ollama_away() && !error.broke_off()
    }

    /// As well as can be: where the database is away, the row is set to `failed` when it is old.
    async fn record_failure(&self, error: &AnalysisError) {
        if !self.is_in_history.get() {
            return;
        }
        let never_began =
            self.subject.drive.is_some() && error.is_ollama_away() && !error.broke_off();
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
            let (id, cause) = (&self.id, causes(&error));
            log::warn!("failure is not recorded analysis={id} cause={cause:?}");
        }
    }

    /// One line in the log, and a report.
    fn tell(&self, outcome: &Result<Analysis, AnalysisError>) {
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
        self.service.reporter.tell(Report::Analysis {
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
