//! The threads the actors live on: an arbiter each, one tokio runtime beneath them all.
//!
//! A plain arbiter has a runtime of its own, and what belongs to one runtime (a connection pool, a
//! timer) stalls on another or dies with it. Here all arbiters drive their actors on one
//! multi-thread runtime, which also runs what the actors' libraries spawn.

use std::{future::pending, io, panic::resume_unwind, sync::Arc};

use actix_rt::{Arbiter, ArbiterHandle};
use tokio::runtime::{Builder, Runtime};

/// Enough for the sockets and timers of four actors; the actors themselves have their arbiters.
const WORKER_THREADS: usize = 2;

/// Blocking calls (files, compression, parsing) that run at a time; more wait.
const BLOCKING_THREADS: usize = 16;

/// The runtime that all actors share.
pub struct ActorRuntime {
    /// `None` only while it is dropped.
    runtime: Option<Arc<Runtime>>,
}

impl ActorRuntime {
    /// Starts the runtime's threads.
    pub fn start() -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(WORKER_THREADS)
            .max_blocking_threads(BLOCKING_THREADS)
            .thread_name("actors")
            .enable_all()
            .build()?;
        Ok(Self {
            runtime: Some(Arc::new(runtime)),
        })
    }

    /// Starts a thread for one actor. It ends with the actix system, which must be running.
    pub fn arbiter(&self) -> io::Result<ArbiterHandle> {
        let runtime = self.runtime.clone().ok_or(io::ErrorKind::NotConnected)?;
        Ok(Arbiter::try_with_tokio_rt(move || Ok(runtime))?.handle())
    }
}

impl Drop for ActorRuntime {
    /// Never waits: dropping a runtime within asynchronous code is a panic otherwise.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take().and_then(Arc::into_inner) {
            runtime.shutdown_background();
        }
    }
}

/// Runs CPU-heavy or blocking work aside from the actors. A panic in it goes on in the caller, so
/// that the caller's supervision sees it.
pub async fn blocking<T, F>(work: F) -> T
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            // Cancelled: the runtime is going away, and the caller with it.
            Err(_cancelled) => pending().await,
        },
    }
}
