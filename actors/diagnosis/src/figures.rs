//! Figures of the whole drive and of each state, collected second by second.

mod stats;
mod warm_up;

use super::channels::{CHANNELS, Channel};
use super::model::{ChannelFigures, EngineState, Figures, OperatingBin, StateFigures};
use super::states::Second;
use stats::Stats;
use warm_up::WarmUpCurve;

pub use stats::PERCENTILE_ERROR;

const STATES: usize = EngineState::ALL.len();
/// Bins of 500 rpm and 10 % of load.
const RPM_BINS: usize = 20;
const LOAD_BINS: usize = 11;
/// Bins with less say nothing.
const MIN_BIN_SECONDS: u32 = 5;
/// Shares of a state in which the loop was known.
const MIN_KNOWN_LOOP: f64 = 0.5;

/// Collects figures.
#[derive(Debug)]
pub(crate) struct FigureBuilder {
    overall: Vec<Option<Stats>>,
    by_state: Vec<[Option<Stats>; CHANNELS]>,
    /// Seconds in each state, in closed loop, and with the loop known.
    seconds: [[u64; 3]; STATES],
    channel_ms: [i64; CHANNELS],
    bins: Vec<Bin>,
    covered: u64,
    running: u64,
    distance_km: f64,
    warm_up: WarmUpCurve,
    fuel_cut: FuelCut,
    top_gear: Option<Stats>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Bin {
    seconds: u32,
    timing: (u32, f64),
    maf: (u32, f64),
}

impl FigureBuilder {
    pub(crate) fn new() -> Self {
        Self {
            overall: (0..CHANNELS).map(|_| None).collect(),
            by_state: (0..STATES).map(|_| std::array::from_fn(|_| None)).collect(),
            seconds: [[0; 3]; STATES],
            channel_ms: [0; CHANNELS],
            bins: vec![Bin::default(); RPM_BINS * LOAD_BINS],
            covered: 0,
            running: 0,
            distance_km: 0.0,
            warm_up: WarmUpCurve::default(),
            fuel_cut: FuelCut::default(),
            top_gear: None,
        }
    }

    /// A reading of a channel stood for so long.
    pub(crate) fn stood(&mut self, channel: Channel, ms: i64) {
        self.channel_ms[channel.index()] += ms;
    }

    /// Adds a second and the readings taken in it.
    pub(crate) fn second(&mut self, second: &Second<'_>) {
        let state = second.state as usize;
        self.covered += 1;
        self.running += u64::from(second.running);
        let [seconds, closed, known] = &mut self.seconds[state];
        *seconds += 1;
        *closed += u64::from(second.closed_loop == Some(true));
        *known += u64::from(second.closed_loop.is_some());
        for sample in second.readings {
            let index = sample.channel.index();
            stats_of(&mut self.overall[index]).push(sample.value);
            let is_trim = matches!(
                sample.channel,
                Channel::ShortTrim | Channel::LongTrim | Channel::ShortTrim2 | Channel::LongTrim2
            );
            if !is_trim || second.closed_loop == Some(true) {
                stats_of(&mut self.by_state[state][index]).push(sample.value);
            }
        }
        for (index, value) in second.values.iter().enumerate() {
            if !value.is_nan()
                && let Some(stats) = &mut self.by_state[state][index]
            {
                stats.held_seconds += 1;
            }
        }
        if let Some(speed) = second.get(Channel::Speed) {
            self.distance_km += speed / 3_600.0;
            if second.state == EngineState::Cruise
                && let Some(rpm) = second.get(Channel::Rpm)
            {
                stats_of(&mut self.top_gear).push(speed * 1_000.0 / rpm);
            }
        }
        self.add_to_bin(second);
        self.warm_up.second(second);
        self.fuel_cut.second(second);
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    fn add_to_bin(&mut self, second: &Second<'_>) {
        if !second.warm || second.state == EngineState::Overrun {
            return;
        }
        let (Some(rpm), Some(load)) = (second.get(Channel::Rpm), second.get(Channel::Load)) else {
            return;
        };
        let place = bin_of(rpm, load);
        let bin = &mut self.bins[place];
        bin.seconds += 1;
        for (sum, channel) in [
            (&mut bin.timing, Channel::Timing),
            (&mut bin.maf, Channel::Maf),
        ] {
            if let Some(value) = second.get(channel) {
                sum.0 += 1;
                sum.1 += value;
            }
        }
    }

    /// The clock stepped.
    pub(crate) fn stepped(&mut self) {
        self.warm_up.interrupt();
    }

    /// The finished figures; what only the caller knows is left at its default.
    #[allow(clippy::cast_precision_loss)]
    pub(crate) fn finish(self) -> Figures {
        let has_speed = self.overall[Channel::Speed.index()].is_some();
        let states = EngineState::ALL
            .into_iter()
            .zip(self.seconds)
            .zip(self.by_state)
            .filter(|((_, [seconds, ..]), _)| *seconds > 0)
            .map(|((state, seconds), channels)| state_figures(state, seconds, &channels))
            .collect();
        let channel_ms = self.channel_ms;
        let mut channels: Vec<ChannelFigures> = Channel::all()
            .zip(&self.overall)
            .filter_map(|(channel, stats)| Some((channel, stats.as_ref()?)))
            .map(|(channel, stats)| {
                let seconds = super::time::seconds(channel_ms[channel.index()]);
                stats.finish(channel, seconds)
            })
            .collect();
        channels.sort_by(|left, right| left.channel.cmp(&right.channel));
        Figures {
            covered_seconds: self.covered as f64,
            running_seconds: self.running as f64,
            distance_km: has_speed.then(|| round(self.distance_km, 3)),
            warm_up: self.warm_up.finish(),
            fuel_cut_seen: self.fuel_cut.finish(),
            speed_per_1000_rpm: self
                .top_gear
                .filter(|stats| stats.count() >= 60)
                .map(|stats| round(stats.quantile(0.95), 2)),
            states,
            channels,
            bins: self
                .bins
                .iter()
                .enumerate()
                .filter(|(_, bin)| bin.seconds >= MIN_BIN_SECONDS)
                .map(|(place, bin)| bin.finish(place))
                .collect(),
            ..Figures::default()
        }
    }
}

fn stats_of(place: &mut Option<Stats>) -> &mut Stats {
    place.get_or_insert_with(Stats::new)
}

/// The place of a pair of RPM and load.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
pub(crate) fn bin_of(rpm: f64, load: f64) -> usize {
    let rpm = ((rpm / 500.0).max(0.0) as usize).min(RPM_BINS - 1);
    let load = ((load / 10.0).max(0.0) as usize).min(LOAD_BINS - 1);
    rpm * LOAD_BINS + load
}

impl Bin {
    #[allow(clippy::cast_possible_truncation)]
    fn finish(&self, place: usize) -> OperatingBin {
        let mean = |(count, sum): (u32, f64)| {
            (count >= MIN_BIN_SECONDS).then(|| round(sum / f64::from(count), 2))
        };
        OperatingBin {
            rpm_from: (place / LOAD_BINS * 500) as u32,
            load_from: (place % LOAD_BINS * 10) as u32,
            seconds: self.seconds,
            timing: mean(self.timing),
            maf: mean(self.maf),
        }
    }
}

#[allow(clippy::cast_precision_loss)]
fn state_figures(
    state: EngineState,
    [seconds, closed, known]: [u64; 3],
    channels: &[Option<Stats>; CHANNELS],
) -> StateFigures {
    let trim = |channel: Channel| channels[channel.index()].as_ref().map(Stats::mean);
    let sum = trim(Channel::ShortTrim).zip(trim(Channel::LongTrim));
    let mut figures: Vec<ChannelFigures> = Channel::all()
        .zip(channels)
        .filter_map(|(channel, stats)| Some((channel, stats.as_ref()?)))
        .map(|(channel, stats)| stats.finish(channel, f64::from(stats.held_seconds)))
        .collect();
    figures.sort_by(|left, right| left.channel.cmp(&right.channel));
    StateFigures {
        state,
        seconds: seconds as f64,
        closed_loop_share: (known as f64 >= MIN_KNOWN_LOOP * seconds as f64)
            .then(|| round(closed as f64 / known as f64, 3)),
        fuel_trim_sum: sum.map(|(short, long)| round(short + long, 2)),
        channels: figures,
    }
}

/// A figure rounded to this number of decimals: what is stored is what is shown, and equal on every machine.
pub(crate) fn round(value: f64, decimals: i32) -> f64 {
    let scale = 10_f64.powi(decimals);
    let rounded = (value * scale).round() / scale;
    // No negative zero in what is shown.
    if rounded == 0.0 { 0.0 } else { rounded }
}

/// Whether the injection was cut on overrun.
#[derive(Debug, Default)]
struct FuelCut {
    overrun_seconds: u32,
    o2_readings: u32,
    seen: bool,
}

impl FuelCut {
    fn second(&mut self, second: &Second<'_>) {
        if second.state != EngineState::Overrun {
            return;
        }
        self.overrun_seconds += 1;
        for voltage in second.fresh(Channel::FrontO2) {
            self.o2_readings += 1;
            self.seen |= voltage < 0.06;
        }
    }

    fn finish(self) -> Option<bool> {
        (self.overrun_seconds >= 10 && self.o2_readings >= 5 || self.seen).then_some(self.seen)
    }
}

#[cfg(test)]
mod tests;
