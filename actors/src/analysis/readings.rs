//! The readings of a subject, streamed from the database into its figures: memory does not grow with the drive.

use chrono::NaiveDateTime;
use mysql_async::prelude::Queryable as _;
use mysql_async::{Conn, Params, Value, from_row_opt};

use super::statistics::{Reading, StatisticsBuilder};
use super::subject::{Selection, Subject};
use crate::database::DatabaseError;

/// More devices than these are not told one by one.
const MAX_DEVICES: usize = 100;

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
fn is_real(data_source: Option<&str>) -> bool {
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
    let Query { statement, values } = readings_of(subject);
    let mut tally = Tally::default();
    let mut rows = connection
        .exec_iter(statement, Params::Positional(values))
        .await?;
    while let Some(row) = rows.next().await? {
        let (at, parameter, value, unit, data_source): (
            NaiveDateTime,
            String,
            f64,
            Option<String>,
            Option<String>,
        ) = from_row_opt(row)?;
        let reading = Reading {
            at,
            parameter: &parameter,
            value,
            unit: unit.as_deref(),
        };
        tally.push(reading, data_source.as_deref());
    }
    Ok(tally)
}

/// The devices that have readings in a window, in order.
pub(super) async fn devices_with_any(
    connection: &mut Conn,
    start: NaiveDateTime,
    end: NaiveDateTime,
    parameters: Option<&[String]>,
) -> Result<Vec<String>, DatabaseError> {
    let mut query = Query::new(
        "SELECT DISTINCT source_device FROM realtime_data WHERE timestamp BETWEEN ? AND ?",
        [start.into(), end.into()],
    );
    query.narrow_to(parameters);
    query.push(&format!(" ORDER BY source_device LIMIT {MAX_DEVICES}"), []);
    let Query { statement, values } = query;
    Ok(connection
        .exec(statement, Params::Positional(values))
        .await?)
}

fn readings_of(subject: &Subject) -> Query {
    let (device, start, end) = (&subject.device_id, subject.start, subject.end);
    let mut query = Query::new(
        "SELECT timestamp, parameter_name, value, unit, data_source FROM realtime_data WHERE source_device = ?",
        [device.into()],
    );
    match subject.selection {
        Selection::Window => {
            query.push(" AND timestamp BETWEEN ? AND ?", [start.into(), end.into()]);
            query.narrow_to(subject.parameters.as_deref());
            query.push(" ORDER BY timestamp, id", []);
        }
        Selection::Drive {
            drive_id,
            first_source_id,
            last_source_id,
        } => {
            query.push(
                " AND source_id BETWEEN ? AND ? \
                 AND (drive_id = ? OR drive_id IS NULL AND timestamp BETWEEN ? AND ?)",
                [
                    first_source_id.into(),
                    last_source_id.into(),
                    drive_id.into(),
                    start.into(),
                    end.into(),
                ],
            );
            query.narrow_to(subject.parameters.as_deref());
            // The order in which they were taken, whatever the device's clock did meanwhile.
            query.push(" ORDER BY source_id", []);
        }
    }
    query
}

/// A statement and the values for it.
struct Query {
    statement: String,
    values: Vec<Value>,
}

impl Query {
    fn new<const N: usize>(statement: &str, values: [Value; N]) -> Self {
        Self {
            statement: statement.to_owned(),
            values: values.into(),
        }
    }

    fn push<const N: usize>(&mut self, statement: &str, values: [Value; N]) {
        self.statement.push_str(statement);
        self.values.extend(values);
    }

    fn narrow_to(&mut self, parameters: Option<&[String]>) {
        if let Some(parameters) = parameters {
            let places = vec!["?"; parameters.len()].join(",");
            self.push(&format!(" AND parameter_name IN ({places})"), []);
            self.values.extend(parameters.iter().map(Value::from));
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
