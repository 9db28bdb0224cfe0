//! The devices that have readings in a window.

use chrono::NaiveDateTime;
use mysql_async::{Conn, Value};

use crate::database::{DatabaseError, Statement};

/// More devices than these are not named one by one.
const MAX_DEVICES: usize = 100;

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
