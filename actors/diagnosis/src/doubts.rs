//! Doubts about the data, which come before faults of the engine.
//!
//! A channel in doubt feeds no rule; the doubt is reported as a finding about the sensor or the log.

mod finding;
mod rest;
mod sensor;

use super::channels::{CHANNELS, Channel};
use super::model::{Doubt, DoubtKind, Figures, Span};
use super::states::Second;
use super::text;
use super::time::{Clock, seconds};
use crate::text::counted;
pub(crate) use finding::{about_sensor, switched_speed};
use sensor::SensorWatch;

/// Fewer readings allow no judgement.
const MIN_READINGS: u64 = 60;
/// A drive with a smaller share of covered time has gaps.
const MIN_COVERED: f64 = 0.8;

/// Watches every channel for values that no sensor gives.
#[derive(Debug)]
pub(crate) struct DoubtBuilder {
    sensors: Vec<SensorWatch>,
    unknown_units: Vec<(Channel, String)>,
    others: Vec<Doubt>,
}

impl DoubtBuilder {
    pub(crate) fn new() -> Self {
        Self {
            sensors: Channel::all().map(SensorWatch::new).collect(),
            unknown_units: Vec::new(),
            others: Vec::new(),
        }
    }

    /// A value outside the channel's range; it goes no further.
    pub(crate) fn out_of_range(&mut self, channel: Channel, at_ms: i64, value: f64) {
        self.sensors[channel.index()].out_of_range(at_ms, value);
    }

    /// A unit that does not belong to the channel.
    pub(crate) fn unknown_unit(&mut self, channel: Channel, unit: &str) {
        let known = self
            .unknown_units
            .iter()
            .any(|(other, _)| *other == channel);
        if !known {
            self.unknown_units
                .push((channel, unit.chars().take(32).collect()));
        }
    }

    /// A reading within its range.
    pub(crate) fn reading(&mut self, channel: Channel, at_ms: i64, value: f64) {
        self.sensors[channel.index()].reading(at_ms, value);
    }

    /// A second of the merged timeline: what the engine does while a value rests.
    pub(crate) fn second(&mut self, second: &Second<'_>) {
        for sensor in &mut self.sensors {
            sensor.second(second);
        }
    }

    /// The clock stepped.
    pub(crate) fn stepped(&mut self) {
        self.sensors.iter_mut().for_each(SensorWatch::stepped);
    }

    /// A doubt that only the caller can have, such as an overlap with another drive.
    pub(crate) fn add(&mut self, doubt: Doubt) {
        self.others.push(doubt);
    }

    /// All doubts: sensors first, then the log; and the channels that are in doubt.
    pub(crate) fn finish(self, clock: &Clock, figures: &Figures) -> (Vec<Doubt>, u64) {
        let mut doubts: Vec<Doubt> = self.sensors.iter().flat_map(SensorWatch::finish).collect();
        let channels = self
            .sensors
            .iter()
            .filter(|sensor| sensor.finish().next().is_some())
            .fold(0, |bits, sensor| bits | sensor.channel().bit());
        // Their readings are left out, so the others of the channel are not in doubt.
        for (channel, unit) in self.unknown_units {
            doubts.push(Doubt {
                kind: DoubtKind::UnknownUnit,
                channel: Some(channel.name().to_owned()),
                explanation: format!(
                    "The unit \"{unit}\" does not belong to {}; its readings are left out.",
                    channel.label()
                ),
                span: None,
            });
        }
        doubts.extend(self.others);
        doubts.extend(clock_steps(clock));
        doubts.extend(amount(figures));
        (doubts, channels)
    }
}

fn clock_steps(clock: &Clock) -> Option<Doubt> {
    let (steps, count) = clock.steps();
    let first = steps.first()?;
    let direction = if first.by_ms < 0 {
        "backwards"
    } else {
        "forwards"
    };
    let by = text::duration(seconds(first.by_ms.abs()));
    let more = match count {
        1 => String::new(),
        count => format!(
            ", and stepped {}",
            counted(u64::from(count) - 1, "more time")
        ),
    };
    let at = seconds(first.at_ms);
    Some(Doubt {
        kind: DoubtKind::ClockStep,
        channel: None,
        explanation: format!("The clock stepped {direction} by {by}{more}; the steps add no time."),
        span: Some(Span {
            from_seconds: at,
            to_seconds: at,
        }),
    })
}

fn amount(figures: &Figures) -> Vec<Doubt> {
    let mut doubts = Vec::new();
    if figures.readings < MIN_READINGS {
        doubts.push(Doubt {
            kind: DoubtKind::TooFewReadings,
            channel: None,
            explanation: format!("The drive has {}.", counted(figures.readings, "reading")),
            span: None,
        });
    }
    if figures.elapsed_seconds > 60.0
        && figures.covered_seconds < MIN_COVERED * figures.elapsed_seconds
    {
        doubts.push(Doubt {
            kind: DoubtKind::Gaps,
            channel: None,
            explanation: format!(
                "Readings cover {} of {}.",
                text::duration(figures.covered_seconds),
                text::duration(figures.elapsed_seconds)
            ),
            span: None,
        });
    }
    doubts
}

/// Number of channels that are watched.
const _: () = assert!(CHANNELS <= 64, "the channels in doubt are bits of a u64");

#[cfg(test)]
mod tests;
