//! The current time: in the precision that the database stores, and beside a clock that nothing sets.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::{NaiveDateTime, SubsecRound as _, Utc};
use rustix::time::{ClockId, clock_gettime};

/// Now, in UTC, truncated to microseconds.
pub fn now() -> NaiveDateTime {
    Utc::now().naive_utc().trunc_subsecs(6)
}

/// A reading of two clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The wall clock, in UTC. It can be set, by hand or by NTP.
    pub utc: NaiveDateTime,
    /// The time since the machine booted, sleep included. It never jumps.
    pub since_boot: Duration,
}

impl Moment {
    fn now() -> Self {
        let boot = clock_gettime(ClockId::Boottime);
        Self {
            utc: now(),
            // Neither is ever negative.
            since_boot: Duration::new(
                u64::try_from(boot.tv_sec).unwrap_or_default(),
                u32::try_from(boot.tv_nsec).unwrap_or_default(),
            ),
        }
    }
}

/// A source of moments: the machine's clocks, or those of a test.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Moment + Send + Sync>);

impl Clock {
    /// A clock that shows what `read` returns.
    pub fn new(read: impl Fn() -> Moment + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }

    /// A reading.
    pub fn read(&self) -> Moment {
        (self.0)()
    }
}

impl Default for Clock {
    /// The machine's clocks.
    fn default() -> Self {
        Self::new(Moment::now)
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.read().fmt(f)
    }
}
