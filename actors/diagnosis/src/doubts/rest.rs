//! How long a channel stays at one value.

use crate::model::Span;
use crate::time::seconds;

/// Readings and seconds for which a value must rest to be stuck.
const STUCK_READINGS: u32 = 30;
pub(super) const STUCK_MS: i64 = 60_000;
/// A stretch of one value, and what the engine did meanwhile.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rest {
    pub(super) value: f64,
    pub(super) from_ms: i64,
    pub(super) to_ms: i64,
    pub(super) readings: u32,
    pub(super) rpm: Range,
    pub(super) load: Range,
    pub(super) speed: Range,
    pub(super) running_seconds: u32,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Range {
    low: f64,
    pub(super) high: f64,
}

impl Range {
    const EMPTY: Self = Self {
        low: f64::INFINITY,
        high: f64::NEG_INFINITY,
    };

    pub(super) fn add(&mut self, value: Option<f64>) {
        if let Some(value) = value {
            self.low = self.low.min(value);
            self.high = self.high.max(value);
        }
    }

    pub(super) fn width(self) -> f64 {
        (self.high - self.low).max(0.0)
    }
}

impl Rest {
    pub(super) fn begin(at_ms: i64, value: f64) -> Self {
        Self {
            value,
            from_ms: at_ms,
            to_ms: at_ms,
            readings: 1,
            rpm: Range::EMPTY,
            load: Range::EMPTY,
            speed: Range::EMPTY,
            running_seconds: 0,
        }
    }

    pub(super) fn duration_ms(&self) -> i64 {
        self.to_ms - self.from_ms
    }

    pub(super) fn is_long(&self) -> bool {
        self.readings >= STUCK_READINGS && self.duration_ms() >= STUCK_MS
    }

    pub(super) fn span(&self) -> Span {
        Span {
            from_seconds: seconds(self.from_ms),
            to_seconds: seconds(self.to_ms),
        }
    }
}
