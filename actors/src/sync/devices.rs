//! The devices that may send batches, and their keys.

use mysql_async::Conn;
use mysql_async::prelude::Queryable as _;

use crate::database::DatabaseError;

/// The device whose key has this SHA-256 (lower-case hex).
pub async fn device_with_key(
    connection: &mut Conn,
    sha256: &str,
) -> Result<Option<String>, DatabaseError> {
    let query = "SELECT device_id FROM devices WHERE api_key_hash = ?";
    Ok(connection.exec_first(query, (sha256,)).await?)
}
