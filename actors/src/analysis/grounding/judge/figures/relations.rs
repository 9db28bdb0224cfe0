//! Limits, differences and ranges.

use super::{converted, display_step, is, is_signed, rough_in};
use crate::analysis::grounding::claims::{Claim, Relation, Side};
use crate::analysis::grounding::facts::Statistic::{
    Earlier, First, High, Highest, Limit, Low, Lowest, Mean, Median, Other, Spread, Width,
};
use crate::analysis::grounding::facts::{Facts, Figure, Statistic};
use crate::analysis::grounding::judge::is_beyond;
use crate::analysis::grounding::numbers::{Number, Reading};
use crate::analysis::grounding::subject::Subject;
use crate::diagnosis::EngineState;
use crate::diagnosis::units::Unit;

pub(super) fn is_a_limit(claim: &Claim, reading: &Reading, figures: &[&Figure]) -> bool {
    figures
        .iter()
        .filter(|figure| figure.statistic == Limit)
        .any(|figure| is(claim, reading, figure, figure.value))
}

pub(super) fn beyond(
    claim: &Claim,
    reading: &Reading,
    figures: &[&Figure],
    side: Side,
    steady: bool,
    just: bool,
) -> bool {
    // A limit that the drive went beyond, or that a text on limits names.
    let limit = |figure: &&&Figure| {
        figure.statistic == Limit
            && is(claim, reading, figure, figure.value)
            && (claim.statistics.contains(&Limit)
                || figures.iter().any(|own| {
                    own.finding == figure.finding
                        && own.statistic != Limit
                        && is_beyond(side, own.value, figure.value)
                }))
    };
    let only_limits = !claim.statistics.is_empty()
        && claim.statistics.iter().all(|statistic| *statistic == Limit);
    if (claim.statistics.is_empty() || claim.statistics.contains(&Limit))
        && figures.iter().any(|figure| limit(&figure))
    {
        return true;
    }
    if only_limits {
        return false;
    }
    let satisfied = |statistics: &[Statistic]| {
        figures
            .iter()
            .filter(|figure| statistics.contains(&figure.statistic))
            .any(|figure| {
                converted(reading, figure).is_some_and(|(value, _)| {
                    is_beyond(side, figure.value, value)
                        && (!just || (figure.value - value).abs() <= 0.06 * value.abs())
                })
            })
    };
    if !claim.statistics.is_empty() {
        return satisfied(&claim.statistics);
    }
    match (steady, side) {
        (true, _) => satisfied(&[Mean, Median, Other]),
        (false, Side::Above) => satisfied(&[Highest, Other]),
        (false, Side::Below) => satisfied(&[Lowest, Other]),
    }
}

/// Pairs of figures of one channel in one state that bound it.
pub(super) fn ranges<'f>(
    figures: &'f [&'f Figure],
) -> impl Iterator<Item = (&'f Figure, &'f Figure)> {
    let ends = [(Lowest, Highest), (Low, High)];
    ends.into_iter().flat_map(move |(low, high)| {
        figures
            .iter()
            .filter(move |figure| figure.statistic == low)
            .flat_map(move |low| {
                figures
                    .iter()
                    .filter(move |figure| {
                        figure.statistic == high
                            && figure.subject == low.subject
                            && figure.state == low.state
                    })
                    .map(move |high| (*low, *high))
            })
    })
}

pub(super) fn by(
    claim: &Claim,
    reading: &Reading,
    subject: Subject,
    facts: &Facts,
    figures: &[&Figure],
    side: Option<Side>,
) -> bool {
    let points = |figure: &Figure, from: f64, to: f64| {
        let difference = to - from;
        let directed = match side {
            Some(Side::Above) => difference >= 0.0,
            Some(Side::Below) => difference <= 0.0,
            None => true,
        };
        directed && is_difference(claim, reading, figure, difference.abs())
    };
    let pairs_of = |from: Statistic, to: Statistic, same_finding: bool| {
        figures
            .iter()
            .filter(move |figure| figure.statistic == from)
            .any(|from| {
                figures
                    .iter()
                    .filter(move |figure| {
                        figure.statistic == to
                            && figure.subject.meets(from.subject)
                            && if same_finding {
                                figure.finding == from.finding
                            } else {
                                figure.state == from.state
                            }
                    })
                    .any(|to| points(from, from.value, to.value))
            })
    };
    // "3 % higher at idle than at cruise".
    if let [first, .., last] = claim.all_states.as_slice()
        && first != last
    {
        let of = |state: EngineState| {
            facts.figures.iter().filter(move |figure| {
                figure.subject.meets(subject)
                    && figure.state == Some(state)
                    && [Mean, Median, Other].contains(&figure.statistic)
            })
        };
        return of(*last).any(|from| {
            of(*first).any(|to| {
                to.statistic == from.statistic
                    && to.subject == from.subject
                    && points(from, from.value, to.value)
            })
        });
    }
    let evidence = [Mean, Median, Highest, Lowest, Width, Spread, Other];
    let against_limit = || evidence.into_iter().any(|of| pairs_of(Limit, of, true));
    if claim.to_limit {
        return against_limit();
    }
    if claim.statistics.contains(&Earlier) {
        return pairs_of(Earlier, Mean, false);
    }
    let inside = [
        (Lowest, Highest),
        (Highest, Lowest),
        (First, Highest),
        (Low, High),
        (High, Low),
        (Mean, Highest),
        (Mean, Lowest),
    ];
    if inside
        .into_iter()
        .any(|(from, to)| pairs_of(from, to, false))
        || against_limit()
        || pairs_of(Earlier, Mean, false)
    {
        return true;
    }
    // "swings by 300 rpm", "retarded by 6°".
    figures
        .iter()
        .filter(|figure| [Spread, Width, Other].contains(&figure.statistic))
        .any(|figure| is_difference(claim, reading, figure, figure.value.abs()))
}

/// A difference has no offset: 9 °F are 5 K.
fn is_difference(claim: &Claim, reading: &Reading, figure: &Figure, difference: f64) -> bool {
    let (value, tolerance) = match (reading.unit, figure.unit) {
        (Some(from), Some(to)) => {
            let Some(value) = from.convert_difference(reading.value, to) else {
                return false;
            };
            let precision = from
                .convert_difference(reading.precision, to)
                .unwrap_or(0.0);
            (value, precision)
        }
        (Some(_), None) => return false,
        (None, _) => (reading.value, reading.precision),
    };
    // A difference of two figures as they are shown.
    let tolerance =
        tolerance.max(rough_in(claim, reading, figure, difference)) + display_step(figure);
    (value.abs() - difference).abs() <= tolerance
}

pub(super) fn range(claim: &Claim, reading: &Reading, figures: &[&Figure]) -> bool {
    let Some(to) = &claim.to else { return false };
    let others = to
        .readings
        .iter()
        .filter(|to| to.unit.map(Unit::dimension) == reading.unit.map(Unit::dimension));
    let within = claim.relation == Relation::Within;
    let ends = |low: &Figure, high: &Figure, to: &Reading| {
        is(claim, reading, low, low.value)
            && is_signed(
                to_number(claim),
                claim.negative,
                to,
                high,
                high.value,
                claim,
            )
    };
    let contains = |low: &Figure, high: &Figure, to: &Reading| {
        let (Some((from, from_tolerance)), Some((to, to_tolerance))) =
            (converted(reading, low), converted(to, high))
        else {
            return false;
        };
        from <= low.value + from_tolerance && high.value <= to + to_tolerance
    };
    others.into_iter().any(|to| {
        ranges(figures).any(|(low, high)| {
            ends(low, high, to)
                || ends(high, low, to)
                || (within && low.statistic == Lowest && contains(low, high, to))
        }) || scatter(figures).any(|(low, high)| ends(&low, &high, to))
            || (matches!(claim.relation, Relation::FromTo(_)) && steps(claim, reading, to, figures))
            || limits(claim, reading, to, figures)
    })
}

fn to_number(claim: &Claim) -> &Number {
    claim.to.as_ref().unwrap_or(&claim.number)
}

/// Mean less and plus a standard deviation.
fn scatter<'f>(figures: &'f [&'f Figure]) -> impl Iterator<Item = (Figure, Figure)> {
    figures
        .iter()
        .filter(|figure| figure.statistic == Mean)
        .flat_map(move |mean| {
            figures
                .iter()
                .filter(|figure| {
                    figure.statistic == Spread
                        && figure.subject == mean.subject
                        && figure.state == mean.state
                })
                .map(|spread| {
                    let at = |value: f64| Figure {
                        value,
                        ..(*mean).clone()
                    };
                    (at(mean.value - spread.value), at(mean.value + spread.value))
                })
        })
}

/// "rose from 20 to 91 °C": two figures in the claimed order.
fn steps(claim: &Claim, reading: &Reading, to: &Reading, figures: &[&Figure]) -> bool {
    let side = match claim.relation {
        Relation::FromTo(side) => side,
        _ => None,
    };
    let counts = |figure: &&&Figure| {
        [
            First, Highest, Lowest, Mean, Median, Earlier, Other, Low, High,
        ]
        .contains(&figure.statistic)
    };
    figures.iter().filter(counts).any(|from| {
        figures.iter().filter(counts).any(|end| {
            let directed = match side {
                Some(Side::Above) => end.value >= from.value,
                Some(Side::Below) => end.value <= from.value,
                None => true,
            };
            directed
                && from.subject.meets(end.subject)
                && is(claim, reading, from, from.value)
                && is_signed(to_number(claim), claim.negative, to, end, end.value, claim)
        })
    })
}

/// Two limits of a channel.
fn limits(claim: &Claim, reading: &Reading, to: &Reading, figures: &[&Figure]) -> bool {
    let mut limits = figures.iter().filter(|figure| figure.statistic == Limit);
    let all: Vec<&&Figure> = limits.by_ref().collect();
    all.iter().any(|low| {
        all.iter().any(|high| {
            low.value < high.value
                && is(claim, reading, low, low.value)
                && is_signed(
                    to_number(claim),
                    claim.negative,
                    to,
                    high,
                    high.value,
                    claim,
                )
        })
    })
}
