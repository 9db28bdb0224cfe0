//! Holds the numbers of a recommendation against the figures of the drive.
//!
//! Read are claims like "coolant temperature reached 118 °C", "9500 rpm" or "speed never exceeded 90 mph": a number with a
//! measured parameter named in the same sentence. A claim fits if the number lies within what was measured; a
//! bound ("stayed below 105 °C") fits if it can be true of what was measured. Targets ("should be above 13.5 V"),
//! changes ("by 2 degrees") and numbers of other things ("5 minutes", "cylinder 3") claim nothing.
//!
//! It is a heuristic with a simple promise: a text that names a measured parameter with a value outside its
//! measured range is not grounded. What it cannot relate to a figure it lets pass.

use super::claims::{Bound, Claim, claims, sentences};
use super::mentions::{Mention, mentions};
use crate::analysis::statistics::ParameterStatistics;
use crate::analysis::statistics::units::{Dimension, Unit};
use crate::diagnosis::{ChannelFigures, Figures};

/// A model rounds: a number may be off by this share of the parameter's largest value.
const ROUNDING_SHARE: f64 = 0.02;

/// The figures of a diagnosis as this check takes them.
pub fn figures_of(figures: &Figures) -> Vec<ParameterStatistics> {
    let one = |figures: &ChannelFigures| ParameterStatistics {
        parameter: figures.channel.clone(),
        unit: Some(figures.unit.clone()).filter(|unit| !unit.is_empty()),
        count: figures.readings,
        min: figures.min,
        max: figures.max,
        mean: figures.mean,
        median: figures.median,
        std_dev: Some(figures.spread),
        p5: figures.p5,
        p95: figures.p95,
        first: figures.min,
        last: figures.max,
        covered_seconds: figures.seconds,
        limits: None,
        seconds_above: 0.0,
        seconds_below: 0.0,
    };
    figures.channels.iter().map(one).collect()
}

/// Whether no number in `text` contradicts the figures.
pub fn is_grounded(text: &str, figures: &[ParameterStatistics]) -> bool {
    let text = text.to_lowercase();
    sentences(&text).all(|sentence| {
        let mentions = mentions(sentence, figures);
        claims(sentence).iter().all(|claim| fits(claim, &mentions))
    })
}

/// Whether a claim can be true of one of the parameters that it may be about.
fn fits(claim: &Claim, mentions: &[Mention<'_>]) -> bool {
    // "degrees" may be of an angle or of a temperature: as good as no unit.
    let unit = claim
        .unit
        .filter(|unit| unit.dimension() != Dimension::Angle);
    let about: Vec<_> = match unit {
        Some(unit) => mentions
            .iter()
            .flat_map(|mention| mention.measured(unit.dimension()))
            .collect(),
        None => match nearest_before(claim, mentions) {
            Some(mention) => mention.figures.clone(),
            None => return true,
        },
    };
    about.is_empty()
        || about
            .iter()
            .any(|figures| fits_parameter(claim, unit, figures))
}

/// The parameter that a number without a unit belongs to.
fn nearest_before<'a, 'f>(claim: &Claim, mentions: &'a [Mention<'f>]) -> Option<&'a Mention<'f>> {
    mentions
        .iter()
        .filter(|mention| mention.end <= claim.start)
        .max_by_key(|mention| mention.end)
}

fn fits_parameter(claim: &Claim, unit: Option<Unit>, figures: &ParameterStatistics) -> bool {
    let measured = figures.unit.as_deref().and_then(Unit::named);
    let (value, precision) = match (unit, measured) {
        (Some(unit), Some(measured)) => (
            unit.convert(claim.value, measured).unwrap_or(claim.value),
            unit.convert_difference(claim.precision, measured)
                .unwrap_or(claim.precision),
        ),
        _ => (claim.value, claim.precision),
    };
    let tolerance = precision.max(ROUNDING_SHARE * figures.min.abs().max(figures.max.abs()));
    let (min, max) = (figures.min - tolerance, figures.max + tolerance);
    match claim.bound {
        Bound::None => {
            (min..=max).contains(&value) || is_a_measure_of_spread(value, tolerance, figures)
        }
        Bound::Below => value >= min,
        Bound::Above => value <= max,
        Bound::NeverAbove => value >= figures.max - tolerance,
        Bound::NeverBelow => value <= figures.min + tolerance,
    }
}

/// "a standard deviation of 640 rpm", "swings of 2700 rpm".
fn is_a_measure_of_spread(value: f64, tolerance: f64, figures: &ParameterStatistics) -> bool {
    let near = |figure: f64| (value - figure).abs() <= tolerance;
    figures.std_dev.is_some_and(near) || near(figures.max - figures.min)
}

#[cfg(test)]
mod tests;
