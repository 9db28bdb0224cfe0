//! The tables are checked by their shape: what differs is named, and tables of another program are left alone.

use std::time::Duration;

use actors::database::{Database, DatabaseUrl};
use actors::schema;
use mysql_async::prelude::Queryable as _;
use serde_json::{Value, json};

use crate::support::{
    Binary, Fixture, TestDatabase, TestServer, answer, batch, eventually, reading,
};

fn init_db(database: &TestDatabase) {
    let ended = Binary::with_database(&database.url()).run(&["init-db"]);
    assert_eq!(ended.code, Some(0), "{}", ended.output);
}

async fn health(server: &TestServer) -> Value {
    answer(server.get("/api/v1/health")).await.1
}

/// Starts a server on a database that it cannot use: health, doctor and the answer to a batch say why.
async fn assert_refused(database: &TestDatabase, difference: &str) {
    let server = TestServer::start_unready(&database.url(), &[]).await;
    let (status, body) = server
        .sync(&batch(&json!({"realtime_data": [reading(1)]})))
        .await;
    assert_eq!(status, 500, "{body}");
    let sentence = format!("The schema does not fit this program: {difference}");
    assert_eq!(body["error"], sentence);
    let health = health(&server).await;
    assert_eq!(health["status"], "unhealthy");
    assert_eq!(health["reasons"][0], format!("{sentence}."));
    let doctor = Binary::with_database(&database.url()).run(&["doctor"]);
    assert_eq!(doctor.code, Some(1), "{}", doctor.output);
    let line = format!("error    schema    does not fit this program: {difference}");
    assert!(doctor.output.contains(&line), "{}", doctor.output);
}

#[tokio::test]
async fn the_migrations_produce_the_shape_that_is_expected_of_them() {
    let database = TestDatabase::create().await;
    init_db(&database);
    let server = TestServer::start(&database).await;
    let reasons = health(&server).await["reasons"].to_string();
    assert!(!reasons.contains("Queries are slow"), "{reasons}");
    // Every column is expected: the check has understood every migration.
    let columns: Vec<(String, String)> = database
        .rows(
            "SELECT table_name, column_name FROM information_schema.columns \
             WHERE table_schema = DATABASE() AND table_name NOT IN ('refinery_schema_history', 'migration_lock')",
        )
        .await;
    let pool = Database::open(&DatabaseUrl::parse(&database.url()).unwrap(), 1);
    for (table, column) in columns {
        let renamed = format!("ALTER TABLE {table} RENAME COLUMN {column} TO {column}_2");
        let back = format!("ALTER TABLE {table} RENAME COLUMN {column}_2 TO {column}");
        // MySQL does not rename a column that a CHECK names.
        if database.execute(&renamed).await.is_err() {
            continue;
        }
        let difference = schema::first_difference(&pool, Duration::from_secs(20)).await;
        database.execute(&back).await.unwrap();
        let missing = format!("the column {table}.{column} is missing");
        assert_eq!(difference.unwrap(), Some(missing));
    }
}

#[tokio::test]
async fn a_table_of_another_program_is_refused_before_anything_is_created() {
    let database = TestDatabase::create().await;
    let theirs = "CREATE TABLE profiles (id INT PRIMARY KEY, name VARCHAR(10))";
    database.execute(theirs).await.unwrap();
    let refusal = "the table profiles was not made by this program: set DATABASE_URL to a database of its own \
                   (docs/moving-from-python.md)";
    assert_refused(&database, refusal).await;
    let tables: Vec<String> = database.rows("SHOW TABLES").await;
    assert_eq!(tables, ["profiles"]);
}

#[tokio::test]
async fn a_missing_unique_key_is_noticed_at_start() {
    let database = TestDatabase::create().await;
    init_db(&database);
    let drop_key = "ALTER TABLE realtime_data DROP KEY uq_realtime_data_source";
    database.execute(drop_key).await.unwrap();
    let difference = "the table realtime_data lacks the unique key (source_device, source_id)";
    assert_refused(&database, difference).await;
}

#[tokio::test]
async fn a_missing_index_degrades_and_batches_are_stored() {
    let database = TestDatabase::create().await;
    init_db(&database);
    let drop_key = "ALTER TABLE ai_recommendations DROP KEY ix_ai_recommendations_batch";
    database.execute(drop_key).await.unwrap();
    let server = TestServer::start(&database).await;
    let health = health(&server).await;
    assert_eq!(health["status"], "degraded");
    let reasons = health["reasons"].as_array().unwrap();
    let reason = "Queries are slow: the table ai_recommendations lacks the index (sync_batch_id).";
    assert!(reasons.contains(&json!(reason)), "{health}");
}

/// The schema of a release that is newer than this one by this number of releases; returns its version.
async fn migrate_by(database: &TestDatabase, releases: i64) -> i64 {
    init_db(database);
    // Each release numbers its migrations within a hundred of its own.
    let version = (schema::latest_version() / 100 + releases) * 100 + 7;
    for statement in [
        format!(
            "INSERT INTO refinery_schema_history (version, name, applied_on, checksum) \
             VALUES ({version}, 'of_a_newer_release', '2026-02-01T14:30:05Z', '1')"
        ),
        "ALTER TABLE realtime_data ADD COLUMN note TEXT NULL".to_owned(),
        "CREATE TABLE of_a_newer_release (id BIGINT PRIMARY KEY)".to_owned(),
    ] {
        database.execute(&statement).await.unwrap();
    }
    version
}

#[tokio::test]
async fn a_server_runs_on_the_schema_of_the_next_release() {
    let database = TestDatabase::create().await;
    migrate_by(&database, 1).await;
    let server = TestServer::start(&database).await;
    let (status, body) = server
        .sync(&batch(&json!({"realtime_data": [reading(1)]})))
        .await;
    assert_eq!(status, 200, "{body}");
    let health = health(&server).await;
    assert_eq!(health["reasons"], json!(["Ollama does not answer."]));
}

#[tokio::test]
async fn a_schema_more_than_one_release_newer_degrades_and_batches_are_stored() {
    let database = TestDatabase::create().await;
    let version = migrate_by(&database, 2).await;
    let server = TestServer::start(&database).await;
    let (status, body) = server
        .sync(&batch(&json!({"realtime_data": [reading(1)]})))
        .await;
    assert_eq!(status, 200, "{body}");
    let health = health(&server).await;
    assert_eq!(health["status"], "degraded");
    let reason = format!(
        "The schema is at version {version}, 2 releases newer than this server, which knows version {}.",
        schema::latest_version()
    );
    let reasons = health["reasons"].as_array().unwrap();
    assert!(reasons.contains(&json!(reason)), "{health}");
}

#[test]
fn the_migrations_of_this_release_have_numbers_within_one_hundred() {
    // The next release begins with 100, so that a server knows how many releases newer a schema is.
    assert!(schema::latest_version() < 100);
}

#[tokio::test]
async fn a_newer_column_that_every_row_must_have_is_named() {
    let database = TestDatabase::create().await;
    init_db(&database);
    for statement in [
        "INSERT INTO refinery_schema_history (version, name, applied_on, checksum) \
         VALUES (9000, 'of_a_newer_release', '2026-02-01T14:30:05Z', '1')",
        "ALTER TABLE realtime_data ADD COLUMN owner INT NOT NULL",
    ] {
        database.execute(statement).await.unwrap();
    }
    let difference = "the column realtime_data.owner is unknown to this program and has no default";
    assert_refused(&database, difference).await;
}

#[tokio::test]
async fn an_older_schema_under_a_running_server_is_unhealthy() {
    let fixture = Fixture::start().await;
    let newest: i64 = fixture
        .database
        .row("SELECT MAX(version) FROM refinery_schema_history")
        .await;
    let statement = "DELETE FROM refinery_schema_history WHERE version > 12";
    fixture.database.execute(statement).await.unwrap();
    eventually("the version is reported", async || {
        let health = health(&fixture.server).await;
        let reason = format!("The schema is at version 12 and the server needs version {newest}.");
        health["status"] == "unhealthy" && health["reasons"] == json!([reason])
    })
    .await;
}

#[tokio::test]
async fn an_account_without_create_is_named_in_health_and_answer() {
    let database = TestDatabase::create().await;
    let name = database.url().rsplit_once('/').unwrap().1.to_owned();
    let (host, port) = TestDatabase::server_address();
    let mut connection = database.connect().await;
    for statement in [
        format!("CREATE USER '{name}'@'%' IDENTIFIED BY 'pw'"),
        format!("GRANT SELECT, INSERT, UPDATE, DELETE ON {name}.* TO '{name}'@'%'"),
    ] {
        connection.query_drop(statement).await.unwrap();
    }
    connection.disconnect().await.unwrap();
    let url = format!("mysql://{name}:pw@{host}:{port}/{name}");
    let server = TestServer::start_unready(&url, &[]).await;
    let (status, body) = server
        .sync(&batch(&json!({"realtime_data": [reading(1)]})))
        .await;
    assert_eq!(status, 500, "{body}");
    let sentence = "The account in DATABASE_URL lacks the right CREATE on the table migration_lock";
    assert_eq!(body["error"], sentence);
    let health = health(&server).await;
    assert_eq!(health["status"], "unhealthy");
    assert_eq!(health["reasons"][0], format!("{sentence}."));
}

#[tokio::test]
async fn a_wrong_password_is_named_in_health_and_answer() {
    let database = TestDatabase::create().await;
    let (host, port) = TestDatabase::server_address();
    // An account that exists: MySQL offers an unknown one a plugin at random, which the driver may not have.
    let url = format!("mysql://root:wrong@{host}:{port}/x");
    let server = TestServer::start_unready(&url, &[]).await;
    let (status, body) = server
        .sync(&batch(&json!({"realtime_data": [reading(1)]})))
        .await;
    assert_eq!(status, 500, "{body}");
    let sentence = "The database refuses the account in DATABASE_URL: wrong user, password or rights, \
         or it requires TLS (ssl-mode)";
    assert_eq!(body["error"], sentence);
    let health = health(&server).await;
    assert_eq!(health["status"], "unhealthy");
    assert_eq!(health["reasons"][0], format!("{sentence}."));
    drop(database);
}

#[tokio::test]
async fn a_database_with_the_longest_name_is_migrated() {
    let server_url = TestDatabase::server_url();
    let helper = TestDatabase::create().await;
    let name = format!("eclipse_ai_test_{}_{}", std::process::id(), "x".repeat(64));
    let name = &name[..64];
    let drop = format!("DROP DATABASE IF EXISTS {name}");
    helper.execute(&drop).await.unwrap();
    helper
        .execute(&format!("CREATE DATABASE {name}"))
        .await
        .unwrap();
    let ended = Binary::with_database(&format!("{server_url}{name}")).run(&["init-db"]);
    helper.execute(&drop).await.unwrap();
    assert_eq!(ended.code, Some(0), "{}", ended.output);
}
