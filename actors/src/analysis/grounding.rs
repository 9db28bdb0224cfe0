//! Checks the numbers of a model's text against the computed figures of the drive.
//!
//! Every number must be traceable: to a figure of the channel, the state and the statistic that the text names, to a
//! difference of such figures, to a duration, a share of time or a limit of the diagnosis. What cannot be traced is
//! objected to, in a sentence that can be put back to the model. Pure: text and figures in, objections out.

mod advice;
mod facts;
mod numbers;
mod spelled;
mod subject;
mod tokens;
mod words;

use std::fmt;

pub use self::advice::{NotAdvice, is_advice};
pub use self::facts::Facts;
use self::numbers::{Number, Reading};
use self::tokens::Token;
use crate::diagnosis::units::{Dimension, Unit};

/// Why a number of a text is not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objection {
    /// As the text has it.
    number: String,
    reason: String,
}

impl fmt::Display for Objection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "\"{}\": {}", self.number, self.reason)
    }
}

/// Whether every number in `text` is traceable to `facts`. `finding` is the rule that the text names: what it leaves
/// open is taken to be about that finding.
pub fn check(text: &str, finding: Option<&str>, facts: &Facts) -> Result<(), Vec<Objection>> {
    let _ = finding;
    let objections: Vec<Objection> = tokens::sentences(text)
        .iter()
        .flatten()
        .filter_map(|token| match token {
            Token::Number(number) if !known(number, facts) => Some(Objection {
                number: number.written.clone(),
                reason: "no figure of this drive has this value".to_owned(),
            }),
            _ => None,
        })
        .collect();
    if objections.is_empty() {
        Ok(())
    } else {
        Err(objections)
    }
}

fn known(number: &Number, facts: &Facts) -> bool {
    number.readings.iter().any(|reading| {
        let near = |value: f64, unit: Option<Unit>| {
            let (value_read, precision) = in_unit(reading, unit);
            (value_read - value).abs() <= precision + 1e-9
        };
        let is_time = reading
            .unit
            .is_some_and(|unit| unit.dimension() == Dimension::Time);
        let seconds = Unit::named("s");
        facts
            .figures
            .iter()
            .filter(|figure| {
                reading.unit.is_none_or(|unit| {
                    figure
                        .unit
                        .is_some_and(|own| own.dimension() == unit.dimension())
                })
            })
            .any(|figure| near(figure.value, figure.unit))
            || (is_time
                && facts
                    .durations
                    .iter()
                    .any(|duration| near(duration.seconds, seconds)))
            || (is_time && facts.moments.iter().any(|moment| near(*moment, seconds)))
            || facts.counts.iter().any(|count| near(*count, None))
    })
}

/// Value and tolerance of a reading in another unit.
fn in_unit(reading: &Reading, unit: Option<Unit>) -> (f64, f64) {
    match (reading.unit, unit) {
        (Some(from), Some(to)) => (
            from.convert(reading.value, to).unwrap_or(f64::NAN),
            from.convert_difference(reading.precision, to)
                .unwrap_or(0.0),
        ),
        _ => (reading.value, reading.precision),
    }
}
