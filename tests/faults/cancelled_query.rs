//! A cancelled query leaves nothing behind for the next user of the pool.

use std::time::Duration;

use actors::database::{Database, DatabaseError, DatabaseUrl};
use mysql_async::Conn;
use mysql_async::prelude::Queryable as _;

use crate::support::TestDatabase;

const LONG: Duration = Duration::from_mins(1);

/// Selects a number on the only connection, after a delay in seconds.
async fn ask(number: u64, seconds: u64, connection: &mut Conn) -> Result<u64, DatabaseError> {
    let question = format!("SELECT {number} + SLEEP({seconds})");
    let answer: Option<u64> = connection.query_first(question).await?;
    Ok(answer.unwrap())
}

async fn one_connection() -> (TestDatabase, Database) {
    let database = TestDatabase::create().await;
    let url = DatabaseUrl::parse(&database.url()).unwrap();
    (database, Database::open(&url, 1))
}

#[tokio::test]
async fn no_query_gets_the_answer_of_a_cancelled_one() {
    let (_server, database) = one_connection().await;
    for number in 0..5 {
        let limit = Duration::from_millis(200);
        let cut = database.run(limit, async |connection| ask(100, 1, connection).await);
        assert!(matches!(cut.await, Err(DatabaseError::TimedOut { .. })));

        let next = database.run(LONG, async |connection| ask(number, 0, connection).await);
        assert_eq!(next.await.unwrap(), number);
    }
}

/// A connection returned with an open transaction would commit it when the next one starts.
#[tokio::test]
async fn a_transaction_cancelled_between_statements_is_never_committed() {
    let (server, database) = one_connection().await;
    let create = "CREATE TABLE notes (note INT) ENGINE = InnoDB";
    server.execute(create).await.unwrap();
    let limit = Duration::from_millis(200);
    let cut = database.transaction(limit, async |transaction| {
        let connection = transaction.connection().await?;
        connection
            .query_drop("INSERT INTO notes VALUES (1)")
            .await?;
        std::future::pending::<Result<(), DatabaseError>>().await
    });
    assert!(matches!(cut.await, Err(DatabaseError::TimedOut { .. })));

    let next = database.transaction(LONG, async |transaction| {
        let connection = transaction.connection().await?;
        Ok(connection
            .query_drop("INSERT INTO notes VALUES (2)")
            .await?)
    });
    next.await.unwrap();

    let notes: Vec<u64> = server.rows("SELECT note FROM notes").await;
    assert_eq!(notes, [2]);
}
