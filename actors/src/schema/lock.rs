//! The lock of the migrations: a row that one server owns, and that it renews while it migrates.
//!
//! A row holds on every node of a cluster, because changing it conflicts at the commit. `GET_LOCK` holds on one node only;
//! it is taken as well, for servers of release 1.0, which know nothing else.

use std::time::Duration;

use mysql_async::Conn;
use mysql_async::prelude::Queryable as _;
use tokio::time::{Instant, sleep};

use super::refuse_tables_of_others;
use crate::causes;
use crate::database::{Database, DatabaseError, Statement, first_row};

/// The table of the row.
pub(super) const TABLE: &str = "migration_lock";

/// It is made before the first migration, which it protects.
const CREATE: &str = "CREATE TABLE IF NOT EXISTS migration_lock (\
     id TINYINT NOT NULL, \
     owner VARCHAR(64) NULL, \
     expires_at DATETIME(6) NULL, \
     PRIMARY KEY (id)\
     ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin";

/// The name of a lock is limited to 64 characters on MySQL, which is also the limit of a database's name. MySQL 9 has no
/// `MD5()`.
const NAME: &str = "CONCAT('eclipse_ai_schema_', LEFT(SHA2(DATABASE(), 256), 32))";

/// How long the row stays locked without being renewed, in seconds of the database's clock.
const EXPIRY_SECONDS: u32 = 30;
const RENEWAL_INTERVAL: Duration = Duration::from_secs(5);
const RENEWAL_LIMIT: Duration = Duration::from_secs(20);

/// How often a server that waits asks for the row.
const POLL_INTERVAL: Duration = Duration::from_millis(250);

/// The lock, held. It expires unless it is [released](Self::release).
#[derive(Debug)]
pub(super) struct Lock {
    owner: String,
    /// Whether `GET_LOCK` holds as well.
    has_name: bool,
}

impl Lock {
    /// Waits for the lock, for `limit` at most.
    pub(super) async fn take(
        connection: &mut Conn,
        limit: Duration,
    ) -> Result<Self, DatabaseError> {
        let deadline = Instant::now() + limit;
        let has_name = take_name(connection, limit).await?;
        refuse_tables_of_others(connection).await?;
        connection.query_drop(CREATE).await?;
        let lock = Self {
            owner: format!("{:032x}", rand::random::<u128>()),
            has_name,
        };
        let mut is_waiting = false;
        loop {
            match lock.try_take(connection).await {
                Ok(true) => return Ok(lock),
                Ok(false) if !is_waiting => {
                    log::info!("waiting for the migrations of another server");
                    is_waiting = true;
                }
                Ok(false) => {}
                // Another node's server was faster.
                Err(error) if error.is_contention() => {}
                Err(error) => return Err(error),
            }
            if Instant::now() > deadline {
                return Err(DatabaseError::TimedOut { limit });
            }
            sleep(POLL_INTERVAL).await;
        }
    }

    async fn try_take(&self, connection: &mut Conn) -> Result<bool, DatabaseError> {
        connection
            .query_drop("INSERT IGNORE INTO migration_lock (id) VALUES (1)")
            .await?;
        let sql = format!(
            "UPDATE migration_lock SET owner = ?, expires_at = NOW(6) + INTERVAL {EXPIRY_SECONDS} SECOND \
             WHERE id = 1 AND (owner IS NULL OR expires_at < NOW(6))"
        );
        let taken = Statement::new(sql, [self.owner.as_str()]);
        Ok(taken.execute(connection).await? == 1)
    }

    /// Renews the lock until it is lost.
    pub(super) async fn renew(&self, database: &Database) -> DatabaseError {
        let sql = format!(
            "UPDATE migration_lock SET expires_at = NOW(6) + INTERVAL {EXPIRY_SECONDS} SECOND \
             WHERE id = 1 AND owner = ?"
        );
        loop {
            sleep(RENEWAL_INTERVAL).await;
            let renewed = database.run(RENEWAL_LIMIT, async |connection| {
                let renewal = Statement::new(sql.clone(), [self.owner.as_str()]);
                renewal.execute(connection).await
            });
            match renewed.await {
                Ok(0) => return DatabaseError::LockLost,
                Ok(_) => {}
                Err(error) => {
                    log::warn!(error:? = causes(&error); "renewing the lock of the migrations failed");
                }
            }
        }
    }

    pub(super) async fn release(self, connection: &mut Conn) -> Result<(), DatabaseError> {
        let sql = "UPDATE migration_lock SET owner = NULL WHERE id = 1 AND owner = ?";
        Statement::new(sql, [self.owner]).run(connection).await?;
        if self.has_name {
            let release = format!("DO RELEASE_LOCK({NAME})");
            connection.query_drop(release).await?;
        }
        Ok(())
    }
}

/// Waits for servers of release 1.0 on the same node. False in a cluster that refuses such locks.
async fn take_name(connection: &mut Conn, limit: Duration) -> Result<bool, DatabaseError> {
    let query = format!("SELECT GET_LOCK({NAME}, ?)");
    let taken: Result<Option<Option<i64>>, _> =
        first_row(connection, query, (limit.as_secs(),)).await;
    match taken.map(Option::flatten) {
        Ok(Some(1)) => Ok(true),
        Err(error) if error.was_answered() => {
            log::debug!(error:? = causes(&error); "the database has no named locks");
            Ok(false)
        }
        Ok(_) => Err(DatabaseError::TimedOut { limit }),
        Err(error) => Err(error),
    }
}
