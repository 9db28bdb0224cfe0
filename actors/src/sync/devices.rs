//! The registered devices and their API keys, of which only the SHA-256 (lower-case hex) is stored.

use chrono::NaiveDateTime;
use mysql_async::Conn;
use mysql_async::prelude::Queryable as _;

use crate::database::{DatabaseError, Transaction, first_row, rows};

/// A device that has sent a batch or was registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Its `deviceId`.
    pub id: String,
    /// Its display name.
    pub name: Option<String>,
    /// Whether it has a key of its own.
    pub has_key: bool,
    /// When its latest batch arrived, in UTC.
    pub last_seen: Option<NaiveDateTime>,
}

/// The device whose key has this SHA-256.
pub async fn device_with_key(
    connection: &mut Conn,
    sha256: &str,
) -> Result<Option<String>, DatabaseError> {
    let query = "SELECT device_id FROM devices WHERE api_key_hash = ?";
    first_row(connection, query, (sha256,)).await
}

/// Gives a device its first key, and a display name where one is given. The device may have sent batches before.
/// Returns `false` and changes nothing if it already has a key.
pub async fn register_device(
    transaction: &mut Transaction<'_>,
    id: &str,
    name: Option<&str>,
    sha256: &str,
) -> Result<bool, DatabaseError> {
    let insert =
        "INSERT INTO devices (device_id) VALUES (?) ON DUPLICATE KEY UPDATE device_id = device_id";
    let connection = transaction.connection().await?;
    connection.exec_drop(insert, (id,)).await?;
    let update = "UPDATE devices SET api_key_hash = ?, display_name = COALESCE(?, display_name) \
                  WHERE device_id = ? AND api_key_hash IS NULL";
    connection.exec_drop(update, (sha256, name, id)).await?;
    Ok(connection.affected_rows() == 1)
}

/// Replaces the key of a device. Returns `false` if there is no such device.
pub async fn replace_key(
    connection: &mut Conn,
    id: &str,
    sha256: &str,
) -> Result<bool, DatabaseError> {
    let update = "UPDATE devices SET api_key_hash = ? WHERE device_id = ?";
    connection.exec_drop(update, (sha256, id)).await?;
    Ok(connection.affected_rows() == 1)
}

/// Deletes a device and its key but none of its rows. Returns `false` if there is no such device.
pub async fn remove_device(connection: &mut Conn, id: &str) -> Result<bool, DatabaseError> {
    let delete = "DELETE FROM devices WHERE device_id = ?";
    connection.exec_drop(delete, (id,)).await?;
    Ok(connection.affected_rows() == 1)
}

/// All devices in the order of their ids.
pub async fn all_devices(connection: &mut Conn) -> Result<Vec<Device>, DatabaseError> {
    let query = "SELECT device_id, display_name, api_key_hash IS NOT NULL, last_seen FROM devices ORDER BY device_id";
    let devices = rows(connection, query, ()).await?;
    let devices = devices
        .into_iter()
        .map(|(id, name, has_key, last_seen)| Device {
            id,
            name,
            has_key,
            last_seen,
        });
    Ok(devices.collect())
}
