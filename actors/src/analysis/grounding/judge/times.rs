//! Durations, times of day and shares of time.

use super::{compares, in_unit, rough};
use crate::analysis::grounding::claims::{Claim, Relation, Side, States};
use crate::analysis::grounding::facts::{Duration, Facts};
use crate::analysis::grounding::numbers::Reading;
use crate::diagnosis::EngineState;
use crate::diagnosis::units::Unit;

const DAY_SECONDS: f64 = 86_400.0;

pub(super) fn holds(
    claim: &Claim,
    reading: &Reading,
    facts: &Facts,
    finding: Option<usize>,
) -> bool {
    let Some((seconds, precision)) = in_unit(reading, Unit::named("s")) else {
        return false;
    };
    if reading
        .clock
        .is_some_and(|clock| is_a_time_of_day(clock, reading, facts))
    {
        return true;
    }
    let tolerance = precision.max(if claim.roughly { 0.1 * seconds } else { 0.5 });
    let durations = facts
        .durations
        .iter()
        .filter(|duration| is_meant(claim, duration, finding));
    let mut seconds_of: Vec<f64> = durations.map(|duration| duration.seconds).collect();
    if claim.moment || claim.to.is_some() {
        seconds_of.extend(&facts.moments);
    }
    if let Some(to) = &claim.to {
        let ends = to
            .readings
            .iter()
            .filter_map(|to| in_unit(to, Unit::named("s")));
        let near = |value: f64, tolerance: f64| {
            seconds_of
                .iter()
                .any(|of| (of - value).abs() <= tolerance + 1e-9)
        };
        return near(seconds, tolerance)
            && ends
                .into_iter()
                .any(|(end, precision)| near(end, precision.max(0.5)));
    }
    seconds_of.into_iter().any(|figure| {
        // "over 180 seconds" can be "during".
        compares(claim, seconds, tolerance, figure)
            || (matches!(
                claim.relation,
                Relation::Beyond {
                    side: Side::Above,
                    ..
                }
            ) && (figure - seconds).abs() <= tolerance)
    })
}

fn is_meant(claim: &Claim, duration: &Duration, finding: Option<usize>) -> bool {
    let own = duration.finding.is_some() && (finding.is_none() || duration.finding == finding);
    match &claim.states {
        States::Some(states) => {
            duration.state.map_or(own, |state| states.contains(&state))
                || (claim.of_the_drive && duration.whole)
        }
        States::WholeDrive => duration.whole,
        States::Unsaid => own || duration.whole || duration.state == Some(EngineState::Cold),
    }
}

/// Of the begin or end of the drive or of something in it, UTC; written to the minute or the second.
fn is_a_time_of_day(clock: f64, reading: &Reading, facts: &Facts) -> bool {
    let to_the_minute = reading.coarse > 1.0;
    let ends = facts.durations.iter().filter(|duration| duration.whole);
    let moments = facts
        .moments
        .iter()
        .copied()
        .chain([0.0])
        .chain(ends.map(|duration| duration.seconds));
    moments.into_iter().any(|moment| {
        let of_day = (start_of_day(facts) + moment).rem_euclid(DAY_SECONDS);
        let difference = (of_day - clock).abs();
        difference < if to_the_minute { 60.0 } else { 1.5 }
    })
}

#[allow(clippy::cast_precision_loss)] // Milliseconds of a day are far below 2^52.
fn start_of_day(facts: &Facts) -> f64 {
    facts.start_ms.rem_euclid(86_400_000) as f64 / 1_000.0
}

pub(super) fn holds_share(claim: &Claim, reading: &Reading, facts: &Facts) -> bool {
    let (value, precision) = (reading.value, reading.precision);
    facts
        .shares
        .iter()
        .filter(|share| share.closed_loop == claim.closed_loop)
        .filter(|share| match (&claim.states, share.state) {
            (States::Some(states), Some(state)) => states.contains(&state),
            (States::Some(_), None) | (States::WholeDrive, Some(_)) => false,
            (States::WholeDrive, None) => true,
            (States::Unsaid, state) => state.is_none(),
        })
        .any(|share| {
            let figure = share.fraction * 100.0;
            match claim.relation {
                Relation::Beyond {
                    side: Side::Above, ..
                } => figure > value && figure < value + 25.0,
                Relation::Beyond {
                    side: Side::Below, ..
                } => figure < value && figure > value - 25.0,
                _ => compares(
                    claim,
                    value,
                    precision.max(rough(claim, reading, value)),
                    figure,
                ),
            }
        })
}
