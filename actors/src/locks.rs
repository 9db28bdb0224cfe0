//! The locks of admission and of the byte budget. The crate `interleavings` replaces them by some whose every use is a point
//! where another thread may run.

pub(crate) use std::sync::{Mutex, MutexGuard, PoisonError};
pub(crate) use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
