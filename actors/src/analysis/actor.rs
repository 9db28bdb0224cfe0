//! The actor that analyses drives. It owns its connections to the database and the client of the model.
//!
//! One analysis runs at a time: permits for the model are taken before a message is sent. After a restart the actor
//! begins with fresh connections; what was running is lost, and its requester gets an error.

mod lookups;

pub use lookups::find_drive;

use std::time::Duration;

use actix::{
    Actor, AsyncContext as _, Context, Handler, ResponseActFuture, Supervised, WrapFuture as _,
};
use tokio_util::sync::CancellationToken;

use super::STATEMENT_LIMIT;
use super::diagnosing::DiagnosisWorker;
use super::drive_checker::DriveChecker;
use super::drive_queue::DriveQueue;
use super::error::AnalysisError;
use super::messages::{Analysis, Analyze, StopAnalyzing};
use super::service::AnalysisService;
use super::wakeup::Wakeup;
use super::{history, request};
use crate::admission::Admission;
use crate::causes;
use crate::database::{Database, DatabaseUrl};
use crate::diagnosis;
use crate::drives::{DrivesChanged, QueueTiming};
use crate::ollama::Ollama;
use crate::ollama::tokens::Budget;
use crate::report::{Report, Reporter};
use crate::supervise::Drain;

/// How many requests read analyses at the same time, and how many more may wait.
const LOOKUPS: usize = 2;
const WAITING_LOOKUPS: usize = 64;

/// Beside the lookups, one each for the analysis, the queue of drives, its checker, the renewal of a claim, tidying, and
/// diagnoses.
const CONNECTIONS: usize = LOOKUPS + 6;

/// Ollama is away when it does not respond to a batch within this time.
const GREETING_LIMIT: Duration = Duration::from_secs(2);

/// How often analyses that a crashed server left behind are marked as failed.
const TIDY_INTERVAL: Duration = Duration::from_mins(1);

/// The time limit of closing connections at the end.
const CLOSE_LIMIT: Duration = Duration::from_secs(1);

/// What an [`AnalysisActor`] is made of, now and after each restart.
#[derive(Clone, Debug)]
pub struct AnalysisSettings {
    /// Holds readings and results.
    pub database: DatabaseUrl,
    /// Has the model.
    pub ollama: Ollama,
    /// The context that the model is loaded with, in tokens.
    pub num_ctx: u32,
    /// How long the model may take for one analysis.
    pub time_limit: Duration,
    /// Permits for the model; closed at the end.
    pub admission: Admission,
    /// The intervals of the queue of drives.
    pub timing: QueueTiming,
    /// Thresholds and vehicle facts of the computed diagnosis.
    pub diagnosis: diagnosis::Settings,
    /// Receives the outcome of every analysis.
    pub reporter: Reporter,
}

/// Analyses drives and lists earlier analyses.
#[derive(Debug)]
pub struct AnalysisActor {
    settings: AnalysisSettings,
    database: Database,
    service: AnalysisService,
    /// Wakes the background tasks up.
    wakeup: Wakeup,
    /// Cancelled when the server stops.
    stopping: CancellationToken,
}

/// Permits for requests that read analyses.
pub fn lookup_admission() -> Admission {
    Admission::new(LOOKUPS, WAITING_LOOKUPS)
}

impl AnalysisActor {
    /// To be called on the runtime that the actor will live on.
    pub fn new(settings: AnalysisSettings) -> Self {
        let database = Database::open(&settings.database, CONNECTIONS);
        let service = AnalysisService {
            database: database.clone(),
            ollama: settings.ollama.clone(),
            budget: Budget::of(settings.num_ctx),
            time_limit: settings.time_limit,
            diagnosis: settings.diagnosis.clone(),
            reporter: settings.reporter.clone(),
        };
        Self {
            settings,
            database,
            service,
            wakeup: Wakeup::default(),
            stopping: CancellationToken::new(),
        }
    }

    fn checker(&self) -> DriveChecker {
        DriveChecker {
            database: self.database.clone(),
            timing: self.settings.timing,
            reporter: self.settings.reporter.clone(),
            wakeup: self.wakeup.clone(),
            stopping: self.stopping.clone(),
        }
    }

    fn queue(&self) -> DriveQueue {
        DriveQueue {
            service: self.service.clone(),
            database: self.database.clone(),
            admission: self.settings.admission.clone(),
            timing: self.settings.timing,
            reporter: self.settings.reporter.clone(),
            wakeup: self.wakeup.clone(),
            stopping: self.stopping.clone(),
        }
    }

    fn diagnoses(&self) -> DiagnosisWorker {
        DiagnosisWorker {
            database: self.database.clone(),
            settings: self.settings.diagnosis.clone(),
            silence: self.settings.timing.silence,
            wakeup: self.wakeup.clone(),
            stopping: self.stopping.clone(),
        }
    }

    fn tidy(&self) -> impl Future<Output = ()> + use<> {
        let (database, longest) = (self.database.clone(), self.service.longest_run());
        async move {
            let failed = database.run(STATEMENT_LIMIT, async |connection| {
                history::fail_abandoned(connection, longest).await
            });
            match failed.await {
                Ok(0) => {}
                Ok(count) => log::warn!(analyses = count; "abandoned analyses marked as failed"),
                // The schema may not exist yet; an unreachable database is reported by its users.
                Err(error) => log::debug!(error = causes(&error); "analysis history not tidied"),
            }
        }
    }
}

impl Actor for AnalysisActor {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        self.settings.reporter.send(Report::Pool {
            actor: "analysis",
            usage: self.database.usage(),
        });
        context.spawn(self.tidy().into_actor(self));
        context.spawn(self.checker().run().into_actor(self));
        context.spawn(self.queue().run().into_actor(self));
        context.spawn(self.diagnoses().run().into_actor(self));
        context.run_interval(TIDY_INTERVAL, |actor, context| {
            context.spawn(actor.tidy().into_actor(actor));
        });
    }
}

impl Supervised for AnalysisActor {
    fn restarting(&mut self, _: &mut Self::Context) {
        *self = Self::new(self.settings.clone());
    }
}

impl Handler<Analyze> for AnalysisActor {
    type Result = ResponseActFuture<Self, Result<Analysis, AnalysisError>>;

    fn handle(&mut self, message: Analyze, _: &mut Self::Context) -> Self::Result {
        let (service, stopping) = (self.service.clone(), self.stopping.clone());
        let answer = request::answer(service, message, self.settings.timing.silence, stopping);
        Box::pin(answer.into_actor(self))
    }
}

impl Handler<DrivesChanged> for AnalysisActor {
    type Result = ResponseActFuture<Self, bool>;

    fn handle(&mut self, news: DrivesChanged, _: &mut Self::Context) -> Self::Result {
        let (ollama, wakeup) = (self.settings.ollama.clone(), self.wakeup.clone());
        let told = async move {
            let DrivesChanged { ready } = news;
            if ready == 0 {
                wakeup.drives_changed();
                return false;
            }
            wakeup.drives_ready();
            let is_reachable = ollama.is_reachable(GREETING_LIMIT).await;
            if is_reachable {
                wakeup.drives_queued();
            } else {
                log::warn!(drives = ready; "Auto-analysis skipped: Ollama unavailable");
            }
            is_reachable
        };
        Box::pin(told.into_actor(self))
    }
}

impl Handler<StopAnalyzing> for AnalysisActor {
    type Result = ();

    fn handle(&mut self, _: StopAnalyzing, _: &mut Self::Context) {
        self.stopping.cancel();
    }
}

impl Handler<Drain> for AnalysisActor {
    type Result = ResponseActFuture<Self, ()>;

    fn handle(&mut self, _: Drain, _: &mut Self::Context) -> Self::Result {
        self.stopping.cancel();
        let (admission, database) = (self.settings.admission.clone(), self.database.clone());
        let drained = async move {
            admission.drained().await;
            database.close(CLOSE_LIMIT).await;
        };
        Box::pin(drained.into_actor(self))
    }
}
