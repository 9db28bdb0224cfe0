//! Diagnoses the readings of a drive or a window: they are streamed, so memory does not grow with the drive.

use chrono::NaiveDateTime;
use mysql_async::prelude::Queryable as _;
use mysql_async::{Conn, Params, from_row_opt};

use super::vehicle::{self, Vehicle};
use super::{baselines, subject::Subject};
use crate::database::DatabaseError;
use crate::diagnosis::{
    Diagnoser, Diagnosis, Doubt, DoubtKind, Reading, Settings, Traces, VehicleFacts,
};
use crate::drives::{self, DriveReadings, Part};

/// Time, channel, value, unit and where it comes from.
type Row = (NaiveDateTime, String, f64, Option<String>, Option<String>);

/// What is diagnosed.
#[derive(Clone, Debug)]
pub(super) struct Target<'a> {
    pub device_id: &'a str,
    /// `drives.id`, where it is a drive.
    pub drive: Option<i64>,
    pub start: NaiveDateTime,
    pub end: NaiveDateTime,
    pub part: Part,
    /// The names of readings to count.
    pub parameters: Option<&'a [String]>,
}

impl<'a> Target<'a> {
    /// A drive with this `drives.id`.
    pub(super) fn drive(drive: i64, readings: &'a DriveReadings) -> Self {
        Self {
            device_id: &readings.device_id,
            drive: Some(drive),
            start: readings.start,
            end: readings.end.unwrap_or(readings.window_end),
            part: readings.part(),
            parameters: None,
        }
    }

    pub(super) fn subject(subject: &'a Subject) -> Self {
        Self {
            device_id: &subject.device_id,
            drive: subject.drive,
            start: subject.start,
            end: subject.end,
            part: subject.part.clone(),
            parameters: subject.parameters.as_deref(),
        }
    }
}

/// A target that was diagnosed.
#[derive(Clone, Debug)]
pub(super) struct Computed {
    pub diagnosis: Diagnosis,
    /// The drive at the resolution of a plot.
    pub traces: Traces,
    /// The record of the car, if it has arrived.
    pub vehicle: Option<Vehicle>,
    /// How many readings have one of the target's `parameters`; all of them where it has none.
    pub readings: u64,
}

/// Reads and diagnoses.
pub(super) async fn compute(
    connection: &mut Conn,
    settings: &Settings,
    target: &Target<'_>,
) -> Result<Computed, DatabaseError> {
    let vehicle = vehicle::of_device(connection, target.device_id).await?;
    let mut settings = settings.clone();
    // The thresholds file has the last word.
    settings.vehicle = settings.vehicle.or(facts(vehicle.as_ref()));
    let history =
        baselines::history(connection, target.device_id, target.start, target.drive).await?;
    let mut diagnoser = Diagnoser::new(&settings, history);
    let readings = read(connection, target, &mut diagnoser).await?;
    if let Some(drive) = target.drive
        && drives::overlaps(
            connection,
            target.device_id,
            drive,
            target.start,
            target.end,
        )
        .await?
    {
        diagnoser.doubt(Doubt {
            kind: DoubtKind::Overlap,
            channel: None,
            explanation: "Another drive of the device was under way at the same time: readings of the two may be mixed up.".to_owned(),
            span: None,
        });
    }
    let (diagnosis, traces) = diagnoser.finish();
    Ok(Computed {
        diagnosis,
        traces,
        vehicle,
        readings,
    })
}

/// What the record of the car says about its engine.
fn facts(vehicle: Option<&Vehicle>) -> VehicleFacts {
    vehicle.map_or_else(VehicleFacts::default, |vehicle| {
        VehicleFacts::described(
            vehicle.make.as_deref(),
            vehicle.model.as_deref(),
            vehicle.engine.as_deref(),
        )
    })
}

/// Streams the readings in the order in which the device took them; returns how many have a wanted name.
async fn read(
    connection: &mut Conn,
    target: &Target<'_>,
    diagnoser: &mut Diagnoser,
) -> Result<u64, DatabaseError> {
    let Part {
        from_where,
        values,
        order_by,
    } = target.part.clone();
    let query = format!(
        "SELECT timestamp, parameter_name, value, unit, data_source {from_where} ORDER BY {order_by}"
    );
    let mut rows = connection
        .exec_iter(query, Params::Positional(values))
        .await?;
    let mut wanted = 0;
    while let Some(row) = rows.next().await? {
        let (at, channel, value, unit, data_source): Row = from_row_opt(row)?;
        if target
            .parameters
            .is_none_or(|names| names.contains(&channel))
        {
            wanted += 1;
        }
        diagnoser.push(Reading {
            at_ms: at.and_utc().timestamp_millis(),
            channel: &channel,
            value,
            unit: unit.as_deref(),
            real: is_real(data_source.as_deref()),
        });
    }
    Ok(wanted)
}

/// Older devices do not say; what they send is real.
fn is_real(data_source: Option<&str>) -> bool {
    data_source.is_none_or(|source| {
        let source = source.trim();
        source.is_empty() || source.eq_ignore_ascii_case("real")
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(None, true)]
    #[case(Some(" "), true)]
    #[case(Some("real"), true)]
    #[case(Some(" Real "), true)]
    #[case(Some("replay"), false)]
    #[case(Some("physics_sim"), false)]
    fn readings_that_say_nothing_are_real(#[case] data_source: Option<&str>, #[case] real: bool) {
        assert_eq!(is_real(data_source), real);
    }
}
