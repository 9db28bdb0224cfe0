//! The record of the car.

use mysql_async::Conn;
use mysql_async::prelude::Queryable as _;

use crate::database::DatabaseError;

/// The columns of `vehicle_info` that are useful to a tuner.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Vehicle {
    pub year: Option<i32>,
    pub make: Option<String>,
    pub model: Option<String>,
    pub engine: Option<String>,
    pub fuel_type: Option<String>,
    pub transmission: Option<String>,
    pub drive_type: Option<String>,
    pub body_class: Option<String>,
}

type Text = Option<String>;
type Row = (Option<i64>, Text, Text, Text, Text, Text, Text, Text);

/// The device's car, if its record has arrived: the one that was changed last, where there are several.
pub(super) async fn of_device(
    connection: &mut Conn,
    device_id: &str,
) -> Result<Option<Vehicle>, DatabaseError> {
    let query = "SELECT year, make, model, engine, fuel_type, transmission, drive_type, body_class \
                 FROM vehicle_info WHERE source_device = ? ORDER BY updated_at DESC, id DESC LIMIT 1";
    let row: Option<Row> = connection.exec_first(query, (device_id,)).await?;
    let vehicle = row.map(
        |(year, make, model, engine, fuel_type, transmission, drive_type, body_class)| Vehicle {
            year: year.and_then(|year| year.try_into().ok()),
            make,
            model,
            engine,
            fuel_type,
            transmission,
            drive_type,
            body_class,
        },
    );
    Ok(vehicle)
}
