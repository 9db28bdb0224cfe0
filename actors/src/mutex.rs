//! The lock of admission and of the byte budget. The crate `interleavings` replaces it by one whose every use is a point
//! where another thread may run.

pub(crate) use std::sync::{Mutex, MutexGuard, PoisonError};
