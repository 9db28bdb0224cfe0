//! Simulated readings for tests.

use crate::diagnosis::Reading;

/// A reading of the simulator as the diagnosis takes it, in milliseconds since key-on.
#[allow(clippy::cast_possible_truncation)] // Seconds of a drive.
pub(crate) fn reading(reading: &simulation::Reading) -> Reading<'_> {
    Reading {
        at_ms: (reading.seconds * 1_000.0).round() as i64,
        channel: reading.parameter,
        value: reading.value,
        unit: Some(reading.unit),
        real: true,
    }
}
