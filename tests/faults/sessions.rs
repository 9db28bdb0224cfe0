//! Sessions do not depend on what the database server presets.

use actors::database::{Database, DatabaseUrl};
use mysql_async::prelude::Queryable as _;
use serde_json::{Value, json};
use std::time::Duration;

use crate::support::{
    Binary, PrivateDatabase, Proxy, TestDatabase, TestServer, answer, batch, reading, with,
};

const LIMIT: Duration = Duration::from_secs(30);

/// Each of these made batches fail, or texts or rows change, with the presets of some database server.
const PRESETS: [&str; 9] = [
    "SET GLOBAL autocommit = 0",
    "SET GLOBAL sql_select_limit = 2",
    "SET GLOBAL completion_type = 'RELEASE'",
    "SET GLOBAL sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'",
    "SET GLOBAL time_zone = '+05:00'",
    "SET GLOBAL sql_safe_updates = 1",
    "SET GLOBAL TRANSACTION READ ONLY",
    "SET GLOBAL TRANSACTION ISOLATION LEVEL SERIALIZABLE",
    "SET GLOBAL init_connect = 'SET NAMES latin1, sql_select_limit = 1, autocommit = 0'",
];

/// An account for which `init_connect` is executed; it is not for administrators.
const ACCOUNT: [&str; 3] = [
    "SET SESSION TRANSACTION READ WRITE",
    "CREATE USER car@'127.0.0.1' IDENTIFIED BY 'hunter2'",
    "GRANT ALL PRIVILEGES ON eclipse_ai.* TO car@'127.0.0.1'",
];

/// A server with all presets, and the URL of the account.
async fn preset() -> (PrivateDatabase, String) {
    let server =
        PrivateDatabase::start_with(&["--loose-skip-character-set-client-handshake"]).await;
    server.execute(&ACCOUNT).await;
    server.execute(&PRESETS).await;
    let url = server.url().replacen("root@", "car:hunter2@", 1);
    (server, url)
}

#[tokio::test]
async fn rows_statements_and_texts_are_whole_whatever_the_database_server_presets() {
    let (_server, url) = preset().await;
    let url = DatabaseUrl::parse(&url).unwrap();
    let database = Database::open(&url, 1);
    let run = async |statement: &'static str| {
        let outcome = database.run(LIMIT, async |connection| {
            Ok(connection.query_drop(statement).await?)
        });
        outcome.await.unwrap();
    };
    run("CREATE TABLE notes (note VARCHAR(20)) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4")
        .await;
    run("INSERT INTO notes VALUES ('Müller'), ('🚗'), ('a\\'b')").await;
    run("UPDATE notes SET note = CONCAT(note, '!')").await;
    let other = Database::open(&url, 1);
    let notes = other.run(LIMIT, async |connection| {
        let notes: Vec<String> = connection.query("SELECT note FROM notes").await?;
        Ok(notes)
    });
    assert_eq!(notes.await.unwrap(), ["Müller!", "🚗!", "a'b!"]);
}

#[tokio::test]
async fn batches_are_stored_whatever_the_database_server_presets() {
    let (database, url) = preset().await;
    let server = TestServer::start_with(&url, &[]).await;
    let rows: Vec<Value> = (1..=50)
        .map(|id| with(reading(id), &json!({"unit": "🚗"})))
        .collect();
    for _ in 0..2 {
        let (status, receipt) = server.sync(&batch(&json!({"realtime_data": rows}))).await;
        assert_eq!(status, 200, "{receipt}");
    }
    assert_eq!(database.count("realtime_data", "unit = '🚗'").await, 50);
    let (_, status) = answer(server.get("/api/v1/sync/status?deviceId=test-device")).await;
    let tables = status["devices"][0]["tables"].as_array().unwrap();
    let readings = tables
        .iter()
        .find(|table| table["table"] == "realtime_data")
        .unwrap();
    assert_eq!(readings["rows"], 50);
}

#[tokio::test]
async fn a_setting_that_a_proxy_overrides_is_an_error_that_names_it() {
    let database = TestDatabase::create().await;
    let proxy = Proxy::to_database_server().await;
    proxy.rewrite(
        "sql_safe_updates = 0, sql_auto",
        "sql_safe_updates = 1, sql_auto",
    );
    let binary = Binary::with_database(&proxy.url_of(&database));
    let named =
        "the database server or a proxy overrides settings of the session: sql_safe_updates";
    for command in ["init-db", "doctor"] {
        let ended = binary.run(&[command]);
        assert_eq!(ended.code, Some(1), "{}", ended.output);
        assert!(ended.output.contains(named), "{}", ended.output);
    }
}
