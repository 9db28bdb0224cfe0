//! What is set on every connection, so that no preset of the server, of its `init_connect` or of a proxy matters.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures_util::FutureExt as _;
use mysql_async::prelude::Queryable as _;
use mysql_async::{Conn, Error, OptsBuilder, Row};

/// Text is utf8mb4, times are UTC, invalid values are rejected instead of converted, lock waits end before a client's
/// patience does, every statement outside of a transaction commits, nothing limits the rows or the time of a statement,
/// and transactions are READ COMMITTED.
///
/// MySQL ignores what stands in `/*M!`, and MariaDB what stands in `/*!80000`.
const SET: [&str; 3] = [
    "SET NAMES utf8mb4",
    "SET SESSION time_zone = '+00:00', \
     sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION', \
     innodb_lock_wait_timeout = 5, autocommit = 1, completion_type = 0, sql_select_limit = 18446744073709551615, \
     sql_big_selects = 1, sql_safe_updates = 0, sql_auto_is_null = 0, foreign_key_checks = 1, unique_checks = 1 \
     /*!80000 , max_execution_time = 0 */ /*M!100300 , max_statement_time = 0 */",
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE",
];

/// Each setting, and whether it has its value.
const CHECKS: [(&str, &str); 17] = [
    ("character_set_client", "@@character_set_client = 'utf8mb4'"),
    (
        "character_set_connection",
        "@@character_set_connection = 'utf8mb4'",
    ),
    (
        "character_set_results",
        "@@character_set_results = 'utf8mb4'",
    ),
    ("time_zone", "@@SESSION.time_zone = '+00:00'"),
    (
        "sql_mode",
        "@@SESSION.sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,\
         NO_ENGINE_SUBSTITUTION'",
    ),
    (
        "innodb_lock_wait_timeout",
        "@@SESSION.innodb_lock_wait_timeout = 5",
    ),
    ("autocommit", "@@SESSION.autocommit = 1"),
    ("completion_type", "@@SESSION.completion_type = 'NO_CHAIN'"),
    (
        "sql_select_limit",
        "@@SESSION.sql_select_limit = 18446744073709551615",
    ),
    ("sql_big_selects", "@@SESSION.sql_big_selects = 1"),
    ("sql_safe_updates", "@@SESSION.sql_safe_updates = 0"),
    ("sql_auto_is_null", "@@SESSION.sql_auto_is_null = 0"),
    ("foreign_key_checks", "@@SESSION.foreign_key_checks = 1"),
    ("unique_checks", "@@SESSION.unique_checks = 1"),
    (
        "transaction_isolation",
        "/*!80000 @@SESSION.transaction_isolation */ /*M!100300 @@SESSION.tx_isolation */ = 'READ-COMMITTED'",
    ),
    (
        "transaction_read_only",
        "/*!80000 @@SESSION.transaction_read_only */ /*M!100300 @@SESSION.tx_read_only */ = 0",
    ),
    (
        "max_execution_time",
        "/*!80000 @@SESSION.max_execution_time */ /*M!100300 @@SESSION.max_statement_time */ = 0",
    ),
];

/// What a server accepts, as its latest connection found it. No packet is as large as 0: none was made yet.
#[derive(Debug, Default)]
pub(super) struct Accepted {
    largest_packet: AtomicUsize,
    bulk: AtomicBool,
}

impl Accepted {
    /// The largest packet, in bytes.
    pub(super) fn largest_packet(&self) -> usize {
        self.largest_packet.load(Ordering::Relaxed)
    }

    /// Whether it executes a prepared statement for many rows at once, as MariaDB does.
    pub(super) fn bulk(&self) -> bool {
        self.bulk.load(Ordering::Relaxed)
    }
}

/// Why a session cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum UnusableSession {
    /// Settings do not have the values that were set.
    #[error("the database server or a proxy overrides settings of the session: {0}")]
    Overridden(String),
    /// There was no answer to read.
    #[error("the database server or a proxy does not return the settings of the session")]
    Unanswered,
}

/// Makes every new connection set and check its session in one round trip, and remember what the server accepts.
pub(super) fn prepare(options: OptsBuilder, accepted: Arc<Accepted>) -> OptsBuilder {
    let text: Arc<str> = text().into();
    options.after_connect(move |connection| {
        let (text, accepted) = (Arc::clone(&text), Arc::clone(&accepted));
        async move { set_up(connection, &text, &accepted).await }.boxed()
    })
}

fn text() -> String {
    let checks = CHECKS.map(|(name, check)| format!("IF({check}, NULL, '{name}')"));
    format!(
        "{}; SELECT CONCAT_WS(', ', {}), @@max_allowed_packet, VERSION() LIKE '%MariaDB%'",
        SET.join("; "),
        checks.join(", ")
    )
}

async fn set_up(connection: &mut Conn, text: &str, accepted: &Accepted) -> Result<(), Error> {
    let mut results = connection.query_iter(text).await?;
    let mut answer = None;
    while !results.is_empty() {
        answer = results.collect::<Row>().await?.pop();
    }
    let answer = answer.map(mysql_async::from_row_opt::<(String, usize, bool)>);
    let Some(Ok((overridden, packet, is_mariadb))) = answer else {
        return Err(Error::Other(Box::new(UnusableSession::Unanswered)));
    };
    if !overridden.is_empty() {
        return Err(Error::Other(Box::new(UnusableSession::Overridden(
            overridden,
        ))));
    }
    accepted.largest_packet.store(packet, Ordering::Relaxed);
    let bulk = is_mariadb && accepts_bulk(connection).await?;
    accepted.bulk.store(bulk, Ordering::Relaxed);
    Ok(())
}

/// Whether the driver and the server agreed on executing statements in bulk, which a proxy can prevent. The driver does not
/// say so, but only such a connection refuses this statement, which has no bulk form.
async fn accepts_bulk(connection: &mut Conn) -> Result<bool, Error> {
    const UNSUPPORTED: u16 = 1295;
    match connection.exec_batch("SELECT ?", [(1,)]).await {
        Err(Error::Server(refusal)) if refusal.code == UNSUPPORTED => Ok(true),
        tried => tried.map(|()| false),
    }
}
