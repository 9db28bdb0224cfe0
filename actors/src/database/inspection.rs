//! Facts about a database for the operator's commands; the server's own work does not need them.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::NaiveDateTime;
use mysql_async::Conn;

use super::{Database, DatabaseError, first_row, rows};

/// The rights that the server and its migrations need on their database.
pub const NEEDED_RIGHTS: [&str; 8] = [
    "SELECT",
    "INSERT",
    "UPDATE",
    "DELETE",
    "CREATE",
    "ALTER",
    "INDEX",
    "REFERENCES",
];

const ACCOUNT: &str = "CONCAT(QUOTE(SUBSTRING_INDEX(CURRENT_USER(), '@', 1)), '@', \
                       QUOTE(SUBSTRING_INDEX(CURRENT_USER(), '@', -1)))";

/// Facts about a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// The version that the server reports, such as `10.11.6-MariaDB`.
    pub version: String,
    /// The server's clock, in UTC.
    pub clock: NaiveDateTime,
    /// The rights of the account on the database.
    pub rights: Rights,
    /// The latest migration; `None` if there is none, or if the account may not see it.
    pub schema_version: Option<i64>,
}

/// The rights of an account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    /// On this database, from any grant.
    pub here: BTreeSet<String>,
    /// On all databases of the server.
    pub everywhere: BTreeSet<String>,
    /// Whether it has a role; the rights of a role are not listed.
    pub has_role: bool,
}

impl Rights {
    /// The needed rights that no grant on the database or on all databases gives.
    pub fn missing(&self) -> Vec<&'static str> {
        let missing = NEEDED_RIGHTS.into_iter();
        missing
            .filter(|right| !self.here.contains(*right))
            .collect()
    }
}

impl Database {
    /// Inspects the database within `limit`.
    pub async fn inspect(&self, limit: Duration) -> Result<Inspection, DatabaseError> {
        self.run(limit, async |connection| {
            let query =
                "SELECT VERSION(), UTC_TIMESTAMP(6), COALESCE(CURRENT_ROLE(), 'NONE') <> 'NONE'";
            let row: Option<(String, NaiveDateTime, bool)> =
                first_row(connection, query, ()).await?;
            let (version, clock, has_role) = row.ok_or(DatabaseError::Closed)?;
            let everywhere = everywhere(connection).await?;
            let here = here(connection)
                .await?
                .union(&everywhere)
                .cloned()
                .collect();
            Ok(Inspection {
                version,
                clock,
                rights: Rights {
                    here,
                    everywhere,
                    has_role,
                },
                schema_version: schema_version(connection).await?,
            })
        })
        .await
    }
}

async fn here(connection: &mut Conn) -> Result<BTreeSet<String>, DatabaseError> {
    // Grants name databases by LIKE patterns.
    let query = format!(
        "SELECT privilege_type FROM information_schema.schema_privileges \
         WHERE grantee = {ACCOUNT} AND DATABASE() LIKE table_schema"
    );
    let rights: Vec<String> = rows(connection, query, ()).await?;
    Ok(rights.into_iter().collect())
}

async fn everywhere(connection: &mut Conn) -> Result<BTreeSet<String>, DatabaseError> {
    let query = format!(
        "SELECT privilege_type FROM information_schema.user_privileges \
         WHERE grantee = {ACCOUNT} AND privilege_type <> 'USAGE'"
    );
    let rights: Vec<String> = rows(connection, query, ()).await?;
    Ok(rights.into_iter().collect())
}

/// The version of the schema; `None` if there is no schema yet.
pub async fn schema_version(connection: &mut Conn) -> Result<Option<i64>, DatabaseError> {
    let query = "SELECT MAX(version) FROM refinery_schema_history";
    match first_row::<Option<i64>>(connection, query, ()).await {
        Ok(version) => Ok(version.flatten()),
        Err(error) if error.is_missing_table() => Ok(None),
        Err(error) => Err(error),
    }
}
