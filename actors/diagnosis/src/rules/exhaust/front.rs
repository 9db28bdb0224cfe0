use crate::channels::Channel;
use crate::model::{EngineState, NotJudgedReason, Tier};
use crate::rules::draft::{Draft, Judgement, evidence};
use crate::rules::{Drive, Rule};
use crate::states::Second;
use crate::text;
use crate::thresholds::Limits;
use crate::time::span;

/// Slow polling hits one side of a healthy sensor several times in a row by chance: 20 times in 2^20.
const MIN_RUN: u32 = 20;
/// The sensor needs its heat.
const MIN_SINCE_START: u32 = 120;

/// `front_o2_stuck`.
#[derive(Debug)]
pub(super) struct FrontStuck {
    low: f64,
    high: f64,
    middle: f64,
    needed_seconds: f64,
    needed_readings: f64,
    readings: u32,
    side: Option<Run>,
    extreme: Option<Run>,
    longest_side: Option<Run>,
    longest_extreme: Option<Run>,
}

/// Neighbouring readings on one side.
#[derive(Clone, Copy, Debug)]
struct Run {
    is_rich: bool,
    readings: u32,
    from: u64,
    to: u64,
    sum: f64,
}

impl FrontStuck {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            low: limits.get("low"),
            high: limits.get("high"),
            middle: limits.get("middle"),
            needed_seconds: limits.get("for"),
            needed_readings: limits.get("readings"),
            readings: 0,
            side: None,
            extreme: None,
            longest_side: None,
            longest_extreme: None,
        }
    }
}

/// Continues a run or begins a new one; `side` is none in the middle.
fn follow(
    run: &mut Option<Run>,
    longest: &mut Option<Run>,
    side: Option<bool>,
    index: u64,
    voltage: f64,
) {
    let Some(is_rich) = side else {
        *run = None;
        return;
    };
    let mut now = run
        .filter(|run| run.is_rich == is_rich && index <= run.to + 120)
        .unwrap_or(Run {
            is_rich,
            readings: 0,
            from: index,
            to: index,
            sum: 0.0,
        });
    now.readings += 1;
    now.to = index + 1;
    now.sum += voltage;
    *run = Some(now);
    if longest.is_none_or(|longest| longest.readings < now.readings) {
        *longest = *run;
    }
}

impl Rule for FrontStuck {
    fn second(&mut self, second: &Second<'_>) {
        // A fuel cut takes the sensor to 0 V, and enrichment keeps it at 0.9 V: both are healthy.
        let regulates = second.warm
            && second.since_start > MIN_SINCE_START
            && second.closed_loop == Some(true)
            && !matches!(
                second.state,
                EngineState::Overrun | EngineState::WideOpen | EngineState::HighLoad
            );
        for voltage in second.fresh(Channel::FrontO2) {
            if !regulates {
                continue;
            }
            self.readings += 1;
            let extreme =
                (voltage < self.low || voltage > self.high).then_some(voltage > self.middle);
            follow(
                &mut self.extreme,
                &mut self.longest_extreme,
                extreme,
                second.index,
                voltage,
            );
            let side = Some(voltage > self.middle);
            follow(
                &mut self.side,
                &mut self.longest_side,
                side,
                second.index,
                voltage,
            );
        }
    }

    #[allow(clippy::cast_precision_loss)]
    fn judge(&self, drive: &Drive<'_>) -> Judgement {
        if f64::from(self.readings) < self.needed_readings {
            return Judgement::too_little(
                "There are too few readings of the front O2 sensor in warm closed loop.",
            );
        }
        let all = drive.figures.channel(Channel::FrontO2.name());
        // Wide-range sensors report a constant of about 0.66 V or so here.
        if all.is_some_and(|all| all.p5 >= 0.5 && all.p95 <= 0.78) {
            return Judgement::NotJudged(
                NotJudgedReason::ChannelMissing,
                "The front sensor seems to be a wide-range one, which this channel does not show."
                    .to_owned(),
            );
        }
        let extreme = self.longest_extreme.filter(|run| {
            run.readings >= MIN_RUN && (run.to - run.from) as f64 >= self.needed_seconds
        });
        let side = self.longest_side.filter(|run| {
            f64::from(run.readings) >= self.needed_readings
                && (run.to - run.from) as f64 >= self.needed_seconds
        });
        let Some(run) = extreme.or(side) else {
            return Judgement::Passed;
        };
        let mean = run.sum / f64::from(run.readings);
        let word = if run.is_rich { "rich" } else { "lean" };
        let seconds = u32::try_from(run.to - run.from).unwrap_or(u32::MAX);
        let explanation = format!(
            "In closed loop the front O2 sensor stays {word} at {} on average for {}, {} readings in a row.",
            text::value(mean, "V"),
            text::duration(f64::from(seconds)),
            run.readings
        );
        let found = evidence("mean front O2 voltage", Channel::FrontO2, mean)
            .against(self.middle)
            .within(span(run.from, run.to))
            .lasting(seconds);
        Draft::new(Tier::Investigate, explanation, vec![found])
            .with_data(f64::from(run.readings), 120.0)
            .found()
    }
}
