//! The actors' metrics, for Prometheus.
//!
//! Reports increment counters and histograms; gauges are set when the metrics are collected. Label values are bounded:
//! tables, actors, queues, outcomes, and 100 devices.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chrono::NaiveDateTime;
use prometheus_client::encoding::text::encode_registry;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::contacts::DeviceContact;
use crate::database::PoolUse;
use crate::report::{BatchOutcome, Report};

type Labels<const N: usize> = [(&'static str, String); N];
type Seconds = Gauge<f64, AtomicU64>;
type HistogramFamily = Family<Labels<1>, Histogram, fn() -> Histogram>;

const BATCH_SECONDS: [f64; 12] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
];
const ANALYSIS_SECONDS: [f64; 9] = [1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0];
const BACKUP_SECONDS: [f64; 9] = [0.05, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0];

pub(super) struct Metrics {
    registry: Registry,
    rows: Family<Labels<2>, Counter>,
    batches: Family<Labels<1>, Counter>,
    batch_seconds: Histogram,
    analyses: Family<Labels<1>, Counter>,
    analysis_seconds: HistogramFamily,
    backups: Family<Labels<1>, Counter>,
    backup_bytes: Counter,
    backup_seconds: Histogram,
    last_success: Family<Labels<1>, Seconds>,
    failing_tables: Gauge,
    last_contact: Family<Labels<1>, Seconds>,
    usual_interval: Family<Labels<1>, Seconds>,
    silent: Family<Labels<1>, Gauge>,
    queue_length: Family<Labels<1>, Gauge>,
    analysis_running: Gauge,
    restarts: Family<Labels<1>, Counter>,
    connections: Family<Labels<2>, Gauge>,
    pools: BTreeMap<&'static str, PoolUse>,
}

/// The values of gauges at the time of a collection.
pub(super) struct Gauges<'a> {
    /// By queue; `None` while the length is unknown.
    pub queue_lengths: [(&'static str, Option<usize>); 4],
    pub analysis_running: bool,
    pub restarts: Vec<(&'static str, u64)>,
    pub failing_tables: usize,
    /// The devices with the latest contacts, when the database was last asked.
    pub contacts: &'a [DeviceContact],
    /// By work: the time of the last success, in UTC.
    pub last_successes: [(&'static str, Option<NaiveDateTime>); 3],
}

impl Default for Metrics {
    fn default() -> Self {
        let metrics = Self {
            registry: Registry::with_prefix("eclipse_ai"),
            rows: Family::default(),
            batches: Family::default(),
            batch_seconds: Histogram::new(BATCH_SECONDS),
            analyses: Family::default(),
            analysis_seconds: Family::new_with_constructor(|| Histogram::new(ANALYSIS_SECONDS)),
            backups: Family::default(),
            backup_bytes: Counter::default(),
            backup_seconds: Histogram::new(BACKUP_SECONDS),
            last_success: Family::default(),
            failing_tables: Gauge::default(),
            last_contact: Family::default(),
            usual_interval: Family::default(),
            silent: Family::default(),
            queue_length: Family::default(),
            analysis_running: Gauge::default(),
            restarts: Family::default(),
            connections: Family::default(),
            pools: BTreeMap::new(),
        };
        metrics.with_zeros().registered()
    }
}

impl Metrics {
    #[rustfmt::skip]
    fn registered(mut self) -> Self {
        let registry = &mut self.registry;
        registry.register("sync_rows", "Rows stored, by table and outcome", self.rows.clone());
        registry.register("sync_batches", "Batches, by outcome", self.batches.clone());
        registry.register("sync_batch_duration_seconds", "Time from the last byte of a batch to its receipt or error", self.batch_seconds.clone());
        registry.register("sync_failing_tables", "Tables of a device whose last three batches or more were not stored", self.failing_tables.clone());
        registry.register("device_last_contact_timestamp_seconds", "Unix time of the latest contact of a device; the 100 devices with the latest ones", self.last_contact.clone());
        registry.register("device_usual_interval_seconds", "Usual interval between two contacts of a device", self.usual_interval.clone());
        registry.register("device_silent", "1 if a device has made no contact for three usual intervals, else 0", self.silent.clone());
        registry.register("analyses", "Analyses, by outcome", self.analyses.clone());
        registry.register("analysis_duration_seconds", "Duration of an analysis, by outcome", self.analysis_seconds.clone());
        registry.register("analysis_running", "1 while an analysis runs, else 0", self.analysis_running.clone());
        registry.register("backups", "Uploads of backups, by outcome", self.backups.clone());
        registry.register("backup_stored_bytes", "Bytes of backups stored", self.backup_bytes.clone());
        registry.register("backup_duration_seconds", "Time from the first byte of a backup to its receipt or error", self.backup_seconds.clone());
        registry.register("last_success_timestamp_seconds", "Unix time of the last success, by kind of work", self.last_success.clone());
        registry.register("queue_length", "Waiting requests or drives, by queue", self.queue_length.clone());
        registry.register("actor_restarts", "Restarts of an actor after a failure", self.restarts.clone());
        registry.register("database_connections", "Open database connections, by actor and state", self.connections.clone());
        self
    }

    /// Creates every series at 0: `rate()` misses the first increment of a counter that did not exist before.
    fn with_zeros(self) -> Self {
        for outcome in ["success", "refused", "failed"] {
            _ = self.batches.get_or_create(&label("outcome", outcome));
        }
        for outcome in ["success", "failed"] {
            _ = self.analyses.get_or_create(&label("outcome", outcome));
            _ = self
                .analysis_seconds
                .get_or_create(&label("outcome", outcome));
            _ = self.backups.get_or_create(&label("outcome", outcome));
        }
        self
    }

    /// Counts a report.
    pub(super) fn count(&mut self, report: &Report) {
        match report {
            Report::Batch { outcome, took, .. } => self.count_batch(outcome, *took),
            Report::Analysis { outcome, took, .. } => {
                let outcome = label("outcome", success_or_failure(outcome.is_ok()));
                self.analyses.get_or_create(&outcome).inc();
                self.analysis_seconds
                    .get_or_create(&outcome)
                    .observe(took.as_secs_f64());
            }
            Report::Backup { outcome, took } => {
                self.backup_seconds.observe(took.as_secs_f64());
                self.backup_bytes.inc_by(*outcome.as_ref().unwrap_or(&0));
                let outcome = label("outcome", success_or_failure(outcome.is_ok()));
                self.backups.get_or_create(&outcome).inc();
            }
            Report::Pool { actor, usage } => self.watch_pool(actor, usage.clone()),
            Report::EpochStarted { .. }
            | Report::DrivesWaiting(_)
            | Report::QueueBlocked(_)
            | Report::StuckDrives(_)
            | Report::NewestBackup { .. }
            | Report::ClockJumped(_)
            | Report::Schema(_) => {}
        }
    }

    /// Exports the connections of an actor's pool; a newer pool replaces an older one.
    pub(super) fn watch_pool(&mut self, actor: &'static str, usage: PoolUse) {
        self.pools.insert(actor, usage);
    }

    fn count_batch(&mut self, outcome: &BatchOutcome, took: Duration) {
        self.batch_seconds.observe(took.as_secs_f64());
        let word = match outcome {
            BatchOutcome::Stored(tables) => {
                for (table, rows) in tables {
                    for (outcome, count) in [("inserted", rows.inserted), ("updated", rows.updated)]
                    {
                        let labels = labels([("table", table), ("outcome", outcome)]);
                        self.rows.get_or_create(&labels).inc_by(count);
                    }
                }
                "success"
            }
            BatchOutcome::Refused(_) => "refused",
            BatchOutcome::Failed(_) => "failed",
        };
        self.batches.get_or_create(&label("outcome", word)).inc();
    }

    /// All metrics in the `OpenMetrics` text format, without the end marker.
    pub(super) fn text(&self, gauges: &Gauges<'_>) -> Result<String, fmt::Error> {
        self.set(gauges);
        let mut text = String::new();
        encode_registry(&mut text, &self.registry)?;
        Ok(text)
    }

    /// Sets the gauges, and the counters that are kept elsewhere.
    fn set(&self, gauges: &Gauges<'_>) {
        self.failing_tables.set(signed(gauges.failing_tables));
        self.set_contacts(gauges.contacts);
        self.analysis_running.set(gauges.analysis_running.into());
        for (queue, length) in gauges.queue_lengths {
            if let Some(length) = length {
                let gauge = self.queue_length.get_or_create(&label("queue", queue));
                gauge.set(signed(length));
            }
        }
        for (actor, restarts) in &gauges.restarts {
            let counter = self.restarts.get_or_create(&label("actor", actor));
            counter.inner().store(*restarts, Ordering::Relaxed);
        }
        for (work, at) in &gauges.last_successes {
            if let Some(at) = at {
                let gauge = self.last_success.get_or_create(&label("work", work));
                gauge.set(unix_seconds(*at));
            }
        }
        for (actor, pool) in &self.pools {
            for (state, count) in [("busy", pool.busy()), ("idle", pool.idle())] {
                let labels = labels([("actor", actor), ("state", state)]);
                self.connections.get_or_create(&labels).set(signed(count));
            }
        }
    }

    /// Devices that are no longer listed lose their series.
    fn set_contacts(&self, contacts: &[DeviceContact]) {
        self.last_contact.clear();
        self.usual_interval.clear();
        self.silent.clear();
        for contact in contacts {
            let device = label("device", &contact.device_id);
            let last = self.last_contact.get_or_create(&device);
            last.set(unix_seconds(contact.last_contact_at));
            if let Some(usual) = contact.usual_interval {
                let gauge = self.usual_interval.get_or_create(&device);
                gauge.set(usual.as_secs_f64());
            }
            self.silent
                .get_or_create(&device)
                .set(contact.is_silent.into());
        }
    }
}

fn labels<const N: usize>(pairs: [(&'static str, &str); N]) -> Labels<N> {
    pairs.map(|(name, value)| (name, value.to_owned()))
}

fn label(name: &'static str, value: &str) -> Labels<1> {
    labels([(name, value)])
}

fn success_or_failure(is_success: bool) -> &'static str {
    if is_success { "success" } else { "failed" }
}

fn unix_seconds(time: NaiveDateTime) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "milliseconds since 1970 are exact"
    )]
    let milliseconds = time.and_utc().timestamp_millis() as f64;
    milliseconds / 1000.0
}

fn signed(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
