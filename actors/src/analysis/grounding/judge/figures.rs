//! Figures of channels.

mod relations;

use self::relations::{beyond, by, is_a_limit, range, ranges};
use super::{in_unit, is_beyond, rough};
use crate::analysis::grounding::claims::{Claim, Relation, Side, States};
use crate::analysis::grounding::facts::{Facts, Figure, Statistic};
use crate::analysis::grounding::numbers::{Number, Reading, Sign};
use crate::analysis::grounding::subject::Subject;
use crate::diagnosis::units::{Dimension, Unit};
use crate::diagnosis::{EngineState, text};
use Statistic::{
    Earlier, First, High, Highest, Limit, Low, Lowest, Mean, Median, Other, Spread, Width,
};

/// Statistics that a number without one can be.
const PLAIN: [Statistic; 7] = [Mean, Median, Highest, Lowest, Low, High, Other];

pub(super) fn holds(
    claim: &Claim,
    reading: &Reading,
    subject: Subject,
    facts: &Facts,
    finding: Option<usize>,
) -> bool {
    let figures = meant_figures(claim, reading, subject, facts, finding);
    let statistics = &claim.statistics;
    match claim.relation {
        Relation::Is => {
            (claim.statistics.contains(&Width)
                && ranges(&figures)
                    .any(|(low, high)| is(claim, reading, low, high.value - low.value)))
                || figures
                    .iter()
                    .filter(|figure| can_be(figure, statistics, finding))
                    .any(|figure| is(claim, reading, figure, figure.value))
        }
        Relation::Beyond { side, steady, just } => {
            beyond(claim, reading, &figures, side, steady, just)
        }
        Relation::Always(side) => {
            let only_limits =
                !statistics.is_empty() && statistics.iter().all(|statistic| *statistic == Limit);
            (!only_limits
                && figures.iter().any(|figure| {
                    let extreme = match side {
                        Side::Above => figure.statistic == Lowest,
                        Side::Below => figure.statistic == Highest,
                    };
                    let named = statistics
                        .iter()
                        .any(|statistic| ![Highest, Lowest, Limit].contains(statistic));
                    let counts = if named {
                        statistics.contains(&figure.statistic)
                    } else {
                        extreme
                    };
                    let Some((value, tolerance)) = converted(reading, figure) else {
                        return false;
                    };
                    counts
                        && (is_beyond(side, figure.value, value)
                            || (figure.value - value).abs()
                                <= tolerance.min(0.5 * display_step(figure)))
                }))
                || (statistics.contains(&Limit) && is_a_limit(claim, reading, &figures))
        }
        Relation::By(side) => by(claim, reading, subject, facts, &figures, side),
        Relation::PlusMinus => figures
            .iter()
            .filter(|figure| figure.statistic == Spread)
            .any(|figure| is(claim, reading, figure, figure.value)),
        Relation::Between | Relation::Within | Relation::FromTo(_) => {
            range(claim, reading, &figures)
        }
    }
}

/// How far a meaning of the number is from what it can be about, in sizes of it.
pub(super) fn distance(
    claim: &Claim,
    reading: &Reading,
    subject: Subject,
    facts: &Facts,
    finding: Option<usize>,
) -> f64 {
    if subject == Subject::UNKNOWN {
        return f64::INFINITY;
    }
    meant_figures(claim, reading, subject, facts, finding)
        .into_iter()
        .filter(|figure| [Highest, Lowest, Mean].contains(&figure.statistic))
        .filter_map(|figure| {
            let (value, _) = in_unit(reading, figure.unit)?;
            Some((value - figure.value).abs() / figure.value.abs().max(1e-9))
        })
        .fold(1e9, f64::min)
}

/// The figures of the channel in the states that the claim is about.
fn meant_figures<'f>(
    claim: &Claim,
    reading: &Reading,
    subject: Subject,
    facts: &'f Facts,
    finding: Option<usize>,
) -> Vec<&'f Figure> {
    let dimension = reading.unit.map(Unit::dimension);
    let subject = match (subject.is_none(), dimension) {
        (false, _) => subject,
        (true, Some(dimension)) => {
            let all = Subject::measured_in(dimension);
            let own = facts
                .figures
                .iter()
                .filter(|figure| finding.is_some() && figure.finding == finding)
                .fold(Subject::NONE, |own, figure| own.or(figure.subject))
                .and(all);
            if own.is_none() { all } else { own }
        }
        (true, None) => return Vec::new(),
    };
    let of_subject = |figure: &&Figure| {
        let rate = dimension == Some(Dimension::HeatingRate);
        let same = match (dimension, figure.unit) {
            (Some(dimension), Some(unit)) => dimension == unit.dimension(),
            (None, Some(unit)) => unit.dimension() != Dimension::HeatingRate,
            (None, None) => true,
            (Some(_), None) => false,
        };
        same && (rate || figure.subject.meets(subject))
    };
    let all: Vec<&Figure> = facts.figures.iter().filter(of_subject).collect();
    let is_own = |figure: &Figure| {
        figure.finding.is_some() && (finding.is_none() || figure.finding == finding)
    };
    match &claim.states {
        States::WholeDrive => all
            .into_iter()
            .filter(|figure| figure.state.is_none())
            .collect(),
        States::Some(states) => {
            let states = if claim.all_states.len() > states.len()
                && matches!(claim.relation, Relation::By(_))
            {
                &claim.all_states
            } else {
                states
            };
            let in_state =
                |figure: &Figure| figure.state.is_some_and(|state| states.contains(&state));
            let soft = states.contains(&EngineState::Cold)
                || !all
                    .iter()
                    .any(|figure| in_state(figure) && figure.finding.is_none());
            all.into_iter()
                .filter(|figure| {
                    in_state(figure)
                        || (is_own(figure) && figure.state.is_none())
                        || figure.statistic == Limit
                        || (soft && figure.state.is_none())
                })
                .collect()
        }
        States::Unsaid => {
            let whole = all
                .iter()
                .any(|figure| figure.state.is_none() && figure.finding.is_none());
            all.into_iter()
                .filter(|figure| {
                    figure.state.is_none()
                        || is_own(figure)
                        || figure.subject == Subject::TRIM_SUM
                        || !whole
                })
                .collect()
        }
    }
}

fn can_be(figure: &Figure, statistics: &[Statistic], finding: Option<usize>) -> bool {
    let leads = finding.is_some() && figure.finding == finding && figure.statistic != Limit;
    if statistics.is_empty() && leads {
        return true;
    }
    if statistics.is_empty() {
        return PLAIN.contains(&figure.statistic) || (figure.statistic == First);
    }
    statistics.contains(&figure.statistic)
        || (figure.statistic == Other && statistics.contains(&Mean))
        || (figure.statistic == Other
            && figure
                .unit
                .is_some_and(|unit| unit.dimension() == Dimension::HeatingRate))
}

/// The smallest step that a figure is shown with in its unit.
fn display_step(figure: &Figure) -> f64 {
    let unit = figure.unit.map_or("", Unit::label);
    let fine = [1.0, 0.1, 0.01];
    fine.into_iter()
        .find(|step| {
            (text::shown(*step, unit) - step).abs() < 1e-9
                && text::shown(step / 10.0, unit).abs() < 1e-9
        })
        .unwrap_or(1.0)
}

/// The number in the figure's unit, and how far its rounding reaches there.
fn converted(reading: &Reading, figure: &Figure) -> Option<(f64, f64)> {
    let (value, tolerance) = in_unit(reading, figure.unit)?;
    // Converted from the figure as it is shown.
    let foreign = reading.unit.is_some() && reading.unit != figure.unit;
    let shown = if foreign {
        0.5 * display_step(figure)
    } else {
        0.0
    };
    Some((value, tolerance + shown))
}

/// Whether the number is `value`, a figure or computed from one.
fn is(claim: &Claim, reading: &Reading, figure: &Figure, value: f64) -> bool {
    is_signed(&claim.number, claim.negative, reading, figure, value, claim)
}

fn is_signed(
    number: &Number,
    negative: bool,
    reading: &Reading,
    figure: &Figure,
    value: f64,
    claim: &Claim,
) -> bool {
    let Some((read, tolerance)) = converted(reading, figure) else {
        return false;
    };
    let unit = figure.unit.map_or("", Unit::label);
    let near = |read: f64, tolerance: f64| {
        let tolerance = tolerance.max(rough_in(claim, reading, figure, value)) + 1e-9;
        (read - value).abs() <= tolerance || (read - text::shown(value, unit)).abs() <= tolerance
    };
    near(read, tolerance)
        || (number.sign == Sign::None && negative && value < 0.0 && near(-read, tolerance))
        // A share as a fraction: 0.34 for 34 %.
        || (reading.unit.is_none() && unit == "%" && read.abs() <= 1.5 && near(read * 100.0, tolerance * 100.0))
}

/// The tolerance of a rounded number in the figure's unit.
fn rough_in(claim: &Claim, reading: &Reading, figure: &Figure, value: f64) -> f64 {
    let scale = match (reading.unit, figure.unit) {
        (Some(from), Some(to)) => from.convert_difference(1.0, to).unwrap_or(1.0).abs(),
        _ => 1.0,
    };
    let coarse = Reading {
        precision: reading.precision * scale,
        coarse: reading.coarse * scale,
        ..*reading
    };
    rough(claim, &coarse, value)
}

/// The figure that the claim is most likely about.
pub(super) fn meant<'f>(
    claim: &Claim,
    subject: Subject,
    facts: &'f Facts,
    finding: Option<usize>,
) -> Option<&'f Figure> {
    let reading = claim.number.readings.first()?;
    if subject.is_none() {
        return None;
    }
    let figures = meant_figures(claim, reading, subject, facts, finding);
    let wanted: &[Statistic] = match (claim.statistics.as_slice(), claim.relation) {
        (
            [],
            Relation::Always(Side::Above)
            | Relation::Beyond {
                side: Side::Below, ..
            },
        ) => &[Lowest],
        (
            [],
            Relation::Always(Side::Below)
            | Relation::Beyond {
                side: Side::Above, ..
            },
        ) => &[Highest],
        ([], _) => &[Mean],
        (statistics, _) => statistics,
    };
    figures
        .into_iter()
        .find(|figure| wanted.contains(&figure.statistic))
}

pub(super) fn label(statistic: Statistic) -> &'static str {
    match statistic {
        Mean => "average",
        Median => "median",
        Highest => "highest",
        Lowest => "lowest",
        Low => "5th percentile of the",
        High => "95th percentile of the",
        Spread => "standard deviation of the",
        Width => "range of the",
        First => "first",
        Limit => "limit of the",
        Earlier => "earlier",
        Statistic::Latest | Other => "computed",
    }
}
