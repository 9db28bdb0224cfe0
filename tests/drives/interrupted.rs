//! A drive whose analysis is interrupted is analysed later, and once.

use serde_json::Value;

use super::{end_as, events, readings, send, successes};
use crate::support::{
    FakeOllama, Fixture, PrivateDatabase, ServerProcess, TestDatabase, batch, eventually,
};

/// A server whose model is analysing a drive.
async fn thinking(database_url: &str, ollama: &FakeOllama) -> ServerProcess {
    let server = start(database_url, ollama).await;
    ollama.hold();
    let rows = serde_json::json!({"connection_log": events(1, "start@0 end@25"), "realtime_data": readings(1, "10")});
    eventually("the drive is stored", async || {
        server.sync(&batch(&rows)).await.0 == 200
    })
    .await;
    ollama.is_asked(1).await;
    server
}

async fn start(database_url: &str, ollama: &FakeOllama) -> ServerProcess {
    ServerProcess::start(database_url, &[("OLLAMA_BASE_URL", &ollama.url)]).await
}

impl Fixture {
    /// Starts the analysis of a drive that does not end.
    async fn begins_to_think(&self) {
        self.ollama.hold();
        let drive = events(1, "start@0 end@25");
        send(&self.server, drive, readings(1, "10")).await;
        self.ollama.is_asked(1).await;
    }
}

#[tokio::test]
async fn a_killed_servers_drive_is_analysed_once_by_the_next_server() {
    let (database, ollama) = (TestDatabase::create().await, FakeOllama::start());
    let mut server = thinking(&database.url(), &ollama).await;
    server.kill().await;
    assert_eq!(database.count("drives", "state = 'running'").await, 1);
    ollama.release();
    let _server = start(&database.url(), &ollama).await;
    end_as(&database, "0-25 analysed").await;
    assert_eq!(
        (
            successes(&database).await,
            database.count("ai_recommendations", "TRUE").await
        ),
        (1, 3)
    );
    let left = "status = 'failed' AND error = 'the server ended before the analysis did'";
    assert_eq!(database.count("analysis_history", left).await, 1);
}

#[tokio::test]
async fn a_server_that_stops_requeues_the_drive_at_once() {
    let (database, ollama) = (TestDatabase::create().await, FakeOllama::start());
    let mut server = thinking(&database.url(), &ollama).await;
    server.signal("TERM");
    assert!(server.ends_in_time().await.success());
    ollama.is_left(1).await;
    let given_back =
        "state = 'queued' AND attempts = 0 AND lease_owner IS NULL AND next_look_at <= NOW(6)";
    assert_eq!(database.count("drives", given_back).await, 1);
    ollama.release();
    let _server = start(&database.url(), &ollama).await;
    end_as(&database, "0-25 analysed").await;
    assert_eq!(successes(&database).await, 1);
}

#[tokio::test]
async fn a_database_crash_during_an_analysis_loses_no_drive() {
    let (mut database, ollama) = (PrivateDatabase::start().await, FakeOllama::start());
    let server = thinking(&database.url(), &ollama).await;
    database.crash();
    ollama.release();
    server.logs("drive not analysed").await;
    database.restart();
    eventually("the drive is analysed", async || {
        database.count("drives", "state = 'analysed'").await == 1
    })
    .await;
    let successes = database.count("analysis_history", "status = 'success'");
    assert_eq!(successes.await, 1);
    assert_eq!(database.count("ai_recommendations", "TRUE").await, 3);
}

/// Analyses a drive while the database refuses the result with this error; waits until the drive has this state.
async fn refused_with(error: u32, state: &str) {
    let fixture = Fixture::with_quiet("0").await;
    let refuse = format!(
        "CREATE TRIGGER refuse BEFORE INSERT ON ai_recommendations FOR EACH ROW \
         SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = {error}, MESSAGE_TEXT = 'refused'"
    );
    fixture.database.execute(&refuse).await.unwrap();
    let drive = events(1, "start@0 end@25");
    send(&fixture.server, drive, readings(1, "10")).await;
    fixture.ollama.is_asked(1).await;
    eventually(state, async || {
        fixture.database.count("drives", state).await == 1
    })
    .await;
    assert_eq!(fixture.successes().await, 0);
}

/// Otherwise the model would get the same prompt repeatedly.
#[tokio::test]
async fn a_result_that_the_database_refuses_is_a_failed_attempt() {
    let failed = "state = 'queued' AND attempts = 1 AND reason = 'the database failed'";
    refused_with(1644, failed).await;
}

#[tokio::test]
async fn a_full_database_costs_a_drive_no_attempt() {
    let given_back = "state = 'queued' AND attempts = 0 AND next_look_at > NOW(6)";
    refused_with(1114, given_back).await;
}

#[tokio::test]
async fn a_drive_claimed_by_another_server_is_left_to_it() {
    let fixture = Fixture::with_quiet("86400").await;
    fixture.begins_to_think().await;
    fixture
        .database
        .execute("UPDATE drives SET lease_owner = 'another'")
        .await
        .unwrap();
    fixture.ollama.release();
    let failed = "status = 'failed' AND error LIKE '%another server has taken it over%'";
    eventually("nothing is stored", async || {
        fixture.database.count("analysis_history", failed).await == 1
    })
    .await;
    assert_eq!(
        fixture.database.count("ai_recommendations", "TRUE").await,
        0
    );
    assert_eq!(
        fixture
            .database
            .count("drives", "state = 'running' AND lease_owner = 'another'")
            .await,
        1
    );
}

#[tokio::test]
async fn a_claim_is_renewed_while_the_model_thinks() {
    let fixture = Fixture::with_quiet("86400").await;
    fixture.begins_to_think().await;
    let first: String = fixture
        .database
        .row("SELECT CAST(lease_until AS CHAR) FROM drives")
        .await;
    let renewed = format!("lease_until > '{first}'");
    eventually("the claim is renewed", async || {
        fixture.database.count("drives", &renewed).await == 1
    })
    .await;
    fixture.ollama.release();
    end_as(&fixture.database, "0-25 analysed").await;
}

#[tokio::test]
async fn readings_that_arrive_during_an_analysis_are_analysed_afterwards() {
    let fixture = Fixture::with_quiet("0").await;
    fixture.begins_to_think().await;
    let receipt: Value = send(&fixture.server, Vec::new(), readings(2, "11")).await;
    assert_eq!(receipt["tablesProcessed"]["realtime_data"]["inserted"], 1);
    fixture.ollama.release();
    let both = "state = 'analysed' AND readings_analysed = 2";
    eventually("both are analysed", async || {
        fixture.database.count("drives", both).await == 1
    })
    .await;
    assert_eq!(fixture.successes().await, 2);
}
