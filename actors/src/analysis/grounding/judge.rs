//! Whether a claim is true of the figures.

mod figures;
mod times;

use super::claims::{Claim, Relation, Side};
use super::facts::{Facts, Quoted, Statistic};
use super::numbers::Reading;
use super::subject::Subject;
use crate::diagnosis::text;
use crate::diagnosis::units::{Dimension, Unit};

/// The claim's truth; the reason against it otherwise.
pub(super) fn judge(claim: &Claim, facts: &Facts, finding: Option<usize>) -> Result<(), String> {
    let readings = claim.number.readings.iter().zip(&claim.subjects);
    // Of several meanings only the likeliest can be above or below something.
    let compares = matches!(
        claim.relation,
        Relation::Beyond { .. } | Relation::Always(_)
    );
    let holds = if compares {
        let far = |reading: &Reading, subject: Subject| {
            figures::distance(claim, reading, subject, facts, finding)
        };
        readings
            .min_by(|left, right| far(left.0, *left.1).total_cmp(&far(right.0, *right.1)))
            .is_some_and(|(reading, subject)| holds(claim, reading, *subject, facts, finding))
    } else {
        readings
            .into_iter()
            .any(|(reading, subject)| holds(claim, reading, *subject, facts, finding))
    };
    if holds {
        return Ok(());
    }
    Err(reason(claim, facts, finding))
}

fn holds(
    claim: &Claim,
    reading: &Reading,
    subject: Subject,
    facts: &Facts,
    finding: Option<usize>,
) -> bool {
    if subject == Subject::UNKNOWN {
        return false;
    }
    let measured = match reading.unit.map(Unit::dimension) {
        Some(Dimension::Time) => times::holds(claim, reading, facts, finding),
        Some(Dimension::Distance) => is_distance(claim, reading, facts),
        Some(Dimension::Volume | Dimension::Frequency) => false,
        Some(Dimension::Share) if is_a_share_of_time(claim, subject) => {
            times::holds_share(claim, reading, facts)
        }
        _ if claim.counts => is_a_count(claim, reading, facts),
        None if subject.is_none() => false,
        _ => figures::holds(claim, reading, subject, facts, finding),
    };
    measured
        || facts
            .quoted
            .iter()
            .any(|quoted| is_quoted(claim, reading, subject, quoted, finding))
}

fn is_a_share_of_time(claim: &Claim, subject: Subject) -> bool {
    claim.of_the_time || (claim.closed_loop && subject.is_none())
}

fn is_distance(claim: &Claim, reading: &Reading, facts: &Facts) -> bool {
    let Some((distance, (value, tolerance))) =
        facts.distance_km.zip(in_unit(reading, Unit::named("km")))
    else {
        return false;
    };
    compares(
        claim,
        value,
        tolerance.max(rough(claim, reading, value)),
        distance,
    )
}

fn is_a_count(claim: &Claim, reading: &Reading, facts: &Facts) -> bool {
    facts.counts.iter().any(|count| {
        compares(
            claim,
            reading.value,
            rough(claim, reading, reading.value).max(1e-9),
            *count,
        )
    })
}

/// Whether `figure` stands in the claimed relation to `value`.
pub(super) fn compares(claim: &Claim, value: f64, tolerance: f64, figure: f64) -> bool {
    match claim.relation {
        Relation::Is => (value - figure).abs() <= tolerance + 1e-9,
        Relation::Beyond { side, just, .. } => {
            is_beyond(side, figure, value)
                && (figure - value).abs() <= if just { 0.06 } else { 0.6 } * value.abs().max(1e-9)
        }
        Relation::Always(side) => {
            is_beyond(side, figure, value) || (figure - value).abs() <= tolerance
        }
        _ => false,
    }
}

pub(super) fn is_beyond(side: Side, figure: f64, value: f64) -> bool {
    match side {
        Side::Above => figure > value,
        Side::Below => figure < value,
    }
}

/// Value and half a unit of its last digit in another unit; none across dimensions. A number without a unit is in it
/// already.
pub(super) fn in_unit(reading: &Reading, unit: Option<Unit>) -> Option<(f64, f64)> {
    match (reading.unit, unit) {
        (Some(from), Some(to)) => Some((
            from.convert(reading.value, to)?,
            from.convert_difference(reading.precision, to)?,
        )),
        (Some(_), None) => None,
        (None, _) => Some((reading.value, reading.precision)),
    }
}

/// How far a number may be off by the way it is rounded, in the unit of `figure`.
pub(super) fn rough(claim: &Claim, reading: &Reading, figure: f64) -> f64 {
    let scale = if reading.precision > 0.0 {
        reading.coarse / reading.precision
    } else {
        1.0
    };
    let coarse = reading.precision * scale;
    let size = figure.abs();
    if claim.roughly {
        coarse.min(0.065 * size).max(0.025 * size)
    } else {
        coarse.min(0.01 * size)
    }
}

/// The same number in a sentence of the diagnosis itself.
fn is_quoted(
    claim: &Claim,
    reading: &Reading,
    subject: Subject,
    quoted: &Quoted,
    finding: Option<usize>,
) -> bool {
    let theirs = &quoted.claim;
    let other_finding = matches!((finding, quoted.finding), (Some(own), Some(of)) if own != of);
    if other_finding && subject.is_none() {
        return false;
    }
    if claim.to.is_some() && theirs.to.is_none() {
        return false;
    }
    let statistics = claim.statistics.is_empty()
        || claim.statistics.contains(&Statistic::Limit)
        || (theirs.statistics.is_empty() && theirs.relation == Relation::Is)
        || claim
            .statistics
            .iter()
            .any(|statistic| theirs.statistics.contains(statistic));
    let side = |relation: Relation| match relation {
        Relation::Beyond { side, .. } | Relation::Always(side) => Some(side),
        _ => None,
    };
    let relation = match (side(claim.relation), side(theirs.relation)) {
        (Some(own), Some(their)) => own == their,
        (Some(_), None) => claim.statistics.contains(&Statistic::Limit),
        (None, Some(_)) => {
            claim.statistics.is_empty() || claim.statistics.contains(&Statistic::Limit)
        }
        (None, None) => true,
    };
    statistics
        && relation
        && theirs
            .number
            .readings
            .iter()
            .zip(&theirs.subjects)
            .any(|(other, their_subject)| {
                let subjects =
                    subject.is_none() || their_subject.is_none() || subject.meets(*their_subject);
                subjects && is_same(reading, other) && ends_match(claim, theirs)
            })
}

fn ends_match(claim: &Claim, theirs: &Claim) -> bool {
    match (&claim.to, &theirs.to) {
        (Some(own), Some(other)) => own
            .readings
            .iter()
            .any(|own| other.readings.iter().any(|other| is_same(own, other))),
        _ => true,
    }
}

fn is_same(own: &Reading, other: &Reading) -> bool {
    let dimension = |reading: &Reading| reading.unit.map(Unit::dimension);
    if dimension(own) != dimension(other) {
        return false;
    }
    in_unit(own, other.unit.or(own.unit))
        .is_some_and(|(value, tolerance)| (value - other.value).abs() <= tolerance.max(1e-9) + 1e-9)
}

/// What to put back to the model.
fn reason(claim: &Claim, facts: &Facts, finding: Option<usize>) -> String {
    if let Some(subject) = claim.mismatch {
        return format!("the {} is not measured in this unit", subject.label());
    }
    let subject = claim.subjects.first().copied().unwrap_or_default();
    if let Some(figure) = figures::meant(claim, subject, facts, finding) {
        let unit = figure.unit.map_or("", Unit::label);
        return format!(
            "the {} {} of this drive is {}",
            figures::label(figure.statistic),
            figure.subject.label(),
            text::value(figure.value, unit)
        );
    }
    match claim
        .number
        .readings
        .first()
        .and_then(|reading| reading.unit)
    {
        Some(unit) if unit.dimension() == Dimension::Time => {
            "no duration of this drive or of its findings is that long".to_owned()
        }
        _ if subject.is_none() => "it cannot be traced to a figure of this drive".to_owned(),
        _ => format!("no figure of the {} has this value", subject.label()),
    }
}
