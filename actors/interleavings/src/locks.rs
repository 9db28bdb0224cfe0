//! In place of `actors/src/locks.rs`.

pub(crate) use std::sync::PoisonError;

use std::future::Future;
use std::sync::Arc;

use shuttle::sync::atomic::{AtomicBool, Ordering};
pub(crate) use shuttle::sync::{Mutex, MutexGuard};
use tokio::sync::{self, AcquireError, SemaphorePermit, TryAcquireError};

/// A point where another thread may run.
fn switch() {
    AtomicBool::new(false).load(Ordering::SeqCst);
}

/// Tokio's, with a point before each use.
#[derive(Debug)]
pub(crate) struct Semaphore(Arc<sync::Semaphore>);

/// Tokio's, with a point before it is freed.
#[derive(Debug)]
pub(crate) struct OwnedSemaphorePermit {
    _permit: sync::OwnedSemaphorePermit,
}

impl Drop for OwnedSemaphorePermit {
    fn drop(&mut self) {
        switch();
    }
}

impl Semaphore {
    pub(crate) fn new(permits: usize) -> Self {
        Self(Arc::new(sync::Semaphore::new(permits)))
    }

    pub(crate) fn available_permits(&self) -> usize {
        switch();
        self.0.available_permits()
    }

    pub(crate) fn try_acquire_owned(
        self: Arc<Self>,
    ) -> Result<OwnedSemaphorePermit, TryAcquireError> {
        switch();
        let permit = Arc::clone(&self.0).try_acquire_owned()?;
        Ok(OwnedSemaphorePermit { _permit: permit })
    }

    pub(crate) async fn acquire_owned(
        self: Arc<Self>,
    ) -> Result<OwnedSemaphorePermit, AcquireError> {
        switch();
        let permit = Arc::clone(&self.0).acquire_owned().await?;
        Ok(OwnedSemaphorePermit { _permit: permit })
    }

    pub(crate) async fn acquire_many(
        &self,
        permits: u32,
    ) -> Result<SemaphorePermit<'_>, AcquireError> {
        switch();
        self.0.acquire_many(permits).await
    }

    pub(crate) fn close(&self) {
        switch();
        self.0.close();
    }
}

/// Tokio's, with a point before each use.
#[derive(Debug, Default)]
pub(crate) struct Notify(sync::Notify);

impl Notify {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn notified(&self) -> impl Future<Output = ()> {
        switch();
        self.0.notified()
    }

    pub(crate) fn notify_waiters(&self) {
        switch();
        self.0.notify_waiters();
    }
}
