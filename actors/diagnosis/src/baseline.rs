//! This drive against the anchor drive and the drives before it.
//!
//! A figure has drifted when it lies outside ±2σ of both the anchor and the earlier drives, or 3σ from the anchor; without
//! an anchor, 3σ from the earlier drives. σ is the spread of the earlier drives, widened by √(1 + 1/n) for their small number,
//! and never below what healthy drives differ by.

use super::channels::Channel;
use super::figures::round;
use super::model::{
    BaselineComparison, BaselineFigure, EngineState, Figures, History, OperatingBin,
};
use super::text;
use super::trims::Mixture;

/// Earlier drives that count.
const DRIVES: usize = 5;
/// Earlier drives without which there is no normal.
pub(crate) const MIN_DRIVES: u32 = 3;
/// Seconds that a bin needs in both drives, and that all common bins need for a comparison.
const MIN_BIN_SECONDS: u32 = 15;
const MIN_COMMON_SECONDS: f64 = 120.0;

/// A figure that is compared between drives.
#[derive(Debug)]
pub(crate) struct Metric {
    pub(crate) figure: &'static str,
    pub(crate) channel: Channel,
    /// The drift rule that it belongs to.
    pub(crate) rule: &'static str,
    /// What healthy drives differ by, one standard deviation.
    floor: Floor,
    value: Value,
}

#[derive(Debug)]
enum Floor {
    Units(f64),
    Share(f64),
}

#[derive(Debug)]
enum Value {
    Own(fn(&Figures) -> Option<f64>),
    /// Over the bins of RPM and load that both drives have.
    Bins(fn(&OperatingBin) -> Option<f64>),
}

/// One comparison.
#[derive(Debug)]
pub(crate) struct Compared {
    pub(crate) metric: &'static Metric,
    pub(crate) figure: BaselineFigure,
}

#[rustfmt::skip]
static METRICS: &[Metric] = &[
    own("long-term fuel trim at warm idle", Channel::LongTrim, "drift_fuel", Floor::Units(1.5),
        |figures| mean_in(figures, EngineState::Idle, Channel::LongTrim, 2, 30.0)),
    own("long-term fuel trim at cruise", Channel::LongTrim, "drift_fuel", Floor::Units(1.5),
        |figures| mean_in(figures, EngineState::Cruise, Channel::LongTrim, 2, 60.0)),
    own("both fuel trims at warm idle", Channel::ShortTrim, "drift_fuel", Floor::Units(2.0),
        |figures| Mixture::of(figures).idle.map(|trim| trim.sum)),
    own("coolant temperature at cruise", Channel::Coolant, "drift_cooling", Floor::Units(2.0),
        |figures| mean_in(figures, EngineState::Cruise, Channel::Coolant, 5, 120.0)),
    own("voltage at cruise", Channel::ModuleVoltage, "drift_charging", Floor::Units(0.15),
        |figures| voltage(figures, EngineState::Cruise)),
    own("voltage at warm idle", Channel::ModuleVoltage, "drift_charging", Floor::Units(0.2),
        |figures| voltage(figures, EngineState::Idle)),
    own("engine speed at warm idle", Channel::Rpm, "drift_idle", Floor::Units(30.0),
        |figures| mean_in(figures, EngineState::Idle, Channel::Rpm, 30, 60.0)),
    own("spread of the engine speed at warm idle", Channel::Rpm, "drift_idle", Floor::Units(25.0),
        idle_spread),
    Metric { figure: "ignition timing at equal speed and load", channel: Channel::Timing, rule: "drift_timing",
        floor: Floor::Units(1.5), value: Value::Bins(|bin| bin.timing) },
    Metric { figure: "air mass at equal speed and load", channel: Channel::Maf, rule: "drift_air",
        // Idle bins are too wide: an air conditioning doubles the air mass within one of them.
        floor: Floor::Share(0.07), value: Value::Bins(|bin| bin.maf.filter(|_| bin.rpm_from >= 1_000)) },
];

const fn own(
    figure: &'static str,
    channel: Channel,
    rule: &'static str,
    floor: Floor,
    value: fn(&Figures) -> Option<f64>,
) -> Metric {
    Metric {
        figure,
        channel,
        rule,
        floor,
        value: Value::Own(value),
    }
}

fn mean_in(
    figures: &Figures,
    state: EngineState,
    channel: Channel,
    readings: u64,
    seconds: f64,
) -> Option<f64> {
    let figures = figures.state(state)?;
    let channel = figures.channel(channel.name())?;
    (channel.readings >= readings && figures.seconds >= seconds).then_some(channel.mean)
}

fn voltage(figures: &Figures, state: EngineState) -> Option<f64> {
    let figures = figures
        .state(state)
        .filter(|figures| figures.seconds >= 60.0)?;
    [Channel::ModuleVoltage, Channel::BatteryVoltage]
        .into_iter()
        .find_map(|channel| figures.channel(channel.name()))
        .filter(|channel| channel.readings >= 5)
        .map(|channel| channel.median)
}

fn idle_spread(figures: &Figures) -> Option<f64> {
    let idle = figures
        .state(EngineState::Idle)
        .filter(|idle| idle.seconds >= 60.0)?;
    let rpm = idle.channel(Channel::Rpm.name())?;
    (rpm.readings >= 60).then_some(rpm.spread)
}

/// Compares all figures that this drive has with those that enough others have.
pub(crate) fn compare(figures: &Figures, history: &History) -> Vec<Compared> {
    METRICS
        .iter()
        .filter_map(|metric| {
            Some(Compared {
                metric,
                figure: metric.compare(figures, history)?,
            })
        })
        .collect()
}

/// The comparison as it is stored.
pub(crate) fn comparison(compared: &[Compared], history: &History) -> BaselineComparison {
    BaselineComparison {
        anchor_drive: history.anchor.as_ref().map(|anchor| anchor.drive),
        earlier_drives: last(history).map(|earlier| earlier.drive).collect(),
        figures: compared
            .iter()
            .map(|compared| compared.figure.clone())
            .collect(),
    }
}

fn last(history: &History) -> impl Iterator<Item = &super::model::EarlierDrive> {
    let skipped = history.earlier.len().saturating_sub(DRIVES);
    history.earlier.iter().skip(skipped)
}

impl Metric {
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)] // Five drives at most.
    fn compare(&self, figures: &Figures, history: &History) -> Option<BaselineFigure> {
        let pairs: Vec<(f64, f64)> = last(history)
            .filter_map(|earlier| self.pair(figures, &earlier.figures))
            .collect();
        let anchor = history
            .anchor
            .as_ref()
            .and_then(|anchor| self.pair(figures, &anchor.figures));
        let count = pairs.len();
        let recent = (count as u32 >= MIN_DRIVES).then_some(&pairs);
        if recent.is_none() && anchor.is_none() {
            return None;
        }
        // The value differs between pairs only where bins are compared; the difference is what counts.
        let differences = |pairs: &[(f64, f64)]| {
            pairs
                .iter()
                .map(|(own, other)| own - other)
                .collect::<Vec<_>>()
        };
        let (recent_difference, spread) = recent.map_or((None, 0.0), |pairs| {
            let differences = differences(pairs);
            let mean = differences.iter().sum::<f64>() / count as f64;
            let squares: f64 = differences
                .iter()
                .map(|difference| (difference - mean).powi(2))
                .sum();
            (Some(mean), (squares / (count as f64 - 1.0)).sqrt())
        });
        let (value, _) = anchor.or(pairs.last().copied())?;
        let floor = match self.floor {
            Floor::Units(floor) => floor,
            Floor::Share(share) => share * value.abs(),
        };
        let widened = if count > 0 {
            (1.0 + 1.0 / count as f64).sqrt()
        } else {
            1.0
        };
        let sigma = spread.max(floor) * widened;
        let anchor_difference = anchor.map(|(own, other)| own - other);
        let drifted = match (anchor_difference, recent_difference) {
            (Some(anchor), Some(recent)) => {
                anchor.abs() > 3.0 * sigma
                    || (anchor.abs() > 2.0 * sigma && recent.abs() > 2.0 * sigma)
            }
            (Some(difference), None) | (None, Some(difference)) => difference.abs() > 3.0 * sigma,
            (None, None) => false,
        };
        Some(BaselineFigure {
            figure: self.figure.to_owned(),
            unit: self.channel.unit().to_owned(),
            value: text::shown(value, self.channel.unit()),
            anchor: anchor_difference
                .map(|difference| text::shown(value - difference, self.channel.unit())),
            mean: recent_difference
                .map(|difference| text::shown(value - difference, self.channel.unit())),
            sigma: round(sigma, 3),
            drives: count as u32,
            drifted,
        })
    }

    /// The figure in this drive and in another one, over what both have in common.
    fn pair(&self, figures: &Figures, other: &Figures) -> Option<(f64, f64)> {
        match self.value {
            Value::Own(value) => Some((value(figures)?, value(other)?)),
            Value::Bins(value) => pair_of_bins(figures, other, value),
        }
    }
}

/// The means over the bins that both drives have, weighted by this drive's seconds.
fn pair_of_bins(
    figures: &Figures,
    other: &Figures,
    value: fn(&OperatingBin) -> Option<f64>,
) -> Option<(f64, f64)> {
    let mut sums = (0.0, 0.0, 0.0);
    for bin in figures
        .bins
        .iter()
        .filter(|bin| bin.seconds >= MIN_BIN_SECONDS)
    {
        let same = other.bins.iter().find(|same| {
            same.rpm_from == bin.rpm_from
                && same.load_from == bin.load_from
                && same.seconds >= MIN_BIN_SECONDS
        });
        if let Some((own, other)) = value(bin).zip(same.and_then(value)) {
            let seconds = f64::from(bin.seconds);
            sums = (
                sums.0 + seconds,
                sums.1 + own * seconds,
                sums.2 + other * seconds,
            );
        }
    }
    (sums.0 >= MIN_COMMON_SECONDS).then(|| (sums.1 / sums.0, sums.2 / sums.0))
}

/// The speed per 1,000 rpm of earlier drives, where enough have it.
#[allow(clippy::cast_precision_loss)]
pub(crate) fn usual_gearing(history: &History) -> Option<f64> {
    let mut gearing: Vec<f64> = last(history)
        .chain(&history.anchor)
        .filter_map(|earlier| earlier.figures.speed_per_1000_rpm)
        .collect();
    gearing.sort_unstable_by(f64::total_cmp);
    (gearing.len() >= MIN_DRIVES as usize).then(|| gearing[gearing.len() / 2])
}

/// Whether PID 0x0B has exceeded 120 kPa under load in any earlier drive: only then is it a boost sensor.
pub(crate) fn has_boost_sensor(history: &History) -> bool {
    let drives = history.earlier.iter().chain(&history.anchor);
    let mut loaded = drives.flat_map(|drive| {
        [EngineState::HighLoad, EngineState::WideOpen]
            .into_iter()
            .filter_map(|state| drive.figures.state(state))
    });
    loaded.any(|state| {
        state
            .channel(Channel::ManifoldPressure.name())
            .is_some_and(|pressure| pressure.p95 > 120.0)
    })
}

#[cfg(test)]
mod tests;
