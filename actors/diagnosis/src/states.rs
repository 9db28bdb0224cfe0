//! What the engine does in each second: the merged timeline's value of every channel becomes one state.

use super::channels::names::is_closed_loop;
use super::channels::{CHANNELS, Channel};
use super::model::EngineState;

/// Below this the engine does not run.
pub(crate) const RUNNING_RPM: f64 = 400.0;
/// From here on the engine is warm.
pub(crate) const WARM_C: f64 = 70.0;
/// Without a coolant channel, an engine that ran for this long is taken to be warm.
const WARM_AFTER_SECONDS: u32 = 600;
/// Speed below which a car stands: sensors report 0, some 1 or 2.
const STANDING_KMH: f64 = 2.5;
/// Short-term trim that did not move for this long is no sign of closed loop.
const TRIM_MOVES_SECONDS: u32 = 30;

/// One reading on the drive's own time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Sample {
    pub(crate) channel: Channel,
    pub(crate) at_ms: i64,
    pub(crate) value: f64,
}

/// One second of the merged timeline.
#[derive(Debug)]
pub(crate) struct Second<'a> {
    /// Seconds since the first reading.
    pub(crate) index: u64,
    pub(crate) state: EngineState,
    pub(crate) running: bool,
    /// Seconds since the engine started, or since the first reading if it ran then.
    pub(crate) since_start: u32,
    pub(crate) warm: bool,
    /// None where it cannot be determined.
    pub(crate) closed_loop: Option<bool>,
    /// None without a throttle channel.
    pub(crate) throttle_closed: Option<bool>,
    /// None without a speed channel.
    pub(crate) standing: Option<bool>,
    /// Seconds that the car has been standing with the engine running.
    pub(crate) standing_for: u32,
    /// The values that stand in this second; NaN for none.
    pub(crate) values: &'a [f64; CHANNELS],
    /// The readings taken in it.
    pub(crate) readings: &'a [Sample],
}

impl Second<'_> {
    /// The value that stands.
    pub(crate) fn get(&self, channel: Channel) -> Option<f64> {
        let value = self.values[channel.index()];
        (!value.is_nan()).then_some(value)
    }

    /// Readings of a channel taken in this second.
    pub(crate) fn fresh(&self, channel: Channel) -> impl Iterator<Item = f64> {
        self.readings
            .iter()
            .filter(move |sample| sample.channel == channel)
            .map(|sample| sample.value)
    }

    pub(crate) fn moving(&self) -> Option<bool> {
        self.standing.map(|standing| !standing)
    }
}

/// What the classifier adds to the values of a second.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Class {
    pub(crate) state: EngineState,
    pub(crate) running: bool,
    pub(crate) since_start: u32,
    pub(crate) warm: bool,
    pub(crate) closed_loop: Option<bool>,
    pub(crate) throttle_closed: Option<bool>,
    pub(crate) standing: Option<bool>,
    pub(crate) standing_for: u32,
}

/// Classifies second after second.
#[derive(Debug)]
pub(crate) struct Classifier {
    speeds: [f64; 10],
    next_speed: usize,
    since_start: u32,
    standing_for: u32,
    throttle: ClosedThrottle,
    has_fuel_status: bool,
    trim: f64,
    trim_rested: u32,
}

impl Classifier {
    pub(crate) fn new() -> Self {
        Self {
            speeds: [f64::NAN; 10],
            next_speed: 0,
            since_start: 0,
            standing_for: 0,
            throttle: ClosedThrottle::new(),
            has_fuel_status: false,
            trim: f64::NAN,
            trim_rested: u32::MAX,
        }
    }

    /// Learns from a reading before its second is classified.
    pub(crate) fn learn(&mut self, channel: Channel, value: f64, running: bool) {
        match channel {
            Channel::FuelStatus => self.has_fuel_status = true,
            Channel::Throttle if running => self.throttle.learn(value),
            _ => {}
        }
    }

    /// After a pause the engine has just started, as far as is known.
    pub(crate) fn pause(&mut self) {
        self.speeds = [f64::NAN; 10];
        self.since_start = 0;
        self.standing_for = 0;
    }

    pub(crate) fn classify(&mut self, values: &[f64; CHANNELS]) -> Class {
        let get = |channel: Channel| {
            let value = values[channel.index()];
            (!value.is_nan()).then_some(value)
        };
        let rpm = get(Channel::Rpm);
        let speed = get(Channel::Speed);
        let coolant = get(Channel::Coolant);
        let running = rpm.is_some_and(|rpm| rpm >= RUNNING_RPM);
        let standing = speed.map(|speed| speed < STANDING_KMH);
        // Missing readings stop neither the engine nor the car; but while the engine runs, a car without a speed may have moved.
        self.since_start = match rpm {
            None => self.since_start,
            Some(_) if running => self.since_start + 1,
            Some(_) => 0,
        };
        self.standing_for = match standing {
            Some(true) if running => self.standing_for + 1,
            Some(true) | None if rpm.is_none() => self.standing_for,
            _ => 0,
        };
        self.speeds[self.next_speed] = speed.unwrap_or(f64::NAN);
        self.next_speed = (self.next_speed + 1) % self.speeds.len();
        self.watch_trim(get(Channel::ShortTrim));

        let throttle_closed = get(Channel::Throttle)
            .and_then(|throttle| self.throttle.is_closed(throttle))
            .or_else(|| get(Channel::RelativeThrottle).map(|relative| relative < 1.5));
        let warm = match coolant {
            Some(coolant) => coolant >= WARM_C,
            None => running && self.since_start > WARM_AFTER_SECONDS,
        };
        let state = match rpm {
            None => EngineState::Unknown,
            Some(_) if !running => EngineState::Off,
            Some(_) if coolant.is_some() && !warm => EngineState::Cold,
            Some(_) if !warm => EngineState::Unknown,
            Some(rpm) => self.warm_state(
                rpm,
                speed,
                get(Channel::Load),
                get(Channel::Throttle),
                throttle_closed,
            ),
        };
        Class {
            state,
            running,
            since_start: self.since_start,
            warm: warm && running,
            closed_loop: self.closed_loop(running, get(Channel::FuelStatus)),
            throttle_closed,
            standing,
            standing_for: self.standing_for,
        }
    }

    fn warm_state(
        &self,
        rpm: f64,
        speed: Option<f64>,
        load: Option<f64>,
        throttle: Option<f64>,
        closed: Option<bool>,
    ) -> EngineState {
        let standing = speed.map(|speed| speed < STANDING_KMH);
        // The first seconds after a start load the engine without any meaning.
        let settled = rpm >= 1_000.0 && self.since_start > 5;
        // A diesel's throttle is open at any load.
        let works = load.is_none_or(|load| load >= 50.0);
        let open = works && throttle.is_some_and(|open| open >= 80.0);
        if settled && (open || load.is_some_and(|load| load >= 90.0)) {
            EngineState::WideOpen
        } else if settled && load.is_some_and(|load| load >= 70.0) {
            EngineState::HighLoad
        } else if (500.0..=1_100.0).contains(&rpm)
            && closed != Some(false)
            && (standing == Some(true) || (standing.is_none() && closed == Some(true)))
        {
            EngineState::Idle
        } else if closed == Some(true) && speed.is_some_and(|speed| speed > 20.0) && rpm > 1_200.0 {
            EngineState::Overrun
        } else if self.is_steady()
            && speed.is_some_and(|speed| speed >= 40.0)
            && load.is_none_or(|load| (20.0..=60.0).contains(&load))
        {
            EngineState::Cruise
        } else {
            EngineState::Other
        }
    }

    /// Within ±5 km/h over the last ten seconds.
    fn is_steady(&self) -> bool {
        let low = self
            .speeds
            .iter()
            .fold(f64::INFINITY, |low, speed| low.min(*speed));
        let high = self
            .speeds
            .iter()
            .fold(f64::NEG_INFINITY, |high, speed| high.max(*speed));
        !self.speeds.iter().any(|speed| speed.is_nan()) && high - low <= 10.0
    }

    fn watch_trim(&mut self, trim: Option<f64>) {
        if let Some(trim) = trim {
            if self.trim.is_nan() || (trim - self.trim).abs() < 1e-9 {
                self.trim_rested = self.trim_rested.saturating_add(1);
            } else {
                self.trim_rested = 0;
            }
            self.trim = trim;
        }
    }

    fn closed_loop(&self, running: bool, status: Option<f64>) -> Option<bool> {
        if self.has_fuel_status {
            return status.map(|status| running && is_closed_loop(status));
        }
        if self.trim.is_nan() {
            return None;
        }
        if running && self.trim_rested < TRIM_MOVES_SECONDS {
            Some(true)
        } else if self.trim.abs() < 1e-9 {
            Some(false)
        } else {
            None
        }
    }
}

/// Where this car's throttle is closed: sensors read anything from 0 to 20 % then.
#[derive(Debug)]
struct ClosedThrottle {
    /// Readings in steps of half a percent.
    counts: [u32; 201],
    total: u32,
    closed_at: Option<f64>,
}

impl ClosedThrottle {
    /// An electronic throttle idles some percent above its stop.
    const MARGIN: f64 = 3.5;

    fn new() -> Self {
        Self {
            counts: [0; 201],
            total: 0,
            closed_at: None,
        }
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    fn learn(&mut self, value: f64) {
        let step = ((value * 2.0).clamp(0.0, 200.0)) as usize;
        self.counts[step] = self.counts[step].saturating_add(1);
        self.total = self.total.saturating_add(1);
        if self.total < 64 || self.total.is_multiple_of(32) {
            self.closed_at = self.find();
        }
    }

    /// The lowest step with more than a stray reading.
    #[allow(clippy::cast_precision_loss)]
    fn find(&self) -> Option<f64> {
        let enough = (self.total / 100).max(3);
        let mut seen = 0;
        for (step, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= enough {
                return Some(step as f64 / 2.0);
            }
        }
        None
    }

    /// A throttle that never came below 35 % has not been seen closed.
    fn is_closed(&self, value: f64) -> Option<bool> {
        let closed_at = self.closed_at.filter(|at| *at < 35.0)?;
        Some(value <= closed_at + Self::MARGIN)
    }
}

#[cfg(test)]
mod tests;
