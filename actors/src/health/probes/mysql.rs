use std::time::Duration;

use chrono::NaiveDateTime;
use mysql_async::Conn;
use mysql_async::prelude::Queryable as _;

use crate::causes;
use crate::contacts::{DeviceContact, device_contacts};
use crate::database::{Database, DatabaseError, first_row, rows};
use crate::schema;

/// How long `SELECT 1` may take, the connection included.
const ANSWER_LIMIT: Duration = Duration::from_secs(3);

/// How long the queries after that may take together.
const READ_LIMIT: Duration = Duration::from_millis(800);

/// How long the check of all tables may take: another program may have locked one.
const WRITE_LIMIT: Duration = Duration::from_millis(600);

/// By the clock of the database: batches that a server with a clock ahead of it stamped are left out until then.
const LAST_SYNC: &str = "SELECT device_id, completed_at, batch_id FROM sync_history \
                         WHERE status = 'success' AND completed_at <= UTC_TIMESTAMP(6) \
                         ORDER BY completed_at DESC LIMIT 1";

/// The tables with rows in quarantine, those with the latest row first.
const QUARANTINED: &str = "SELECT source_device, table_name, COUNT(*), MAX(last_seen), \
                           MAX(last_seen) > NOW(6) - INTERVAL 1 DAY FROM quarantined_rows \
                           GROUP BY source_device, table_name ORDER BY 4 DESC LIMIT 100";

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

/// The quarantined rows of a table of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuarantinedTable {
    /// The device.
    pub device_id: String,
    /// The table.
    pub table: String,
    /// How many rows of it are in quarantine.
    pub rows: u64,
    /// When the latest of them arrived, in UTC.
    pub latest_at: NaiveDateTime,
    /// Whether that was within the last day.
    pub is_recent: bool,
}

/// What the database says about itself and its tables.
#[derive(Clone, Debug, Default)]
pub struct MysqlState {
    /// Whether it answers.
    pub is_up: bool,
    /// Why it does not, if that is its own answer.
    pub problem: Option<String>,
    /// Why the tables cannot be written, where the owner has to change a right or a setting.
    pub write_problem: Option<String>,
    /// The version of the schema.
    pub schema_version: SchemaVersion,
    /// The last stored batch.
    pub last_sync: Option<LastSync>,
    /// When the devices made contact, the latest first.
    pub contacts: Vec<DeviceContact>,
    /// The tables with rows in quarantine.
    pub quarantined: Vec<QuarantinedTable>,
}

pub(super) async fn probe(database: &Database) -> MysqlState {
    let answer = database.run(ANSWER_LIMIT, async |connection| {
        Ok(connection.query_drop("SELECT 1").await?)
    });
    let mut state = MysqlState::default();
    if let Err(error) = answer.await {
        log::debug!(error:% = causes(&error); "MySQL does not answer");
        state.problem = error.is_answer().then(|| error.to_string());
        return state;
    }
    state.is_up = true;
    let read = database.run(READ_LIMIT, async |connection| {
        read_into(&mut state, connection).await
    });
    if let Err(error) = read.await {
        log::debug!(error:% = causes(&error); "the state of the database is not known completely");
    }
    // A table that is missing or locked is no problem of rights.
    let written = schema::check_writes(database, WRITE_LIMIT).await;
    state.write_problem = written.err().and_then(setup_problem);
    state
}

fn setup_problem(error: DatabaseError) -> Option<String> {
    match error {
        DatabaseError::Setup { problem, .. } => Some(problem),
        _ => None,
    }
}

/// Reads as much as the time limit and the schema allow.
async fn read_into(state: &mut MysqlState, connection: &mut Conn) -> Result<(), DatabaseError> {
    state.schema_version = match schema::version(connection).await? {
        Some(version) => SchemaVersion::Is(version),
        None => SchemaVersion::Missing,
    };
    state.last_sync = if_readable(last_sync(connection).await)?;
    state.contacts = if_readable(device_contacts(connection).await)?;
    state.quarantined = if_readable(quarantined(connection).await)?;
    Ok(())
}

/// Nothing instead of an error that concerns only this query: a table may be missing, or hold an unreadable value.
fn if_readable<T: Default>(result: Result<T, DatabaseError>) -> Result<T, DatabaseError> {
    result.or_else(|error| {
        if error.was_answered() {
            log::debug!(error:% = causes(&error); "a part of the state of the database is not known");
            return Ok(T::default());
        }
        Err(error)
    })
}

async fn last_sync(connection: &mut Conn) -> Result<Option<LastSync>, DatabaseError> {
    let row: Option<(String, NaiveDateTime, String)> = first_row(connection, LAST_SYNC, ()).await?;
    Ok(row.map(|(device_id, stored_at, batch_id)| LastSync {
        device_id,
        stored_at,
        batch_id,
    }))
}

async fn quarantined(connection: &mut Conn) -> Result<Vec<QuarantinedTable>, DatabaseError> {
    let tables = rows(connection, QUARANTINED, ()).await?.into_iter();
    let tables = tables.map(
        |(device_id, table, rows, latest_at, is_recent)| QuarantinedTable {
            device_id,
            table,
            rows,
            latest_at,
            is_recent,
        },
    );
    Ok(tables.collect())
}
