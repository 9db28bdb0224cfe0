//! What somebody wants to know who looks after a database: for commands, not for the server's work.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::NaiveDateTime;
use mysql_async::Conn;
use mysql_async::prelude::Queryable as _;

use super::{Database, DatabaseError};

/// What the server's work and its migrations need on their database, and no more.
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

/// A look at a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// As the server tells it, such as `10.11.6-MariaDB`.
    pub version: String,
    /// The server's clock, in UTC.
    pub clock: NaiveDateTime,
    /// What our account may do with the database.
    pub rights: Rights,
    /// The latest migration; `None` where there is none yet, or none that we may see.
    pub schema_version: Option<i64>,
}

/// What an account may do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    /// With this database, from whatever grant.
    pub here: BTreeSet<String>,
    /// With all databases of the server.
    pub everywhere: BTreeSet<String>,
    /// Whether it has a role, whose rights are not among these.
    pub has_role: bool,
}

impl Database {
    /// Looks at the database, within `limit`.
    pub async fn inspect(&self, limit: Duration) -> Result<Inspection, DatabaseError> {
        self.run(limit, async |connection| {
            let query =
                "SELECT VERSION(), UTC_TIMESTAMP(6), COALESCE(CURRENT_ROLE(), 'NONE') <> 'NONE'";
            let row: Option<(String, NaiveDateTime, bool)> = connection.query_first(query).await?;
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
    // Grants name databases by patterns.
    let query = format!(
        "SELECT privilege_type FROM information_schema.schema_privileges \
         WHERE grantee = {ACCOUNT} AND DATABASE() LIKE table_schema"
    );
    let rights: Vec<String> = connection.query(query).await?;
    Ok(rights.into_iter().collect())
}

async fn everywhere(connection: &mut Conn) -> Result<BTreeSet<String>, DatabaseError> {
    let query = format!(
        "SELECT privilege_type FROM information_schema.user_privileges \
         WHERE grantee = {ACCOUNT} AND privilege_type <> 'USAGE'"
    );
    let rights: Vec<String> = connection.query(query).await?;
    Ok(rights.into_iter().collect())
}

async fn schema_version(connection: &mut Conn) -> Result<Option<i64>, DatabaseError> {
    let query = "SELECT MAX(version) FROM refinery_schema_history";
    let version: Result<Option<Option<i64>>, _> = connection.query_first(query).await;
    match version.map_err(DatabaseError::from) {
        Ok(version) => Ok(version.flatten()),
        Err(DatabaseError::Refused(_)) => Ok(None),
        Err(error) => Err(error),
    }
}
