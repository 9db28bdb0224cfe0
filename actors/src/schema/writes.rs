//! Whether the account can write every table, without writing a row.

use std::fmt::Write as _;
use std::sync::LazyLock;
use std::time::Duration;

use mysql_async::prelude::Queryable as _;

use super::expected;
use crate::database::{Database, DatabaseError};

/// Every kind of write to every table. A missing right, a read-only server and a binary log that does not fit fail
/// these statements like real ones.
static WRITES: LazyLock<String> = LazyLock::new(|| {
    let mut statements = String::new();
    for (table, shape) in expected().0 {
        let Some(first) = shape.columns.keys().next() else {
            continue;
        };
        let columns: Vec<String> = shape
            .columns
            .keys()
            .map(|name| format!("`{name}`"))
            .collect();
        let columns = columns.join(", ");
        // Writing to a String never fails.
        let _ = writeln!(
            statements,
            "INSERT INTO `{table}` ({columns}) SELECT {columns} FROM `{table}` WHERE FALSE;\n\
             UPDATE `{table}` SET `{first}` = `{first}` WHERE FALSE;\n\
             DELETE FROM `{table}` WHERE FALSE;"
        );
    }
    statements
});

/// Fails with [`DatabaseError::Setup`] if the account, its rights or the settings of the database server do not allow
/// writing one of the tables, which must have the expected shape.
pub async fn check_writes(database: &Database, limit: Duration) -> Result<(), DatabaseError> {
    let written = database.run(limit, async |connection| {
        Ok(connection.query_drop(WRITES.as_str()).await?)
    });
    written.await
}
