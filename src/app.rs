//! Builds and wires the actors and the HTTP server, and says in which order they start, drain and stop.

use std::io;
use std::net::TcpListener;
use std::time::Duration;

use actix_web::{App, HttpServer, web};
use actors::admission::Admission;
use actors::backup::{self, BackupActor, BackupSettings};
use actors::byte_budget::ByteBudget;
use actors::health::{HealthActor, HealthSettings};
use actors::runtime::ActorRuntime;
use actors::supervise::{GaveUp, RestartPolicy, Supervision};
use actors::sync::{SyncActor, SyncSettings};
use tokio::signal::unix::{SignalKind, signal};

use crate::config::Settings;
use crate::http::{self, State};

/// How long requests in flight may take to finish, and each actor to drain; together less than 10 s.
const REQUEST_DRAIN_SECONDS: u64 = 4;
const ACTOR_DRAIN_LIMIT: Duration = Duration::from_secs(1);

/// How many batches wait for one to be stored, at most.
const WAITING_BATCHES: usize = 256;

/// The memory for bodies of batches: so many of the largest can be there at once, in megabytes of their limit.
const BODIES_IN_MEMORY: usize = 4;

/// Why the server ended other than by being told to.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The port is taken, most likely, or a thread could not be started.
    #[error("cannot start")]
    Start(#[source] io::Error),
    /// The HTTP server broke down.
    #[error("the HTTP server has ended")]
    Http(#[source] io::Error),
    /// An actor failed again and again.
    #[error(transparent)]
    GaveUp(#[from] GaveUp),
}

/// Runs the server until SIGTERM or SIGINT.
pub fn serve(settings: Settings) -> Result<(), AppError> {
    actix_rt::System::new().block_on(async {
        log::info!(
            "server starts version={} {}",
            env!("CARGO_PKG_VERSION"),
            settings.summary()
        );
        let app = Application::build(settings)?;
        log::info!("server listens port={}", app.port());
        let told_to_stop = termination().map_err(AppError::Start)?;
        app.run_until(told_to_stop).await?;
        log::info!("server has stopped");
        Ok(())
    })
}

/// The server, listening and with all its actors running.
pub struct Application {
    port: u16,
    server: actix_web::dev::Server,
    supervision: Supervision,
    /// Ends last: everything above lives on it.
    _runtime: ActorRuntime,
}

impl Application {
    /// Starts the actors and binds the port. Must be called within an actix system.
    pub fn build(settings: Settings) -> Result<Self, AppError> {
        let runtime = ActorRuntime::start().map_err(AppError::Start)?;
        let supervision = Supervision::new(RestartPolicy::default());
        let state = start_actors(&settings, &runtime, &supervision).map_err(AppError::Start)?;
        let listener =
            TcpListener::bind((settings.host, settings.port)).map_err(AppError::Start)?;
        let port = listener.local_addr().map_err(AppError::Start)?.port();
        let state = web::Data::new(state);
        let server = HttpServer::new(move || {
            App::new()
                .app_data(state.clone())
                .configure(http::configure)
        })
        .disable_signals()
        .shutdown_timeout(REQUEST_DRAIN_SECONDS)
        .listen(listener)
        .map_err(AppError::Start)?
        .run();
        Ok(Self {
            port,
            server,
            supervision,
            _runtime: runtime,
        })
    }

    /// The port that the server listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Serves until `stop`, then finishes what is under way: first the requests, then the actors, the last started
    /// first. Fails when an actor is given up or the HTTP server breaks down.
    pub async fn run_until(self, stop: impl Future<Output = ()>) -> Result<(), AppError> {
        let handle = self.server.handle();
        let mut server = actix_rt::spawn(self.server);
        let outcome = tokio::select! {
            () = stop => Ok(()),
            gave_up = self.supervision.gave_up() => Err(AppError::GaveUp(gave_up)),
            ended = &mut server => Err(AppError::Http(io::Error::other(format!("{ended:?}")))),
        };
        log::info!("server stops");
        // No new connections; requests in flight finish, with all actors still there for them.
        handle.stop(true).await;
        let drained = self.supervision.shut_down(ACTOR_DRAIN_LIMIT).await;
        outcome?;
        Ok(drained?)
    }
}

fn start_actors(
    settings: &Settings,
    runtime: &ActorRuntime,
    supervision: &Supervision,
) -> io::Result<State> {
    let batches = Admission::new(settings.database_pool_size, WAITING_BATCHES);
    let max_sync_payload_bytes = settings.max_sync_payload_mb * 1024 * 1024;
    let sync = SyncSettings {
        database: settings.database_url.clone(),
        connections: settings.database_pool_size,
        extra_tables: settings.extra_tables.clone(),
        history_retention_days: settings.sync_history_retention_days,
        admission: batches.clone(),
    };
    let max_backup_bytes = settings.max_backup_size_mb * 1024 * 1024;
    let backups = BackupSettings::new(
        &settings.backup_dir,
        max_backup_bytes,
        settings.backup_retention_count,
    )?;
    let health = HealthSettings {
        database: settings.database_url.clone(),
    };
    let sync = supervision.start(&runtime.arbiter()?, "sync", |_| SyncActor::new(sync));
    let backups = supervision.start(&runtime.arbiter()?, "backup", |_| BackupActor::new(backups));
    let health = supervision.start(&runtime.arbiter()?, "health", |_| HealthActor::new(health));
    Ok(State {
        api_key: http::ApiKey::new(&settings.api_key),
        sync,
        batches,
        batch_memory: ByteBudget::new(BODIES_IN_MEMORY * max_sync_payload_bytes),
        max_sync_payload_bytes,
        backups,
        uploads: backup::upload_admission(),
        max_backup_bytes,
        health,
    })
}

/// Ends at the first SIGTERM or SIGINT.
fn termination() -> io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => log::info!("told to stop signal=SIGTERM"),
            _ = interrupt.recv() => log::info!("told to stop signal=SIGINT"),
        }
    })
}
