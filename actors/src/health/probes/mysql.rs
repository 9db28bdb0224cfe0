use std::time::Duration;

use chrono::NaiveDateTime;
use mysql_async::prelude::Queryable as _;

use crate::causes;
use crate::database::{Database, DatabaseError, first_row};
use crate::schema;

/// How long `SELECT 1` may take, the connection included.
const ANSWER_LIMIT: Duration = Duration::from_secs(3);

/// How long each query after that may take.
const LAST_SYNC_LIMIT: Duration = Duration::from_millis(700);

/// By the clock of the database: batches that a server with a clock ahead of it stamped are left out until then.
const LAST_SYNC: &str = "SELECT device_id, completed_at, batch_id FROM sync_history \
                         WHERE status = 'success' AND completed_at <= UTC_TIMESTAMP(6) \
                         ORDER BY completed_at DESC LIMIT 1";

/// The last stored batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastSync {
    /// The device that sent it.
    pub device_id: String,
    /// When it was stored, in UTC.
    pub stored_at: NaiveDateTime,
    /// The batch id.
    pub batch_id: String,
}

/// The version of the schema in the database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SchemaVersion {
    /// It could not be read.
    #[default]
    Unknown,
    /// There is no schema.
    Missing,
    /// The newest applied migration.
    Is(i64),
}

#[derive(Debug)]
pub(super) struct MysqlState {
    pub is_up: bool,
    /// Why it is not up, where the owner has to change a setting.
    pub problem: Option<String>,
    pub last_sync: Option<LastSync>,
    pub schema_version: SchemaVersion,
}

pub(super) async fn probe(database: &Database) -> MysqlState {
    let answer = database.run(ANSWER_LIMIT, async |connection| {
        Ok(connection.query_drop("SELECT 1").await?)
    });
    if let Err(error) = answer.await {
        log::debug!(error:% = causes(&error); "MySQL does not answer");
        let problem = match error {
            DatabaseError::Setup { problem, .. } => Some(problem),
            _ => None,
        };
        return MysqlState {
            is_up: false,
            problem,
            last_sync: None,
            schema_version: SchemaVersion::Unknown,
        };
    }
    MysqlState {
        is_up: true,
        problem: None,
        last_sync: last_sync(database).await,
        schema_version: schema_version(database).await,
    }
}

async fn schema_version(database: &Database) -> SchemaVersion {
    let version = database.run(LAST_SYNC_LIMIT, async |connection| {
        schema::version(connection).await
    });
    match version.await {
        Ok(Some(version)) => SchemaVersion::Is(version),
        Ok(None) => SchemaVersion::Missing,
        Err(_) => SchemaVersion::Unknown,
    }
}

/// `None` also while there is no schema.
async fn last_sync(database: &Database) -> Option<LastSync> {
    let row = database.run(LAST_SYNC_LIMIT, async |connection| {
        first_row::<(String, NaiveDateTime, String)>(connection, LAST_SYNC, ()).await
    });
    let (device_id, stored_at, batch_id) = row
        .await
        .inspect_err(|error| log::debug!(error:% = causes(error); "last batch not found"))
        .ok()??;
    Some(LastSync {
        device_id,
        stored_at,
        batch_id,
    })
}
