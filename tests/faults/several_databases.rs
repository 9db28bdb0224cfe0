//! `DATABASE_URL` with several hosts.

use std::time::Duration;

use actors::database::{Database, DatabaseUrl};
use mysql_async::prelude::Queryable as _;
use serde_json::json;

use crate::support::{
    BlackHole, PrivateDatabase, Proxy, TestDatabase, TestServer, batch, eventually, reading,
};

const LIMIT: Duration = Duration::from_secs(30);

/// The port of the server that new work uses.
async fn port_in_use(database: &Database) -> Option<u16> {
    let port = database.run(LIMIT, async |connection| {
        Ok(connection.query_first("SELECT @@port").await?)
    });
    port.await.unwrap()
}

#[tokio::test]
async fn the_first_server_that_works_is_used_and_the_first_of_all_again_once_it_is_back() {
    let mut first = PrivateDatabase::start().await;
    let second = PrivateDatabase::start().await;
    let (a, b) = (first.address(), second.address());
    let url = DatabaseUrl::parse(&format!("mysql://root@{a},{b}/eclipse_ai")).unwrap();
    let database = Database::open(&url, 2);
    assert_eq!(port_in_use(&database).await, Some(a.port()));
    first.crash();
    assert_eq!(port_in_use(&database).await, Some(b.port()));
    first.restart();
    eventually("the first is used again", async || {
        port_in_use(&database).await == Some(a.port())
    })
    .await;
    // A server that answers but does not write.
    first.execute(&["SET GLOBAL read_only = ON"]).await;
    first
        .execute(&[
            "CREATE USER car@'127.0.0.1' IDENTIFIED BY 'pw'",
            "GRANT ALL PRIVILEGES ON eclipse_ai.* TO car@'127.0.0.1'",
        ])
        .await;
    second
        .execute(&[
            "CREATE USER car@'127.0.0.1' IDENTIFIED BY 'pw'",
            "GRANT ALL PRIVILEGES ON eclipse_ai.* TO car@'127.0.0.1'",
            "CREATE TABLE eclipse_ai.notes (note INT)",
        ])
        .await;
    let url = DatabaseUrl::parse(&format!("mysql://car:pw@{a},{b}/eclipse_ai")).unwrap();
    let database = Database::open(&url, 2);
    let written = database.transaction(LIMIT, async |transaction| {
        let connection = transaction.connection().await?;
        Ok(connection
            .query_drop("INSERT INTO notes VALUES (1)")
            .await?)
    });
    written.await.unwrap();
    assert_eq!(second.count("notes", "true").await, 1);
}

#[tokio::test]
async fn batches_are_stored_through_the_second_host_while_the_first_fails() {
    let database = TestDatabase::create().await;
    let (first, second) = (
        Proxy::to_database_server().await,
        Proxy::to_database_server().await,
    );
    let both = format!("{},{}", first.address, second.address);
    let url = first
        .url_of(&database)
        .replacen(&first.address.to_string(), &both, 1);
    let server = TestServer::start_with(&url, &[]).await;
    for (id, fail) in [(1, Proxy::refuse as fn(&Proxy)), (2, Proxy::cut)] {
        fail(&first);
        let (status, receipt) = server
            .sync(&batch(&json!({"realtime_data": [reading(id)]})))
            .await;
        assert_eq!(status, 200, "{receipt}");
        first.restore();
    }
    assert_eq!(database.count("realtime_data", "true").await, 2);
}

#[tokio::test]
async fn a_host_that_does_not_answer_is_passed_over() {
    let database = TestDatabase::create().await;
    let hole = BlackHole::open();
    let (host, port) = TestDatabase::server_address();
    let both = format!("{},{host}:{port}", hole.address);
    let url = database.url().replacen(&format!("{host}:{port}"), &both, 1);
    let url = DatabaseUrl::parse(&url).unwrap();
    let whole = Database::open(&url, 1);
    let hurried = Database::open(&url, 1);
    let answer = async |database: &Database, limit| {
        let answer = database.run(limit, async |connection| {
            Ok(connection.query_first::<u64, _>("SELECT 1").await?)
        });
        answer.await
    };
    assert_eq!(answer(&whole, LIMIT).await.unwrap(), Some(1));
    // Work whose time ends before the attempt to connect does remembers it for the work that follows.
    let short = Duration::from_millis(1900);
    eventually("short work succeeds", async || {
        let outcome = answer(&hurried, short).await;
        outcome.is_ok_and(|answer| answer == Some(1))
    })
    .await;
}
