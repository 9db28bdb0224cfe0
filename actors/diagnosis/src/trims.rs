//! Fuel trims by what the engine does: the mixture of a drive.

use crate::channels::Channel;
use crate::model::{EngineState, Figures};

/// Short- and long-term trim together, in closed loop.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trim {
    pub(crate) sum: f64,
    pub(crate) seconds: f64,
    /// The state it is from, or that most of it is from.
    pub(crate) state: EngineState,
}

/// The mixture where it separates causes; none where there is too little data.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mixture {
    pub(crate) idle: Option<Trim>,
    /// Cruise, or all driving where there is too little of it.
    pub(crate) driving: Option<Trim>,
    pub(crate) load: Option<Trim>,
}

impl Mixture {
    pub(crate) fn of(figures: &Figures) -> Self {
        use EngineState::{Cruise, HighLoad, Idle, Other, WideOpen};
        let driving = trim(figures, &[Cruise], 60.0)
            .or_else(|| trim(figures, &[Other, Cruise, HighLoad], 120.0));
        Self {
            idle: trim(figures, &[Idle], 30.0),
            driving,
            load: trim(figures, &[HighLoad, WideOpen], 15.0),
        }
    }

    /// The leanest under way: cruise or load.
    pub(crate) fn leanest_driving(&self) -> Option<Trim> {
        match (self.driving, self.load) {
            (Some(driving), Some(load)) if load.sum > driving.sum => Some(load),
            (driving, load) => driving.or(load),
        }
    }
}

/// Each trim is averaged over its own readings, so that a slow one is never carried from one state into another.
#[allow(clippy::cast_precision_loss)]
fn trim(figures: &Figures, states: &[EngineState], min_seconds: f64) -> Option<Trim> {
    let states = || states.iter().filter_map(|state| figures.state(*state));
    let mean = |channel: Channel, min_readings: u64| {
        let (count, sum) = states()
            .filter_map(|state| state.channel(channel.name()))
            .fold((0, 0.0), |(count, sum), figures| {
                (
                    count + figures.readings,
                    sum + figures.mean * figures.readings as f64,
                )
            });
        (count >= min_readings).then(|| sum / count as f64)
    };
    let seconds: f64 = states()
        .map(|state| state.seconds * state.closed_loop_share.unwrap_or(0.0))
        .sum();
    let sum = mean(Channel::ShortTrim, 15)? + mean(Channel::LongTrim, 2)?;
    let most = states().max_by(|left, right| left.seconds.total_cmp(&right.seconds))?;
    (seconds >= min_seconds).then_some(Trim {
        sum,
        seconds: seconds.round(),
        state: most.state,
    })
}

#[cfg(test)]
mod tests;
