//! The rights of the account are compared with what the server needs before a batch fails for one.

use serde_json::{Value, json};

use crate::support::{
    Account, Binary, FakeOllama, TestDatabase, TestServer, batch, eventually, reading,
};

async fn migrated() -> TestDatabase {
    let database = TestDatabase::create().await;
    let ended = Binary::with_database(&database.url()).run(&["init-db"]);
    assert_eq!(ended.code, Some(0), "{}", ended.output);
    database
}

async fn start(account: &Account, ollama: &FakeOllama) -> TestServer {
    TestServer::start_with(&account.url(), &[("OLLAMA_BASE_URL", &ollama.url)]).await
}

async fn health_is(server: &TestServer, status: &str, reasons: &Value) {
    eventually(&format!("health is {status}: {reasons}"), async || {
        let health = server.health().await;
        health["status"] == status && health["reasons"] == *reasons
    })
    .await;
}

#[tokio::test]
async fn a_right_that_one_table_lacks_is_named_and_the_other_tables_are_stored() {
    let (database, ollama) = (migrated().await, FakeOllama::start());
    let rights = "SELECT, CREATE, ALTER, INDEX, REFERENCES";
    let account = Account::create(&database, rights).await;
    account
        .may_write_all_tables_but(&database, "alert_log")
        .await;
    let server = start(&account, &ollama).await;
    let lacks = "The account in DATABASE_URL lacks the right INSERT on the table alert_log";
    health_is(&server, "unhealthy", &json!([format!("{lacks}.")])).await;

    let readings = batch(&json!({"realtime_data": [reading(1)]}));
    assert_eq!(server.sync(&readings).await.0, 200);
    let alert = json!({
        "id": 1, "timestamp": "2026-02-01T14:25:00", "alert_type": "max",
        "parameter_name": "RPM", "value": 7000.0, "threshold": 6500.0,
    });
    let (status, body) = server.sync(&batch(&json!({"alert_log": [alert]}))).await;
    assert_eq!((status, &body["error"]), (500, &json!(lacks)), "{body}");

    // On MySQL it applies to open connections, too.
    let name = database.url().rsplit_once('/').unwrap().1.to_owned();
    account
        .grant(&database, &format!("INSERT ON {name}.alert_log"))
        .await;
    health_is(&server, "healthy", &json!([])).await;
    let (status, body) = server.sync(&batch(&json!({"alert_log": [alert]}))).await;
    assert_eq!(status, 200, "{body}");
}

#[tokio::test]
async fn rights_that_only_the_next_upgrade_needs_degrade() {
    let (database, ollama) = (migrated().await, FakeOllama::start());
    let account = Account::create(&database, "SELECT, INSERT, UPDATE, DELETE, CREATE").await;
    let server = start(&account, &ollama).await;
    let reason =
        "The account in DATABASE_URL lacks ALTER, INDEX, REFERENCES, which the next upgrade needs.";
    health_is(&server, "degraded", &json!([reason])).await;
    let readings = batch(&json!({"realtime_data": [reading(1)]}));
    assert_eq!(server.sync(&readings).await.0, 200);
}
