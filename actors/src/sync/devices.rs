//! The devices that may send batches, and their keys, of which only the SHA-256 (lower-case hex) is known here.

use chrono::NaiveDateTime;
use mysql_async::Conn;
use mysql_async::prelude::Queryable as _;

use crate::database::{DatabaseError, Transaction};

/// A device that has sent a batch, or was registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// What it calls itself.
    pub id: String,
    /// What people call it.
    pub name: Option<String>,
    /// Whether it has a key of its own.
    pub has_key: bool,
    /// When its latest batch came, in UTC.
    pub last_seen: Option<NaiveDateTime>,
}

/// The device whose key has this SHA-256.
pub async fn device_with_key(
    connection: &mut Conn,
    sha256: &str,
) -> Result<Option<String>, DatabaseError> {
    let query = "SELECT device_id FROM devices WHERE api_key_hash = ?";
    Ok(connection.exec_first(query, (sha256,)).await?)
}

/// Gives a device its first key, and a name where one is given; it may have sent batches before. Returns `false`, and
/// changes nothing, where it has a key.
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

/// Puts a new key in the place of whatever key a device has; returns `false` where there is no such device.
pub async fn replace_key(
    connection: &mut Conn,
    id: &str,
    sha256: &str,
) -> Result<bool, DatabaseError> {
    let update = "UPDATE devices SET api_key_hash = ? WHERE device_id = ?";
    connection.exec_drop(update, (sha256, id)).await?;
    Ok(connection.affected_rows() == 1)
}

/// Forgets a device and its key, but not a row that it has sent; returns `false` where there is no such device.
pub async fn remove_device(connection: &mut Conn, id: &str) -> Result<bool, DatabaseError> {
    let delete = "DELETE FROM devices WHERE device_id = ?";
    connection.exec_drop(delete, (id,)).await?;
    Ok(connection.affected_rows() == 1)
}

/// All devices, by their ids.
pub async fn all_devices(connection: &mut Conn) -> Result<Vec<Device>, DatabaseError> {
    let query = "SELECT device_id, display_name, api_key_hash IS NOT NULL, last_seen FROM devices ORDER BY device_id";
    let devices = connection
        .query_map(query, |(id, name, has_key, last_seen)| Device {
            id,
            name,
            has_key,
            last_seen,
        })
        .await?;
    Ok(devices)
}
