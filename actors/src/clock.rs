//! The time, as everything here counts and stores it.

use chrono::{NaiveDateTime, SubsecRound as _, Utc};

/// Now, in UTC, with the microseconds that the database keeps.
pub fn now() -> NaiveDateTime {
    Utc::now().naive_utc().trunc_subsecs(6)
}
