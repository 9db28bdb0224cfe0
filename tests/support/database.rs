use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use mysql_async::prelude::{FromRow, Queryable as _};
use mysql_async::{Conn, Opts, OptsBuilder, Row};

use super::eventually;

/// A database of one test; dropped with it, and with all accounts of the same name.
pub(crate) struct TestDatabase {
    name: String,
}

static COUNTER: AtomicU32 = AtomicU32::new(0);

/// The URL of the server with all test databases, with a trailing slash.
fn server_url() -> String {
    let url = std::env::var("TEST_DATABASE_URL")
        .expect("TEST_DATABASE_URL names no database server: run ./deploy/test.sh");
    format!("{}/", url.trim_end_matches('/'))
}

fn options(database: Option<&str>) -> OptsBuilder {
    let opts = Opts::from_url(&server_url()).expect("TEST_DATABASE_URL is a URL");
    OptsBuilder::from_opts(opts)
        .db_name(database)
        .prefer_socket(false)
        .setup(vec!["SET time_zone = '+00:00'"])
}

impl TestDatabase {
    /// An empty database.
    pub(crate) async fn create() -> Self {
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let name = format!("eclipse_ai_test_{}_{number}", std::process::id());
        let mut server = Conn::new(options(None))
            .await
            .expect("the database server answers");
        server
            .query_drop(format!("DROP DATABASE IF EXISTS {name}"))
            .await
            .unwrap();
        server
            .query_drop(format!("CREATE DATABASE {name}"))
            .await
            .unwrap();
        server.disconnect().await.unwrap();
        Self { name }
    }

    /// The URL of the server with all test databases and its administrator, with a trailing slash.
    pub(crate) fn server_url() -> String {
        server_url()
    }

    /// Host and port of the database server.
    pub(crate) fn server_address() -> (String, u16) {
        let opts = Opts::from_url(&server_url()).expect("TEST_DATABASE_URL is a URL");
        (opts.ip_or_hostname().to_owned(), opts.tcp_port())
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// For `DATABASE_URL`.
    pub(crate) fn url(&self) -> String {
        format!("{}{}", server_url(), self.name)
    }

    pub(crate) async fn connect(&self) -> Conn {
        Conn::new(options(Some(&self.name))).await.unwrap()
    }

    pub(crate) async fn rows<T: FromRow + Send + 'static>(&self, query: &str) -> Vec<T> {
        let mut connection = self.connect().await;
        let rows = connection.query(query).await.unwrap();
        connection.disconnect().await.unwrap();
        rows
    }

    /// The only row of a query.
    pub(crate) async fn row<T: FromRow + Send + 'static>(&self, query: &str) -> T {
        let mut rows = self.rows(query).await;
        assert_eq!(rows.len(), 1, "rows found by {query}");
        rows.remove(0)
    }

    /// The number of rows of a table that meet a condition such as `source_id > 3`.
    pub(crate) async fn count(&self, table: &str, condition: &str) -> u64 {
        self.row(&format!("SELECT COUNT(*) FROM {table} WHERE {condition}"))
            .await
    }

    /// Locks a table for all other sessions.
    pub(crate) async fn lock(&self, table: &'static str) -> TableLock {
        TableLock::take(self.connect().await, table).await
    }

    /// Waits until this many transactions wait for a row lock.
    pub(crate) async fn makes_wait(&self, transactions: u64) {
        let waiting = "SELECT trx_mysql_thread_id FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'";
        eventually("transactions wait", async || {
            // The view is refreshed only after a pause of 0.1 s without queries.
            tokio::time::sleep(Duration::from_millis(150)).await;
            let waiting: Vec<u64> = self.rows(waiting).await;
            let sessions = self.other_sessions().await;
            let of_this = sessions.iter().filter(|one| waiting.contains(&one.id));
            of_this.count() as u64 == transactions
        })
        .await;
    }

    /// The number of locks of each transaction that waits for one, with that one.
    pub(crate) async fn locks_of_waiting(&self) -> Vec<u64> {
        let waiting = "SELECT trx_lock_structs FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT' \
                       AND trx_mysql_thread_id = ";
        let mut locks = Vec::new();
        for session in self.other_sessions().await {
            locks.extend(self.rows::<u64>(&format!("{waiting}{}", session.id)).await);
        }
        locks
    }

    /// Waits until all other sessions of this database have ended.
    pub(crate) async fn has_no_other_sessions(&self) {
        eventually("all sessions have ended", async || {
            self.other_sessions().await.is_empty()
        })
        .await;
    }

    /// The sessions of this database, without the one that asks.
    pub(crate) async fn other_sessions(&self) -> Vec<Session> {
        let mut connection = self.connect().await;
        let sessions = other_sessions(&mut connection, &self.name).await;
        connection.disconnect().await.unwrap();
        sessions
    }

    /// Runs a statement; returns its outcome.
    pub(crate) async fn execute(&self, statement: &str) -> Result<(), mysql_async::Error> {
        let mut connection = self.connect().await;
        let outcome = connection.query_drop(statement).await;
        connection.disconnect().await.unwrap();
        outcome
    }
}

/// A session of a database, as the server lists it.
pub(crate) struct Session {
    pub(crate) id: u64,
    pub(crate) state: String,
    pub(crate) statement: String,
}

/// From `SHOW PROCESSLIST`: MySQL refuses to read `information_schema.processlist` while another session, of any database,
/// runs a statement with characters of four bytes (error 3854).
pub(super) async fn other_sessions(connection: &mut Conn, database: &str) -> Vec<Session> {
    let own = u64::from(connection.id());
    let rows: Vec<Row> = connection.query("SHOW FULL PROCESSLIST").await.unwrap();
    let text = |row: &Row, column: &str| match row.get_opt::<Option<Vec<u8>>, _>(column) {
        Some(Ok(Some(text))) => String::from_utf8_lossy(&text).into_owned(),
        _ => String::new(),
    };
    let of_database = rows.iter().filter(|row| text(row, "db") == database);
    let sessions = of_database.map(|row| Session {
        id: row.get("Id").unwrap(),
        state: text(row, "State"),
        statement: text(row, "Info"),
    });
    sessions.filter(|session| session.id != own).collect()
}

/// A locked table; unlocked on drop.
pub(crate) struct TableLock {
    holder: Conn,
    table: &'static str,
}

impl TableLock {
    pub(crate) async fn take(mut holder: Conn, table: &'static str) -> Self {
        let statement = format!("LOCK TABLES {table} WRITE");
        holder.query_drop(statement).await.unwrap();
        Self { holder, table }
    }

    /// Waits until a statement of another session waits for the lock.
    pub(crate) async fn blocks_a_statement(&mut self) {
        let table = self.table;
        let database: Option<String> = self.holder.query_first("SELECT DATABASE()").await.unwrap();
        let database = database.unwrap();
        let waits = |session: &Session| {
            session.state.starts_with("Waiting for")
                && session.state.ends_with("lock")
                && session.statement.contains(table)
        };
        let held_up = async {
            while !other_sessions(&mut self.holder, &database)
                .await
                .iter()
                .any(waits)
            {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let held_up = tokio::time::timeout(Duration::from_mins(1), held_up).await;
        assert!(held_up.is_ok(), "no statement waits for {table}");
    }

    pub(crate) async fn release(self) {
        self.holder.disconnect().await.unwrap();
    }
}

impl Drop for TestDatabase {
    /// On a thread of its own, because `drop` cannot wait for the test's runtime.
    fn drop(&mut self) {
        let database = format!("DROP DATABASE IF EXISTS {}", self.name);
        let accounts = format!(
            "SELECT CONCAT('DROP USER ', QUOTE(user), '@', QUOTE(host)) FROM mysql.user WHERE user = '{}'",
            self.name
        );
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(async {
                let mut server = Conn::new(options(None)).await?;
                server.query_drop(database).await?;
                let accounts: Vec<String> = server.query(accounts).await?;
                for account in accounts {
                    server.query_drop(account).await?;
                }
                server.disconnect().await
            })
        });
        let dropped = dropping.join();
        if !std::thread::panicking() {
            dropped
                .expect("dropping does not panic")
                .expect("the test's database is dropped");
        }
    }
}
