//! The threads of the actors: one arbiter each, on one shared tokio runtime.
//!
//! A plain arbiter has its own runtime, and a resource of one runtime (a connection pool, a timer)
//! stalls on another or dies with its creator. Here all arbiters run on one multi-thread runtime,
//! which also runs the tasks that the actors' libraries spawn.
//!
//! The actor that stores batches has a runtime of its own, on its own thread: an answer of the
//! database wakes up that thread only, where on the shared runtime it wakes up one of the
//! runtime's threads first. It shares its connections with no other actor.

use std::{
    future::pending,
    io,
    panic::{AssertUnwindSafe, resume_unwind},
    sync::Arc,
};

use actix_rt::{Arbiter, ArbiterHandle};
use futures_util::FutureExt as _;
use tokio::runtime::{Builder, Runtime};

use crate::panic_message;

/// Enough for the sockets and timers of four actors; the actors run on their arbiters.
const WORKER_THREADS: usize = 2;

/// Limit of concurrent blocking calls (files, compression, parsing); further ones queue.
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

    /// Starts a thread for one actor. It ends with the actix system, which must be running already.
    pub fn arbiter(&self) -> io::Result<ArbiterHandle> {
        let runtime = self.runtime.clone().ok_or(io::ErrorKind::NotConnected)?;
        Ok(Arbiter::try_with_tokio_rt(move || Ok(runtime))?.handle())
    }

    /// Starts a thread for one actor, with a runtime of its own. What the actor opens must stay on it.
    pub fn separate_arbiter() -> io::Result<ArbiterHandle> {
        let runtime = || {
            Builder::new_current_thread()
                .max_blocking_threads(BLOCKING_THREADS)
                .enable_all()
                .build()
        };
        Ok(Arbiter::try_with_tokio_rt(runtime)?.handle())
    }
}

impl Drop for ActorRuntime {
    /// Does not wait: a blocking drop of a runtime within asynchronous code panics.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take().and_then(Arc::into_inner) {
            runtime.shutdown_background();
        }
    }
}

/// Runs CPU-heavy or blocking work off the actors' threads. A panic in it resumes in the caller.
pub async fn blocking<T, F>(work: F) -> T
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            // Cancelled: the runtime is shutting down, and the caller with it.
            Err(_cancelled) => pending().await,
        },
    }
}

/// A panic that [`isolated`] caught, with its message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("panicked: {0}")]
pub struct Panicked(String);

/// Runs work on a client's data. A panic in it is the result of this work alone: the actor, its
/// other work and its restart limit are not affected.
///
/// Work that panicked must leave no shared state half changed. State that it owns, such as a
/// database connection, is dropped.
pub async fn isolated<T>(work: impl Future<Output = T>) -> Result<T, Panicked> {
    AssertUnwindSafe(work)
        .catch_unwind()
        .await
        .map_err(|panic| Panicked(panic_message(&*panic)))
}

#[cfg(test)]
mod tests {
    use std::{thread, time::Duration};

    use tokio::{
        runtime::Handle,
        sync::oneshot,
        time::{sleep, timeout},
    };

    use super::*;

    async fn seen_from(arbiter: &ArbiterHandle) -> (tokio::runtime::Id, thread::ThreadId) {
        let (reply, seen) = oneshot::channel();
        arbiter.spawn(async {
            let _ = reply.send((Handle::current().id(), thread::current().id()));
        });
        seen.await.unwrap()
    }

    #[actix::test]
    async fn arbiters_have_a_thread_each_and_one_runtime() {
        let runtime = ActorRuntime::start().unwrap();
        let (runtime_a, thread_a) = seen_from(&runtime.arbiter().unwrap()).await;
        let (runtime_b, thread_b) = seen_from(&runtime.arbiter().unwrap()).await;
        assert_eq!(runtime_a, runtime_b);
        assert_ne!(thread_a, thread_b);
    }

    #[actix::test]
    async fn actors_go_on_when_the_handle_of_their_runtime_is_dropped() {
        let runtime = ActorRuntime::start().unwrap();
        let arbiter = runtime.arbiter().unwrap();
        drop(runtime);
        let (ticked, tick) = oneshot::channel();
        arbiter.spawn(async {
            sleep(Duration::from_millis(1)).await;
            let _ = ticked.send(());
        });
        assert_eq!(tick.await, Ok(()));
    }

    #[actix::test]
    async fn an_unused_runtime_can_be_dropped_within_asynchronous_code() {
        drop(ActorRuntime::start().unwrap());
    }

    #[actix::test]
    async fn blocking_work_returns_its_value_or_resumes_its_panic_in_the_caller() {
        assert_eq!(blocking(|| 42).await, 42);

        let panic = AssertUnwindSafe(blocking(|| panic!("boom"))).catch_unwind();
        let panic = timeout(Duration::from_secs(10), panic)
            .await
            .expect("the panic resumes");
        assert_eq!(panic.unwrap_err().downcast_ref(), Some(&"boom"));
    }

    #[actix::test]
    async fn isolated_work_returns_its_value_or_the_message_of_its_panic() {
        assert_eq!(isolated(async { 42 }).await, Ok(42));
        let panic = isolated(blocking(|| panic!("boom"))).await;
        assert_eq!(panic, Err::<(), _>(Panicked("boom".to_owned())));
    }
}
