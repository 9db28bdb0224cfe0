//! US-CMP-003: `init-db` can be run repeatedly, simultaneously, and after an interruption.

use std::time::Instant;

use actors::sync::tables::TABLES;
use mysql_async::prelude::Queryable as _;

use crate::support::{Binary, Process, Session, TestDatabase, effort, eventually};

const SERVER_TABLES: [&str; 5] = [
    "sync_history",
    "analysis_history",
    "devices",
    "drives",
    "drive_readings",
];

async fn tables(database: &TestDatabase) -> Vec<String> {
    database.rows("SHOW TABLES").await
}

/// Every table with its definition.
async fn structure(database: &TestDatabase) -> Vec<(String, String)> {
    let mut structure = Vec::new();
    for table in tables(database).await {
        structure.push(database.row(&format!("SHOW CREATE TABLE {table}")).await);
    }
    structure
}

/// Versions and names of the applied migrations.
async fn applied(database: &TestDatabase) -> Vec<(i64, String)> {
    database
        .rows("SELECT version, name FROM refinery_schema_history ORDER BY version")
        .await
}

#[tokio::test]
async fn all_tables_are_created() {
    let database = TestDatabase::create().await;
    let ended = Binary::with_database(&database.url()).run(&["init-db"]);
    assert_eq!(ended.code, Some(0), "{}", ended.output);
    let tables = tables(&database).await;
    for table in TABLES.iter().map(|table| table.name).chain(SERVER_TABLES) {
        assert!(
            tables.iter().any(|there| there == table),
            "{table} in {tables:?}"
        );
    }
}

#[tokio::test]
async fn a_second_time_changes_nothing() {
    let database = TestDatabase::create().await;
    let binary = Binary::with_database(&database.url());
    binary.run(&["init-db"]);
    let (structure_before, applied_before) = (structure(&database).await, applied(&database).await);
    let ended = binary.run(&["init-db"]);
    assert_eq!(ended.code, Some(0), "{}", ended.output);
    assert!(
        ended.output.contains("(0 migrations applied"),
        "{}",
        ended.output
    );
    assert_eq!(structure(&database).await, structure_before);
    assert_eq!(applied(&database).await, applied_before);
}

#[tokio::test]
async fn simultaneous_migrations_apply_every_one_once() {
    for round in 0..effort(5, 50) {
        let database = TestDatabase::create().await;
        let binaries = [(); 3].map(|()| Binary::with_database(&database.url()));
        let processes: Vec<_> = binaries
            .iter()
            .map(|binary| binary.start(&["init-db"]))
            .collect();
        let ended: Vec<_> = processes.into_iter().map(Process::end).collect();
        for ended in &ended {
            assert_eq!(ended.code, Some(0), "round {round}: {}", ended.output);
        }
        let idle = ended
            .iter()
            .filter(|ended| ended.output.contains("(0 migrations applied"));
        assert_eq!(idle.count(), 2, "one of them did all the work");
        let applied = applied(&database).await;
        let is_ascending = applied.windows(2).all(|pair| pair[0].0 < pair[1].0);
        assert!(is_ascending, "{applied:?}");
    }
}

#[tokio::test]
async fn nothing_is_migrated_while_a_server_of_release_1_0_does() {
    let database = TestDatabase::create().await;
    let mut other = database.connect().await;
    let locked: Option<i64> = other
        .query_first(
            "SELECT GET_LOCK(CONCAT('eclipse_ai_schema_', LEFT(SHA2(DATABASE(), 256), 32)), 0)",
        )
        .await
        .unwrap();
    assert_eq!(locked, Some(1));
    let binary = Binary::with_database(&database.url());
    let process = binary.start(&["init-db"]);
    eventually("it waits for the lock", async || {
        let sessions = database.other_sessions().await;
        let waits = |session: &Session| session.state.starts_with("User lock");
        sessions.iter().filter(|session| waits(session)).count() == 1
    })
    .await;
    assert!(tables(&database).await.is_empty());
    other.disconnect().await.unwrap();
    let ended = process.end();
    assert_eq!(ended.code, Some(0), "{}", ended.output);
    assert!(!tables(&database).await.is_empty());
}

/// As a server on another node of a cluster locks it.
async fn lock_until(database: &TestDatabase, expiry: &str) {
    for statement in [
        "CREATE TABLE migration_lock (id TINYINT NOT NULL, owner VARCHAR(64) NULL, expires_at DATETIME(6) NULL, \
         PRIMARY KEY (id))",
        &format!("INSERT INTO migration_lock VALUES (1, 'another server', {expiry})"),
    ] {
        database.execute(statement).await.unwrap();
    }
}

#[tokio::test]
async fn nothing_is_migrated_while_a_server_on_another_node_does() {
    let database = TestDatabase::create().await;
    lock_until(&database, "NOW(6) + INTERVAL 1 HOUR").await;
    let binary = Binary::with_database(&database.url());
    let process = binary.start(&["init-db"]);
    eventually("it waits for the lock", async || {
        let output = process.output();
        output.contains("waiting for the migrations of another server")
    })
    .await;
    assert_eq!(tables(&database).await, ["migration_lock"]);
    database
        .execute("UPDATE migration_lock SET owner = NULL")
        .await
        .unwrap();
    let ended = process.end();
    assert_eq!(ended.code, Some(0), "{}", ended.output);
    assert_eq!(database.count("migration_lock", "owner IS NULL").await, 1);
}

#[tokio::test]
async fn the_lock_of_a_server_that_died_expires() {
    let database = TestDatabase::create().await;
    lock_until(&database, "NOW(6) - INTERVAL 1 SECOND").await;
    let ended = Binary::with_database(&database.url()).run(&["init-db"]);
    assert_eq!(ended.code, Some(0), "{}", ended.output);
}

#[tokio::test]
async fn an_interrupted_migration_continues_once_the_obstacle_is_gone() {
    let database = TestDatabase::create().await;
    let whole = TestDatabase::create().await;
    Binary::with_database(&whole.url()).run(&["init-db"]);
    // A foreign key with the name that a later migration uses.
    let obstacle = "CREATE TABLE obstacle (id BIGINT PRIMARY KEY, other BIGINT, \
                    CONSTRAINT fk_alert_log_profile FOREIGN KEY (other) REFERENCES obstacle (id))";
    database.execute(obstacle).await.unwrap();
    let binary = Binary::with_database(&database.url());
    let ended = binary.run(&["init-db"]);
    assert_eq!(ended.code, Some(1), "{}", ended.output);
    let half = applied(&database).await.len();
    assert!(
        half > 0 && half < applied(&whole).await.len(),
        "{half} were applied"
    );
    database.execute("DROP TABLE obstacle").await.unwrap();
    let ended = binary.run(&["init-db"]);
    assert_eq!(ended.code, Some(0), "{}", ended.output);
    assert_eq!(applied(&database).await, applied(&whole).await);
    assert_eq!(structure(&database).await, structure(&whole).await);
}

#[tokio::test]
async fn a_migration_killed_at_any_instant_is_completed_by_the_next() {
    let whole = TestDatabase::create().await;
    let started = Instant::now();
    Binary::with_database(&whole.url()).run(&["init-db"]);
    let length = started.elapsed();
    let rounds = effort(1, 100);
    for round in 0..rounds {
        let database = TestDatabase::create().await;
        let binary = Binary::with_database(&database.url());
        let process = binary.start(&["init-db"]);
        tokio::time::sleep(length * (round + 1) / (rounds + 1)).await;
        // Killed.
        drop(process);
        let half = tables(&database).await;
        if half.iter().any(|table| table == "migration_lock") {
            // Otherwise the next one waits for the expiry.
            let expire = "UPDATE migration_lock SET expires_at = NOW(6) - INTERVAL 1 SECOND";
            database.execute(expire).await.unwrap();
        }
        let ended = binary.run(&["init-db"]);
        assert_eq!(ended.code, Some(0), "round {round}: {}", ended.output);
        assert_eq!(applied(&database).await, applied(&whole).await);
        assert_eq!(structure(&database).await, structure(&whole).await);
        println!("killed with {} tables", half.len());
    }
}

#[tokio::test]
async fn a_migration_applied_but_not_recorded_is_applied_again() {
    let database = TestDatabase::create().await;
    let binary = Binary::with_database(&database.url());
    binary.run(&["init-db"]);
    let (structure_before, applied_before) = (structure(&database).await, applied(&database).await);
    // As if the server had been killed right after each statement.
    database
        .execute("DELETE FROM refinery_schema_history WHERE version > 1")
        .await
        .unwrap();
    let ended = binary.run(&["init-db"]);
    assert_eq!(ended.code, Some(0), "{}", ended.output);
    assert_eq!(structure(&database).await, structure_before);
    assert_eq!(applied(&database).await, applied_before);
}

#[tokio::test]
async fn a_migration_edited_after_it_was_applied_is_refused() {
    let database = TestDatabase::create().await;
    let binary = Binary::with_database(&database.url());
    binary.run(&["init-db"]);
    database
        .execute("UPDATE refinery_schema_history SET checksum = '1' WHERE version = 4")
        .await
        .unwrap();
    let ended = binary.run(&["init-db"]);
    assert_eq!(ended.code, Some(1), "{}", ended.output);
}

#[test]
fn init_db_reports_why_the_database_is_unreachable_without_the_password() {
    let url = "mysql://car:hunter2@127.0.0.1:9/eclipse_ai";
    let ended = Binary::with_database(url).run(&["init-db"]);
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.output.contains("the database cannot be reached"),
        "{}",
        ended.output
    );
    assert!(!ended.output.contains("hunter2"), "{}", ended.output);
}
