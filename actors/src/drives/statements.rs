//! What several statements on `drives` have in common.

use std::time::Duration;

use mysql_async::Value;

/// For `INTERVAL ? MICROSECOND`.
pub(super) fn microseconds(duration: Duration) -> Value {
    Value::from(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX))
}

/// The time that so many microseconds are; negative ones, of clocks that were set back, are none.
pub(super) fn duration(microseconds: i64) -> Duration {
    Duration::from_micros(microseconds.try_into().unwrap_or_default())
}
