//! Builds and connects the actors and the HTTP server; defines the order of start, drain and stop.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use actix::Addr;
use actix_web::middleware::from_fn;
use actix_web::web::ServiceConfig;
use actix_web::{App, web};
use actors::admission::Admission;
use actors::analysis::{self, AnalysisActor, AnalysisSettings, StopAnalyzing};
use actors::backup::{self, BackupActor, BackupSettings};
use actors::byte_budget::ByteBudget;
use actors::clock::Clock;
use actors::drives::DriveTiming;
use actors::fair_admission::FairAdmission;
use actors::health::{Connections, HealthActor, HealthSettings, Queues, RefusedClients};
use actors::ollama::Ollama;
use actors::report::Reporter;
use actors::runtime::ActorRuntime;
use actors::supervise::{GaveUp, RestartPolicy, Supervision};
use actors::sync::{ReadOptions, SyncActor, SyncSettings};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{Instant, timeout};

use crate::config::Settings;
use crate::http::{self, State};
use crate::systemd;

/// Time limits of a stop: requests in flight, the HTTP server (which checks once a second), the actors. Together less
/// than 10 s.
const REQUEST_DRAIN_SECONDS: u64 = 4;
const HTTP_STOP_LIMIT: Duration = Duration::from_millis(5500);
const ACTORS_DRAIN_LIMIT: Duration = Duration::from_secs(4);

/// The most batches that wait for a turn.
const WAITING_BATCHES: usize = 256;

/// The most keys that are looked up at a time, and that wait for a turn.
const KEY_LOOKUPS: usize = 2;
const WAITING_KEY_LOOKUPS: usize = 64;

/// The memory for batch bodies, as a multiple of the largest body. One client gets half of it at most.
const BODIES_IN_MEMORY: usize = 4;

/// The memory for the lists of blocks of uploads, as a multiple of the longest one. One client gets half of it at most.
const BLOCK_LISTS_IN_MEMORY: usize = 2;

/// The memory for bodies of analysis requests.
const ANALYSIS_BODIES_BYTES: usize = 8 * 1024 * 1024;

/// Why the server ended without a clean stop.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// A thread or a file could not be opened.
    #[error("cannot start")]
    Start(#[source] io::Error),
    /// Most likely the port is in use.
    #[error("cannot listen on {address}")]
    Listen {
        /// `HOST` and `PORT`.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// The HTTP server failed.
    #[error("the HTTP server ended")]
    Http(#[source] io::Error),
    /// An actor exceeded its restart limit.
    #[error(transparent)]
    GaveUp(#[from] GaveUp),
    /// A second termination signal ended the drain.
    #[error("second termination signal: exited without draining")]
    SecondSignal,
}

/// Runs the server until a termination signal, then drains it; a second signal exits at once.
pub fn serve(settings: &Settings) -> Result<(), AppError> {
    serve_with(settings, |_| {})
}

/// [`serve`] with additional routes, for tests.
#[doc(hidden)]
pub fn serve_with(
    settings: &Settings,
    further_routes: fn(&mut ServiceConfig),
) -> Result<(), AppError> {
    actix_rt::System::new().block_on(async {
        settings.log_summary();
        let (once, twice) = (stop_signals(1), stop_signals(2));
        let (once, twice) = (
            once.map_err(AppError::Start)?,
            twice.map_err(AppError::Start)?,
        );
        let app = Application::build_with(settings, further_routes)?;
        log::info!(port = app.port(); "server listens");
        systemd::notify_ready(app.port());
        tokio::select! {
            outcome = app.run_until(once) => outcome?,
            () = twice => return Err(AppError::SecondSignal),
        }
        log::info!("server stopped");
        Ok(())
    })
}

/// The server: listening, with all actors running.
pub struct Application {
    port: u16,
    server: actix_web::dev::Server,
    analysis: Addr<AnalysisActor>,
    supervision: Supervision,
    /// Dropped last: everything above runs on it.
    _runtime: ActorRuntime,
}

impl Application {
    /// Starts the actors and binds the port. Must be called within an actix system.
    pub fn build(settings: &Settings) -> Result<Self, AppError> {
        Self::build_with(settings, |_| {})
    }

    fn build_with(
        settings: &Settings,
        further_routes: fn(&mut ServiceConfig),
    ) -> Result<Self, AppError> {
        let runtime = ActorRuntime::start().map_err(AppError::Start)?;
        let supervision = Supervision::new(RestartPolicy::default());
        let state = start_actors(settings, &runtime, &supervision).map_err(AppError::Start)?;
        let address = SocketAddr::new(settings.host, settings.port);
        let listener =
            TcpListener::bind(address).map_err(|source| AppError::Listen { address, source })?;
        let port = listener.local_addr().map_err(AppError::Start)?.port();
        let analysis = state.analysis.clone();
        let state = web::Data::new(state);
        let server = http::serve(listener, REQUEST_DRAIN_SECONDS, &state.clone(), move || {
            App::new()
                .app_data(state.clone())
                .wrap(from_fn(http::trace))
                .wrap(from_fn(http::measure))
                .configure(further_routes)
                .configure(http::configure)
        })
        .map_err(AppError::Start)?;
        Ok(Self {
            port,
            server,
            analysis,
            supervision,
            _runtime: runtime,
        })
    }

    /// The port that the server listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Serves until `stop`, then drains: first the requests, then the actors, the last started first. Fails if an actor
    /// exceeds its restart limit or the HTTP server fails.
    pub async fn run_until(self, stop: impl Future<Output = ()>) -> Result<(), AppError> {
        let handle = self.server.handle();
        let mut server = actix_rt::spawn(self.server);
        let supervision = self.supervision.clone();
        actix_rt::spawn(systemd::notify_alive(async move |limit| {
            supervision.find_hung(limit).await
        }));
        let outcome = tokio::select! {
            () = stop => Ok(()),
            gave_up = self.supervision.gave_up() => Err(AppError::GaveUp(gave_up)),
            ended = &mut server => Err(AppError::Http(io::Error::other(format!("{ended:?}")))),
        };
        log::info!("server stops");
        systemd::notify_stopping();
        // The model may take minutes: requests that wait for it are answered now.
        self.analysis.do_send(StopAnalyzing);
        // No new connections; requests in flight finish while all actors still run.
        if timeout(HTTP_STOP_LIMIT, handle.stop(true)).await.is_err() {
            log::warn!("HTTP server not stopped in time");
        }
        let drained = self.supervision.shut_down(ACTORS_DRAIN_LIMIT).await;
        outcome?;
        Ok(drained?)
    }
}

fn start_actors(
    settings: &Settings,
    runtime: &ActorRuntime,
    supervision: &Supervision,
) -> io::Result<State> {
    let max_backup_bytes = settings.max_backup_size_mb * 1024 * 1024;
    let queues = Queues {
        batches: FairAdmission::new(
            batches_at_once(settings.batches_at_once, settings.database_pool_size),
            WAITING_BATCHES,
        ),
        analyses: Admission::new(1, settings.analysis_queue_capacity),
        uploads: backup::upload_admission(),
    };
    let ollama = Ollama::new(settings.ollama_base_url.expose(), &settings.ollama_model)
        .map_err(io::Error::other)?;
    let refused_clients = RefusedClients::default();
    let connections = Connections::for_this_process();
    let health = HealthSettings {
        database: settings.database_url.clone(),
        ollama: ollama.clone(),
        backup_folder: settings.backup_dir.clone(),
        state_folder: settings.state_directory.clone(),
        largest_backup_bytes: max_backup_bytes,
        queues: queues.clone(),
        refused_clients: refused_clients.clone(),
        connections: connections.clone(),
        supervision: supervision.clone(),
        started: Instant::now(),
    };
    // First, because the others report to it; it also ends last.
    let health = supervision.start(&runtime.arbiter()?, "health", |_| HealthActor::new(health));
    let reporter = Reporter::new(health.clone().recipient());
    let max_sync_payload_bytes = settings.max_sync_payload_mb * 1024 * 1024;
    let analysis = AnalysisSettings {
        database: settings.database_url.clone(),
        ollama,
        num_ctx: settings.ollama_num_ctx,
        time_limit: settings.analysis_timeout,
        admission: queues.analyses.clone(),
        timing: settings.queue_timing(),
        diagnosis: settings.diagnosis.clone(),
        reporter: reporter.clone(),
    };
    // Before the sync actor, which notifies it of drives.
    let analysis = supervision.start(&runtime.arbiter()?, "analysis", |_| {
        AnalysisActor::new(analysis)
    });
    let sync = SyncSettings {
        database: settings.database_url.clone(),
        connections: settings.database_pool_size,
        read_options: ReadOptions {
            extra_tables: settings.extra_tables.clone(),
            bad_rows: settings.bad_rows,
        },
        history_retention_days: settings.sync_history_retention_days,
        reading_retention_days: settings.realtime_retention_days,
        admission: queues.batches.clone(),
        reporter: reporter.clone(),
        drive_timing: DriveTiming {
            quiet: settings.auto_analysis_quiet,
            silence: settings.drive_silence,
        },
        on_drives: analysis.clone().recipient(),
    };
    let backups = BackupSettings {
        root: std::path::absolute(&settings.backup_dir)?,
        max_bytes: max_backup_bytes,
        min_free_bytes: settings.backup_min_free_mb * 1024 * 1024,
        state_folder: settings.state_directory.clone(),
        retention_count: settings.backup_retention_count,
        admission: queues.uploads.clone(),
        batches: queues.batches.clone(),
        clock: Clock::default(),
        reporter,
    };
    let arbiter = ActorRuntime::separate_arbiter()?;
    let sync = supervision.start(&arbiter, "sync", |_| SyncActor::new(sync));
    let backups = supervision.start(&runtime.arbiter()?, "backup", |_| BackupActor::new(backups));
    Ok(State {
        api_key: http::ApiKey::new(&settings.api_key),
        sync,
        batches: queues.batches,
        key_lookups: Admission::new(KEY_LOOKUPS, WAITING_KEY_LOOKUPS),
        batch_memory: ByteBudget::new(BODIES_IN_MEMORY * max_sync_payload_bytes),
        max_sync_payload_bytes,
        backups,
        uploads: queues.uploads,
        backup_memory: ByteBudget::new(
            BLOCK_LISTS_IN_MEMORY * http::block_list_bytes(max_backup_bytes),
        ),
        max_backup_bytes,
        analysis,
        analyses: queues.analyses,
        analysis_lookups: analysis::lookup_admission(),
        analysis_memory: ByteBudget::new(ANALYSIS_BODIES_BYTES),
        health,
        refused_clients,
        connections,
        request_metrics: http::RequestMetrics::default(),
    })
}

/// How many batches are stored at a time, but no more than connections. Unless it is set, one more than there are processors: the
/// server and usually also the database compute all the time, so that more batches only wait for each other
/// (docs/performance.md).
fn batches_at_once(set: Option<usize>, connections: usize) -> usize {
    let of_processors = || std::thread::available_parallelism().map_or(1, usize::from) + 1;
    set.unwrap_or_else(of_processors).min(connections)
}

/// Resolves at the given number of termination signals: SIGTERM, SIGINT or SIGHUP.
fn stop_signals(times: usize) -> io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hangup = signal(SignalKind::hangup())?;
    Ok(async move {
        for _ in 0..times {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
                _ = hangup.recv() => {}
            }
        }
    })
}
