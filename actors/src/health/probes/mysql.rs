use std::time::Duration;

use chrono::NaiveDateTime;
use mysql_async::prelude::Queryable as _;

use crate::causes;
use crate::database::Database;

/// How long `SELECT 1` may take, the connection included.
const ANSWER_LIMIT: Duration = Duration::from_secs(3);

/// How long the query for the last stored batch may take after that.
const LAST_SYNC_LIMIT: Duration = Duration::from_secs(1);

const LAST_SYNC: &str = "SELECT device_id, completed_at, batch_id FROM sync_history \
                         WHERE status = 'success' ORDER BY completed_at DESC LIMIT 1";

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

#[derive(Debug)]
pub(super) struct MysqlState {
    pub is_up: bool,
    pub last_sync: Option<LastSync>,
}

pub(super) async fn probe(database: &Database) -> MysqlState {
    let answer = database.run(ANSWER_LIMIT, async |connection| {
        Ok(connection.query_drop("SELECT 1").await?)
    });
    if let Err(error) = answer.await {
        log::debug!(error:% = causes(&error); "MySQL does not answer");
        return MysqlState {
            is_up: false,
            last_sync: None,
        };
    }
    MysqlState {
        is_up: true,
        last_sync: last_sync(database).await,
    }
}

/// `None` also while there is no schema.
async fn last_sync(database: &Database) -> Option<LastSync> {
    let row = database.run(LAST_SYNC_LIMIT, async |connection| {
        Ok(connection
            .query_first::<(String, NaiveDateTime, String), _>(LAST_SYNC)
            .await?)
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
