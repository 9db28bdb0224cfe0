//! The current time in the precision that the database stores.

use chrono::{NaiveDateTime, SubsecRound as _, Utc};

/// Now, in UTC, truncated to microseconds.
pub fn now() -> NaiveDateTime {
    Utc::now().naive_utc().trunc_subsecs(6)
}
