//! From readings in the order of the device to seconds with a value of every channel.
//!
//! The first two minutes are held back, so that each channel's median interval is known before its first reading has to
//! stand for some time, and fractions can be distinguished from percentages.

use super::channels::{CHANNELS, Channel};
use super::states::{Class, Classifier, RUNNING_RPM, Sample, Second};
use super::time::{Intervals, seconds};

/// How much is held back at the begin.
const LOOK_AHEAD_MS: i64 = 120_000;
const LOOK_AHEAD_READINGS: usize = 16_384;
/// More readings in one second than any device takes are processed in portions.
const MAX_PENDING: usize = 4_096;

/// What wants to see seconds.
pub(crate) trait Observer {
    /// A reading, before its second is complete.
    fn reading(&mut self, sample: &Sample);
    /// A reading stood for so long.
    fn stood(&mut self, channel: Channel, ms: i64);
    /// A complete second.
    fn second(&mut self, second: &Second<'_>);
    /// The clock stepped: how long the next reading is after those before is not known.
    fn stepped(&mut self);
}

/// Merges the channels.
#[derive(Debug)]
pub(crate) struct Timeline {
    held: [Held; CHANNELS],
    intervals: Vec<Intervals>,
    held_back: Option<Vec<Sample>>,
    /// Channels whose values are fractions where percentages are meant.
    fractions: u64,
    assumed_units: u64,
    pending: Vec<Sample>,
    values: [f64; CHANNELS],
    next_second: u64,
    classifier: Classifier,
    latest_ms: i64,
}

/// The latest reading of a channel.
#[derive(Clone, Copy, Debug)]
struct Held {
    value: f64,
    at_ms: i64,
    until_ms: i64,
}

impl Held {
    const NOTHING: Self = Self {
        value: f64::NAN,
        at_ms: 0,
        until_ms: i64::MIN,
    };
}

impl Timeline {
    pub(crate) fn new() -> Self {
        Self {
            held: [Held::NOTHING; CHANNELS],
            intervals: (0..CHANNELS).map(|_| Intervals::new()).collect(),
            held_back: Some(Vec::new()),
            fractions: 0,
            assumed_units: 0,
            pending: Vec::new(),
            values: [f64::NAN; CHANNELS],
            next_second: 0,
            classifier: Classifier::new(),
            latest_ms: 0,
        }
    }

    /// The usual interval of a channel in milliseconds.
    pub(crate) fn interval_ms(&self, channel: Channel) -> i64 {
        self.intervals[channel.index()].median_ms()
    }

    /// The usual interval of a channel in seconds.
    pub(crate) fn interval_seconds(&self, channel: Channel) -> f64 {
        seconds(self.interval_ms(channel))
    }

    /// The values of this channel carry no unit.
    pub(crate) fn assume_unit(&mut self, channel: Channel) {
        self.assumed_units |= channel.bit();
    }

    /// Adds a reading in its canonical unit; times never run backwards.
    pub(crate) fn push(&mut self, sample: Sample, observer: &mut impl Observer) {
        let Some(held_back) = &mut self.held_back else {
            self.process(sample, observer);
            return;
        };
        held_back.push(sample);
        if sample.at_ms >= LOOK_AHEAD_MS || held_back.len() >= LOOK_AHEAD_READINGS {
            self.release(observer);
        }
    }

    /// The clock stepped back while the drive went on.
    pub(crate) fn step(&mut self, observer: &mut impl Observer) {
        self.release(observer);
        observer.stepped();
    }

    /// Nothing stands across this point, and the engine may have stopped meanwhile.
    pub(crate) fn pause(&mut self, observer: &mut impl Observer) {
        self.release(observer);
        self.end_all(observer);
        self.classifier.pause();
        observer.stepped();
    }

    /// Processes the rest: each channel's last reading stands for one interval.
    pub(crate) fn finish(&mut self, observer: &mut impl Observer) {
        self.release(observer);
        self.end_all(observer);
    }

    fn release(&mut self, observer: &mut impl Observer) {
        let Some(held_back) = self.held_back.take() else {
            return;
        };
        let mut latest = [None; CHANNELS];
        for sample in &held_back {
            let index = sample.channel.index();
            if let Some(before) = latest[index].replace(sample.at_ms) {
                self.intervals[index].push(sample.at_ms - before);
            }
        }
        self.fractions = fractions(&held_back, self.assumed_units);
        // The intervals are counted again below, which does not move their median.
        for sample in held_back {
            self.process(sample, observer);
        }
    }

    fn scaled(&self, sample: &Sample) -> f64 {
        if self.fractions & sample.channel.bit() == 0 {
            sample.value
        } else {
            sample.value * 100.0
        }
    }

    fn process(&mut self, mut sample: Sample, observer: &mut impl Observer) {
        sample.value = self.scaled(&sample);
        self.close_seconds_before(sample.at_ms, observer);
        if self.pending.len() >= MAX_PENDING {
            self.close_second(observer);
        }
        self.latest_ms = sample.at_ms;
        let index = sample.channel.index();
        let held = self.held[index];
        let intervals = &mut self.intervals[index];
        if held.until_ms > i64::MIN {
            let passed = sample.at_ms - held.at_ms;
            intervals.push(passed);
            observer.stood(sample.channel, passed.min(intervals.hold_ms()));
        }
        self.held[index] = Held {
            value: sample.value,
            at_ms: sample.at_ms,
            until_ms: sample.at_ms + intervals.hold_ms(),
        };
        let running = self.held[Channel::Rpm.index()].value >= RUNNING_RPM;
        self.classifier.learn(sample.channel, sample.value, running);
        observer.reading(&sample);
        self.pending.push(sample);
    }

    fn end_all(&mut self, observer: &mut impl Observer) {
        let mut end_ms = self.latest_ms;
        for channel in Channel::all() {
            let held = &mut self.held[channel.index()];
            if held.until_ms > i64::MIN {
                let stands = self.intervals[channel.index()].last_hold_ms();
                observer.stood(channel, stands);
                held.until_ms = held.at_ms + stands;
                end_ms = end_ms.max(held.until_ms);
            }
        }
        self.close_seconds_before(end_ms, observer);
        if !self.pending.is_empty() {
            self.close_second(observer);
        }
        self.held = [Held::NOTHING; CHANNELS];
    }

    fn close_seconds_before(&mut self, at_ms: i64, observer: &mut impl Observer) {
        while second_ms(self.next_second + 1) <= at_ms {
            if self.pending.is_empty() && !self.anything_stands() {
                // A gap: on to the second of the next reading.
                self.next_second = u64::try_from(at_ms / 1_000).unwrap_or(self.next_second);
                return;
            }
            self.close_second(observer);
            self.next_second += 1;
        }
    }

    fn anything_stands(&self) -> bool {
        let begin = second_ms(self.next_second);
        self.held.iter().any(|held| held.until_ms > begin)
    }

    fn close_second(&mut self, observer: &mut impl Observer) {
        let begin = second_ms(self.next_second);
        for (value, held) in self.values.iter_mut().zip(&self.held) {
            *value = if held.until_ms > begin {
                held.value
            } else {
                f64::NAN
            };
        }
        let Class {
            state,
            running,
            since_start,
            warm,
            closed_loop,
            throttle_closed,
            standing,
            standing_for,
        } = self.classifier.classify(&self.values);
        observer.second(&Second {
            index: self.next_second,
            state,
            running,
            since_start,
            warm,
            closed_loop,
            throttle_closed,
            standing,
            standing_for,
            values: &self.values,
            readings: &self.pending,
        });
        self.pending.clear();
    }
}

fn second_ms(second: u64) -> i64 {
    i64::try_from(second).map_or(i64::MAX, |second| second.saturating_mul(1_000))
}

/// Channels whose first minutes hold nothing but 0..1 where a percentage of a running engine is larger.
fn fractions(samples: &[Sample], assumed_units: u64) -> u64 {
    let mut found = 0;
    for channel in [Channel::FuelLevel, Channel::Throttle, Channel::Load] {
        let values = || {
            samples
                .iter()
                .filter(|sample| sample.channel == channel)
                .map(|sample| sample.value)
        };
        let highest = values().fold(0.0_f64, f64::max);
        // A tank is not driven on less than one percent, whatever its unit says.
        let may_be = channel == Channel::FuelLevel || assumed_units & channel.bit() != 0;
        if may_be && highest > 0.0 && highest <= 1.0 {
            found |= channel.bit();
        }
    }
    found
}

#[cfg(test)]
mod tests;
