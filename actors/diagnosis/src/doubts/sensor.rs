use super::rest::{Rest, STUCK_MS};
use crate::channels::Channel;
use crate::model::{Doubt, DoubtKind, Span};
use crate::states::Second;
use crate::text;
use crate::time::seconds;

/// A coolant gauge may rest for long once it is warm; a cold one may not.
const COLD_COOLANT_MS: i64 = 300_000;
/// Air mass at which sensors of this size are at their end.
const CLIPPED_MAF: f64 = 150.0;

/// Watches one channel.
#[derive(Debug)]
pub(super) struct SensorWatch {
    channel: Channel,
    readings: u64,
    /// Values outside the range: count, first and last time, one that converts into the range from another unit.
    outside: u64,
    outside_span: Option<(i64, i64)>,
    outside_value: f64,
    other_unit: u64,
    open: u64,
    jumps: u32,
    jump: Option<(i64, f64, f64)>,
    latest: Option<(i64, f64)>,
    rest: Rest,
    /// The longest rest while the engine's state changed.
    stuck: Option<Rest>,
    clipped: Option<Rest>,
}

impl SensorWatch {
    pub(super) fn new(channel: Channel) -> Self {
        Self {
            channel,
            readings: 0,
            outside: 0,
            outside_span: None,
            outside_value: 0.0,
            other_unit: 0,
            open: 0,
            jumps: 0,
            jump: None,
            latest: None,
            rest: Rest::begin(0, f64::NAN),
            stuck: None,
            clipped: None,
        }
    }

    pub(super) fn channel(&self) -> Channel {
        self.channel
    }

    pub(super) fn out_of_range(&mut self, at_ms: i64, value: f64) {
        self.outside += 1;
        let (from, _) = self.outside_span.unwrap_or((at_ms, at_ms));
        self.outside_span = Some((from, at_ms));
        self.outside_value = value;
        self.other_unit += u64::from(fits_another_unit(self.channel, value));
    }

    pub(super) fn reading(&mut self, at_ms: i64, value: f64) {
        self.readings += 1;
        self.open += u64::from(value <= -39.5);
        if let Some((before_ms, before)) = self.latest
            && self.is_jump(at_ms - before_ms, value - before)
        {
            self.jumps += 1;
            self.jump.get_or_insert((at_ms, before, value));
        }
        self.latest = Some((at_ms, value));
        // NaN differs from everything: the first reading begins a rest.
        if (value - self.rest.value).abs() < 1e-9 {
            self.rest.readings += 1;
            self.rest.to_ms = at_ms;
            self.judge_rest();
        } else {
            self.rest = Rest::begin(at_ms, value);
        }
    }

    pub(super) fn second(&mut self, second: &Second<'_>) {
        // The start itself loads the engine.
        if self.readings > 0 && second.running && second.since_start > 10 {
            self.rest.rpm.add(second.get(Channel::Rpm));
            self.rest.load.add(second.get(Channel::Load));
            self.rest.speed.add(second.get(Channel::Speed));
            self.rest.running_seconds += 1;
        }
    }

    /// What changed while the clock stepped may have taken any time.
    pub(super) fn stepped(&mut self) {
        self.latest = None;
    }

    /// More than the quantity can change between two readings.
    fn is_jump(&self, passed_ms: i64, change: f64) -> bool {
        let passed = seconds(passed_ms);
        let change = change.abs();
        match self.channel {
            // The thermostat may let cold coolant through between two slow readings.
            Channel::Coolant => passed <= 60.0 && change > 10.0 + 0.5 * (passed - 1.0).max(0.0),
            Channel::IntakeAir => passed <= 5.0 && change > 25.0,
            // Beyond the grip of any tyre.
            Channel::Speed => passed <= 10.0 && change > 30.0 + 45.0 * passed,
            _ => false,
        }
    }

    fn judge_rest(&mut self) {
        if self.is_stuck()
            && self
                .stuck
                .is_none_or(|stuck| stuck.duration_ms() < self.rest.duration_ms())
        {
            self.stuck = Some(self.rest);
        }
        let rest = &self.rest;
        if self.channel == Channel::Maf
            && rest.value >= CLIPPED_MAF
            && rest.readings >= 5
            && rest.rpm.width() >= 300.0
        {
            self.clipped = Some(*rest);
        }
    }

    /// One value for long while the engine did different things.
    fn is_stuck(&self) -> bool {
        let rest = &self.rest;
        if !rest.is_long() || rest.running_seconds < 60 {
            return false;
        }
        let engine_changes = rest.rpm.width() >= 800.0 && rest.load.width() >= 15.0;
        match self.channel {
            // Warm coolant rests at the thermostat's temperature, and open throttle trims rest at zero.
            Channel::Coolant => {
                (-39.0..65.0).contains(&rest.value) && rest.duration_ms() >= COLD_COOLANT_MS
            }
            Channel::ShortTrim => engine_changes && rest.value.abs() > 1e-9,
            Channel::Rpm => rest.speed.width() >= 30.0 && rest.load.width() >= 15.0,
            Channel::Load => rest.rpm.width() >= 800.0 && rest.speed.width() >= 20.0,
            // A car that stands does not load its engine.
            Channel::Speed => {
                rest.rpm.width() >= 1_500.0
                    && rest.load.high >= 60.0
                    && rest.duration_ms() >= 2 * STUCK_MS
            }
            // A closed throttle rests as well; an engine that works has it open. A diesel's is open throughout.
            Channel::Throttle => {
                engine_changes
                    && rest.value < 70.0
                    && rest.load.high >= 60.0
                    && rest.speed.width() >= 20.0
            }
            channel => engine_changes && !channel.spec().may_rest,
        }
    }

    /// What there is to doubt.
    pub(super) fn finish(&self) -> impl Iterator<Item = Doubt> {
        [
            self.outside_doubt(),
            self.open_doubt(),
            self.jump_doubt(),
            self.stuck_doubt(),
            self.clipped_doubt(),
        ]
        .into_iter()
        .flatten()
    }

    fn doubt(&self, kind: DoubtKind, explanation: String, span: Option<Span>) -> Doubt {
        Doubt {
            kind,
            channel: Some(self.channel.name().to_owned()),
            explanation,
            span,
        }
    }

    fn outside_doubt(&self) -> Option<Doubt> {
        let all = self.readings + self.outside;
        // A stray value is left out; more are a fault.
        if self.outside < 3 || self.outside * 50 < all {
            return None;
        }
        let spec = self.channel.spec();
        let value = text::value(self.outside_value, spec.unit);
        let (from, to) = self.outside_span.unwrap_or_default();
        let span = Some(Span {
            from_seconds: seconds(from),
            to_seconds: seconds(to),
        });
        let of = format!("{} of {all} readings of {}", self.outside, spec.label);
        Some(if self.other_unit * 10 >= self.outside * 9 {
            self.doubt(
                DoubtKind::UnitSwitched,
                format!("{of} fit only in another unit, such as {value}."),
                span,
            )
        } else {
            self.doubt(
                DoubtKind::OutOfRange,
                format!("{of} are outside the sensor's range, such as {value}."),
                span,
            )
        })
    }

    fn open_doubt(&self) -> Option<Doubt> {
        let is_sensor = matches!(
            self.channel,
            Channel::Coolant | Channel::IntakeAir | Channel::Ambient | Channel::OilTemp
        );
        (is_sensor && self.readings >= 5 && self.open == self.readings).then(|| {
            let explanation = format!(
                "{} reads −40 °C throughout: the sensor's circuit is open.",
                sentence(self.channel.label())
            );
            self.doubt(DoubtKind::OpenCircuit, explanation, None)
        })
    }

    fn jump_doubt(&self) -> Option<Doubt> {
        let (at_ms, before, after) = self.jump?;
        let needed = if self.channel == Channel::Coolant {
            1
        } else {
            2
        };
        let unit = self.channel.unit();
        (self.jumps >= needed).then(|| {
            let times = if self.jumps == 1 {
                String::new()
            } else {
                format!(", {} times in all", self.jumps)
            };
            let explanation = format!(
                "{} jumps from {} to {}{times}: no sensor can follow that.",
                sentence(self.channel.label()),
                text::value(before, unit),
                text::value(after, unit)
            );
            let at = seconds(at_ms);
            let span = Span {
                from_seconds: at,
                to_seconds: at,
            };
            self.doubt(DoubtKind::Jump, explanation, Some(span))
        })
    }

    fn stuck_doubt(&self) -> Option<Doubt> {
        let rest = self.stuck?;
        let explanation = format!(
            "{} rests at {} for {} while the engine's state changes.",
            sentence(self.channel.label()),
            text::value(rest.value, self.channel.unit()),
            text::duration(seconds(rest.duration_ms()))
        );
        Some(self.doubt(DoubtKind::Stuck, explanation, Some(rest.span())))
    }

    fn clipped_doubt(&self) -> Option<Doubt> {
        let rest = self.clipped?;
        let explanation = format!(
            "{} stays flat at {} while the engine speed changes: the sensor is at its end.",
            sentence(self.channel.label()),
            text::value(rest.value, self.channel.unit())
        );
        Some(self.doubt(DoubtKind::Clipped, explanation, Some(rest.span())))
    }
}

fn sentence(label: &str) -> String {
    text::sentence(label)
}

/// Whether a value outside the range is inside it in another unit.
fn fits_another_unit(channel: Channel, value: f64) -> bool {
    let spec = channel.spec();
    let others: &[f64] = match spec.unit {
        "°C" => &[(value - 32.0) / 1.8],
        "km/h" => &[value * 0.621_371],
        "kPa" => &[
            value * 6.894_757,
            value / 6.894_757,
            value * 100.0,
            value / 10.0,
            value * 3.386_389,
        ],
        // 5 and 12 V come from a short to the sensors' supply or to the battery, not from a logger that writes millivolts.
        "V" if value >= 20.0 => &[value / 1_000.0],
        _ => &[],
    };
    // A sensor at its electrical end (215 °C, 255) means nothing in any unit.
    others
        .iter()
        .any(|other| (spec.low..=spec.high).contains(other))
        && !(spec.unit == "°C" && value >= 214.5)
}

#[cfg(test)]
mod tests;
