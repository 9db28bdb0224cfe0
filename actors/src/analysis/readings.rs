//! The readings of a subject, streamed from the database into its figures: memory does not grow with the drive.

use chrono::NaiveDateTime;
use mysql_async::prelude::Queryable as _;
use mysql_async::{Conn, Params, Value, from_row_opt};

use super::statistics::{Reading, StatisticsBuilder};
use super::subject::Subject;
use crate::database::{DatabaseError, Statement};

/// More devices than these are not told one by one.
const MAX_DEVICES: usize = 100;

/// Time, parameter, value, unit and where it comes from.
pub(super) type Row = (NaiveDateTime, String, f64, Option<String>, Option<String>);

/// Takes in what was measured. Simulated and replayed readings count only where there are no others.
#[derive(Debug, Default)]
pub(super) struct Tally {
    real: StatisticsBuilder,
    others: StatisticsBuilder,
    has_real: bool,
}

impl Tally {
    fn push(&mut self, reading: Reading<'_>, data_source: Option<&str>) {
        if is_real(data_source) {
            if !self.has_real {
                self.has_real = true;
                self.others = StatisticsBuilder::new();
            }
            self.real.push(reading);
        } else if !self.has_real {
            self.others.push(reading);
        }
    }

    /// What the figures are to be made of.
    pub(super) fn into_builder(self) -> StatisticsBuilder {
        if self.has_real {
            self.real
        } else {
            self.others
        }
    }
}

/// Older devices do not say; what they send is real.
pub(super) fn is_real(data_source: Option<&str>) -> bool {
    data_source.is_none_or(|source| {
        let source = source.trim();
        source.is_empty() || source.eq_ignore_ascii_case("real")
    })
}

/// Reads all readings of a subject.
pub(super) async fn tally(
    connection: &mut Conn,
    subject: &Subject,
) -> Result<Tally, DatabaseError> {
    let mut tally = Tally::default();
    for part in &subject.parts {
        let (only, names) = only(subject.parameters.as_deref());
        let query = format!(
            "SELECT timestamp, parameter_name, value, unit, data_source {}{only} ORDER BY {}",
            part.from_where, part.order_by
        );
        let values = part.values.iter().cloned().chain(names);
        let values = Params::Positional(values.collect());
        let mut rows = connection.exec_iter(query, values).await?;
        while let Some(row) = rows.next().await? {
            let (at, parameter, value, unit, data_source): Row = from_row_opt(row)?;
            let reading = Reading {
                at,
                parameter: &parameter,
                value,
                unit: unit.as_deref(),
            };
            tally.push(reading, data_source.as_deref());
        }
    }
    Ok(tally)
}

/// The devices that have readings in a window, in order.
///
/// Each device is one step in the index that leads with it, however many readings the window has. Only where several
/// devices have readings does it matter which of them have these `parameters`.
pub(super) async fn devices_with_any(
    connection: &mut Conn,
    start: NaiveDateTime,
    end: NaiveDateTime,
    parameters: Option<&[String]>,
) -> Result<Vec<String>, DatabaseError> {
    let mut devices = devices_with(connection, start, end, None).await?;
    if parameters.is_some() && devices.len() > 1 {
        devices = devices_with(connection, start, end, parameters).await?;
    }
    Ok(devices)
}

async fn devices_with(
    connection: &mut Conn,
    start: NaiveDateTime,
    end: NaiveDateTime,
    parameters: Option<&[String]>,
) -> Result<Vec<String>, DatabaseError> {
    let (only, names) = only(parameters);
    let query = format!(
        "SELECT device_id FROM devices WHERE EXISTS (SELECT 1 FROM realtime_data \
         FORCE INDEX (ix_realtime_data_timestamp) WHERE source_device = device_id \
         AND timestamp BETWEEN ? AND ?{only}) ORDER BY device_id LIMIT {MAX_DEVICES}"
    );
    let values = [start.into(), end.into()].into_iter().chain(names);
    Statement::new(query, values).fetch_all(connection).await
}

/// A condition that lets only these parameters through, and its values.
fn only(parameters: Option<&[String]>) -> (String, Vec<Value>) {
    match parameters {
        None => (String::new(), Vec::new()),
        Some(names) => {
            let places = vec!["?"; names.len()].join(",");
            let condition = format!(" AND parameter_name IN ({places})");
            (condition, names.iter().map(Value::from).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn tallied(readings: &[(f64, Option<&str>)]) -> (u64, f64) {
        let mut tally = Tally::default();
        for (value, data_source) in readings {
            let reading = Reading {
                at: "2026-02-01T14:30:00".parse().unwrap(),
                parameter: "RPM",
                value: *value,
                unit: None,
            };
            tally.push(reading, *data_source);
        }
        let figures = tally.into_builder().finish();
        (figures.readings, figures.parameters[0].max)
    }

    #[rstest]
    #[case::real(&[(1.0, Some("real")), (2.0, Some("real"))], (2, 2.0))]
    #[case::not_told(&[(1.0, None), (2.0, Some(" ")), (9.0, Some("replay"))], (2, 2.0))]
    #[case::simulated_first(&[(9.0, Some("simulated")), (1.0, Some("real"))], (1, 1.0))]
    #[case::all_simulated(&[(9.0, Some("simulated")), (1.0, Some("replayed"))], (2, 9.0))]
    fn what_is_not_real_counts_only_where_nothing_is(
        #[case] readings: &[(f64, Option<&str>)],
        #[case] counted: (u64, f64),
    ) {
        assert_eq!(tallied(readings), counted);
    }
}
