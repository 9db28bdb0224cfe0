//! The health actor: owns the probes, with a database connection of their own, and the journal.
//!
//! Concurrent health checks share one running probe, and its results are reused for a second. The other actors report
//! without waiting; the health actor reads the lengths of their queues and never waits for them.
//!
//! A restart opens a fresh connection and probes again. The journal is kept: forgetting failures would make an unhealthy
//! server look healthy.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use actix::{
    Actor, ActorFutureExt as _, AsyncContext as _, Context, Handler, ResponseActFuture, Supervised,
    WrapFuture as _,
};
use chrono::NaiveDateTime;
use tokio::sync::watch;
use tokio::time::Instant;

use super::assess::{AnalysisFacts, BackupFacts, Facts, SchemaFacts, SyncFacts, assess};
use super::connections::Connections;
use super::journal::Journal;
use super::messages::{CheckHealth, CollectMetrics, Health};
use super::metrics::{Gauges, Metrics};
use super::probes::{Disk, MysqlState, ProbeResults, Probes, wanted_bytes};
use super::queues::Queues;
use super::refused_clients::RefusedClients;
use crate::clock;
use crate::contacts::{self, DeviceContact};
use crate::database::{Database, DatabaseUrl};
use crate::ollama::Ollama;
use crate::report::Report;
use crate::schema;
use crate::supervise::{Drain, Supervision};

/// How long the results of a probe are reused.
const FRESH: Duration = Duration::from_secs(1);

/// The interval of the periodic probes.
const PROBE_INTERVAL: Duration = Duration::from_secs(30);

const CLOSE_LIMIT: Duration = Duration::from_millis(500);

/// Settings of the [`HealthActor`].
#[derive(Clone)]
pub struct HealthSettings {
    /// The database to probe.
    pub database: DatabaseUrl,
    /// The Ollama server to probe.
    pub ollama: Ollama,
    /// The folder whose disk is checked for free space.
    pub backup_folder: PathBuf,
    /// The service's own folder, if it has one.
    pub state_folder: Option<PathBuf>,
    /// The largest accepted backup, in bytes.
    pub largest_backup_bytes: u64,
    /// The queues whose lengths are reported.
    pub queues: Queues,
    /// Clients that the HTTP server refuses.
    pub refused_clients: RefusedClients,
    /// Open connections of clients.
    pub connections: Connections,
    /// Counts restarts of actors.
    pub supervision: Supervision,
    /// When the server started.
    pub started: Instant,
}

/// Probes the components, collects reports and assesses both.
pub struct HealthActor {
    settings: HealthSettings,
    database: Database,
    probes: Probes,
    /// The running probe, or else the last one.
    probe: Option<watch::Receiver<Option<ProbeResults>>>,
    /// What the last probe that ended found in the database.
    mysql: MysqlState,
    memory: Memory,
}

/// What the other actors reported. Survives restarts.
#[derive(Default)]
struct Memory {
    journal: Journal,
    metrics: Metrics,
}

impl HealthActor {
    /// Must be called on the runtime that will run the actor.
    pub fn new(settings: HealthSettings) -> Self {
        Self::with_memory(settings, Memory::default())
    }

    fn with_memory(settings: HealthSettings, mut memory: Memory) -> Self {
        let database = Database::open(&settings.database, 1);
        memory.metrics.watch_pool("health", database.usage());
        let probes = Probes::new(
            database.clone(),
            settings.ollama.clone(),
            Disk::new(
                settings.backup_folder.clone(),
                settings.state_folder.clone(),
            ),
        );
        Self {
            settings,
            database,
            probes,
            probe: None,
            mysql: MysqlState::default(),
            memory,
        }
    }

    /// The results of the running probe, or of one that ended less than [`FRESH`] ago; else starts a probe.
    fn probe_results(
        &mut self,
        context: &mut Context<Self>,
    ) -> watch::Receiver<Option<ProbeResults>> {
        if let Some(probe) = &self.probe
            && probe
                .borrow()
                .as_ref()
                .is_none_or(|results| results.ended.elapsed() < FRESH)
        {
            return probe.clone();
        }
        let (sender, results) = watch::channel(None);
        let probes = self.probes.clone();
        let probe = probes.run().into_actor(self);
        context.spawn(probe.map(move |found, actor, _| {
            actor.mysql = found.mysql.clone();
            sender.send_replace(Some(found));
        }));
        self.probe = Some(results.clone());
        results
    }

    /// The time of the last stored batch known without a query.
    fn last_sync(&self, now: NaiveDateTime) -> Option<NaiveDateTime> {
        let found = self.mysql.last_sync.as_ref().map(|sync| sync.stored_at);
        self.memory.journal.batches(now).last_success.max(found)
    }

    fn facts(&self, results: ProbeResults) -> Facts {
        let now = clock::now();
        let (settings, queues) = (&self.settings, &self.settings.queues);
        let journal = &self.memory.journal;
        let mut batches = journal.batches(now);
        // The database has the batches from before the server's start.
        let last_sync = results.mysql.last_sync.as_ref();
        batches.last_success = batches
            .last_success
            .max(last_sync.map(|sync| sync.stored_at));
        let silent = results.mysql.contacts.iter().filter_map(silence);
        Facts {
            schema: SchemaFacts {
                state: journal.schema().cloned(),
                latest_version: schema::latest_version(),
            },
            ollama: results.ollama,
            model: settings.ollama.model().to_owned(),
            uptime: settings.started.elapsed(),
            sync: SyncFacts {
                record: batches,
                waiting: queues.batches.waiting(),
                failing_tables: journal.failing_tables(now),
                notes: journal.notes(now).into_iter().chain(silent).collect(),
            },
            analysis: AnalysisFacts {
                record: journal.analyses(now),
                waiting: queues.analyses.waiting(),
                drives_waiting: journal.drives_waiting(),
                growth: journal.drives_growth(now),
                queue_blocked: journal.queue_blocked().map(str::to_owned),
                stuck_drives: journal.stuck_drives().to_vec(),
            },
            backup: BackupFacts {
                record: journal.backups(now),
                waiting: queues.uploads.waiting(),
                free_bytes: results.free_bytes,
                write_error: results.write_error,
                damaged: journal.damaged_backups().clone(),
                notes: journal.backup_notes(now),
                wanted_bytes: wanted_bytes(settings.largest_backup_bytes),
            },
            restarts: settings.supervision.restarts(),
            refused_clients: settings.refused_clients.list(now),
            full_connections: settings.connections.full(std::time::Instant::now()),
            mysql: results.mysql,
        }
    }
}

/// A note about a device that makes no contact any more.
fn silence(contact: &DeviceContact) -> Option<String> {
    let usual = contact.usual_interval.filter(|_| contact.is_silent)?;
    Some(format!(
        "{} has been silent since {}; it usually makes contact every {}.",
        contact.device_id,
        contact.last_contact_at.format("%Y-%m-%dT%H:%M:%S"),
        contacts::interval(usual)
    ))
}

impl Actor for HealthActor {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        // The metrics show what the last probe found.
        context.run_interval(PROBE_INTERVAL, |actor, context| {
            actor.probe_results(context);
        });
    }
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
        let mut results = self.probe_results(context);
        let found = async move {
            let found = results.wait_for(Option::is_some).await;
            found.ok().and_then(|found| found.clone())
        };
        Box::pin(found.into_actor(self).map(|found, actor, _| {
            let facts = actor.facts(found.unwrap_or_else(ProbeResults::none));
            Health {
                assessment: assess(&facts),
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
    type Result = Result<String, fmt::Error>;

    fn handle(&mut self, _: CollectMetrics, _: &mut Self::Context) -> Self::Result {
        let now = clock::now();
        let Memory { journal, metrics } = &self.memory;
        let queues = &self.settings.queues;
        let drives = journal.drives_waiting().map(usize::try_from);
        metrics.text(&Gauges {
            queue_lengths: [
                ("batches", Some(queues.batches.waiting())),
                ("analyses", Some(queues.analyses.waiting())),
                ("uploads", Some(queues.uploads.waiting())),
                ("drives", drives.map(|drives| drives.unwrap_or(usize::MAX))),
            ],
            analysis_running: queues.analyses.running() > 0,
            restarts: self.settings.supervision.restarts(),
            failing_tables: journal.failing_tables(now).len(),
            contacts: &self.mysql.contacts,
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
