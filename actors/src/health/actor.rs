//! The actor that knows how everything is.
//!
//! It owns the probes with a connection to the database of their own, and the journal. A probe that runs is shared by
//! all who ask meanwhile, and its findings by all who ask within the second after. Others report to it and never wait
//! for it; it reads the length of their queues and never waits for them.
//!
//! After a restart it probes anew with a fresh connection. What was reported to it stays: to forget failures would
//! be to call a server healthy that is not.

use std::path::PathBuf;
use std::time::Duration;

use actix::{
    Actor, ActorFutureExt as _, AsyncContext as _, Context, Handler, ResponseActFuture, Supervised,
    WrapFuture as _,
};
use chrono::NaiveDateTime;
use tokio::sync::watch;
use tokio::time::Instant;

use super::assess::{AnalysisFacts, BackupFacts, Facts, SyncFacts, assess};
use super::journal::Journal;
use super::messages::{CheckHealth, CollectMetrics, Health};
use super::metrics::{Metrics, Present};
use super::probes::{Findings, Probes, wanted_bytes};
use crate::admission::Admission;
use crate::clock;
use crate::database::{Database, DatabaseUrl};
use crate::ollama::Ollama;
use crate::report::Report;
use crate::supervise::{Drain, Supervision};

/// How long findings are good for.
const FRESH: Duration = Duration::from_secs(1);

const CLOSE_LIMIT: Duration = Duration::from_millis(500);

/// What a [`HealthActor`] is made of.
#[derive(Clone)]
pub struct HealthSettings {
    /// The database to look at.
    pub database: DatabaseUrl,
    /// The Ollama to look at.
    pub ollama: Ollama,
    /// The folder whose disk must not be full.
    pub backup_folder: PathBuf,
    /// The largest backup that is taken, in bytes.
    pub largest_backup_bytes: u64,
    /// Where work waits.
    pub queues: Queues,
    /// Counts the restarts.
    pub supervision: Supervision,
    /// When the server started.
    pub started: Instant,
}

/// The doors in front of the other actors.
#[derive(Clone, Debug)]
pub struct Queues {
    /// In front of the sync actor.
    pub batches: Admission,
    /// In front of the model.
    pub analyses: Admission,
    /// In front of the backup actor.
    pub uploads: Admission,
}

/// Probes, remembers and judges.
pub struct HealthActor {
    settings: HealthSettings,
    database: Database,
    probes: Probes,
    /// The probe that runs, or else the last one.
    probe: Option<watch::Receiver<Option<Findings>>>,
    memory: Memory,
}

/// What was reported. It outlives restarts.
#[derive(Default)]
struct Memory {
    journal: Journal,
    metrics: Metrics,
}

impl HealthActor {
    /// To be called on the runtime that the actor will live on.
    pub fn new(settings: HealthSettings) -> Self {
        Self::with_memory(settings, Memory::default())
    }

    fn with_memory(settings: HealthSettings, mut memory: Memory) -> Self {
        let database = Database::open(&settings.database, 1);
        memory.metrics.watch_pool("health", database.usage());
        let probes = Probes::new(
            database.clone(),
            settings.ollama.clone(),
            settings.backup_folder.clone(),
        );
        Self {
            settings,
            database,
            probes,
            probe: None,
            memory,
        }
    }

    /// The findings to come of the probe that runs, or those of one that has just ended.
    fn findings(&mut self, context: &mut Context<Self>) -> watch::Receiver<Option<Findings>> {
        if let Some(probe) = &self.probe
            && probe
                .borrow()
                .as_ref()
                .is_none_or(|findings| findings.ended.elapsed() < FRESH)
        {
            return probe.clone();
        }
        let (announcer, findings) = watch::channel(None);
        let probes = self.probes.clone();
        let probe = async move {
            announcer.send_replace(Some(probes.run().await));
        };
        context.spawn(probe.into_actor(self));
        self.probe = Some(findings.clone());
        findings
    }

    /// When a batch was last stored, as far as that is known without asking the database.
    fn last_sync(&self, now: NaiveDateTime) -> Option<NaiveDateTime> {
        let probe = self.probe.as_ref().map(watch::Receiver::borrow);
        let found = probe.and_then(|found| Some(found.as_ref()?.last_sync.as_ref()?.stored_at));
        self.memory.journal.batches(now).last_success.max(found)
    }

    fn facts(&self, findings: Findings) -> Facts {
        let now = clock::now();
        let (settings, queues) = (&self.settings, &self.settings.queues);
        let journal = &self.memory.journal;
        let mut batches = journal.batches(now);
        // The database remembers what came before the server's start.
        let stored_at = findings.last_sync.as_ref().map(|sync| sync.stored_at);
        batches.last_success = batches.last_success.max(stored_at);
        Facts {
            mysql_is_up: findings.mysql_is_up,
            ollama: findings.ollama,
            model: settings.ollama.model().to_owned(),
            last_sync: findings.last_sync,
            uptime: settings.started.elapsed(),
            sync: SyncFacts {
                record: batches,
                waiting: queues.batches.waiting(),
                failing_tables: journal.failing_tables(now),
            },
            analysis: AnalysisFacts {
                record: journal.analyses(now),
                waiting: queues.analyses.waiting(),
                drives_waiting: journal.drives_waiting(),
                growth: journal.drives_growth(now),
            },
            backup: BackupFacts {
                record: journal.backups(now),
                waiting: queues.uploads.waiting(),
                free_bytes: findings.free_bytes,
                wanted_bytes: wanted_bytes(settings.largest_backup_bytes),
            },
            restarts: settings.supervision.restarts(),
        }
    }
}

impl Actor for HealthActor {
    type Context = Context<Self>;
}

impl Supervised for HealthActor {
    fn restarting(&mut self, _: &mut Self::Context) {
        let memory = std::mem::take(&mut self.memory);
        *self = Self::with_memory(self.settings.clone(), memory);
    }
}

impl Handler<CheckHealth> for HealthActor {
    type Result = ResponseActFuture<Self, Health>;

    fn handle(&mut self, _: CheckHealth, context: &mut Self::Context) -> Self::Result {
        let mut findings = self.findings(context);
        let found = async move {
            let found = findings.wait_for(Option::is_some).await;
            found.ok().and_then(|found| found.clone())
        };
        Box::pin(found.into_actor(self).map(|found, actor, _| {
            let facts = actor.facts(found.unwrap_or_else(Findings::none));
            Health {
                verdict: assess(&facts),
                facts,
            }
        }))
    }
}

impl Handler<Report> for HealthActor {
    type Result = ();

    fn handle(&mut self, report: Report, _: &mut Self::Context) {
        self.memory.metrics.count(&report);
        self.memory.journal.enter(&report, clock::now());
    }
}

impl Handler<CollectMetrics> for HealthActor {
    type Result = String;

    fn handle(&mut self, _: CollectMetrics, _: &mut Self::Context) -> String {
        let now = clock::now();
        let Memory { journal, metrics } = &self.memory;
        metrics.text(&Present {
            queues: &self.settings.queues,
            drives_waiting: journal.drives_waiting(),
            restarts: self.settings.supervision.restarts(),
            failing_tables: journal.failing_tables(now).len(),
            last_successes: [
                ("sync", self.last_sync(now)),
                ("analysis", journal.analyses(now).last_success),
                ("backup", journal.backups(now).last_success),
            ],
        })
    }
}

impl Handler<Drain> for HealthActor {
    type Result = ResponseActFuture<Self, ()>;

    fn handle(&mut self, _: Drain, _: &mut Self::Context) -> Self::Result {
        let database = self.database.clone();
        Box::pin(async move { database.close(CLOSE_LIMIT).await }.into_actor(self))
    }
}

#[cfg(test)]
mod tests;
