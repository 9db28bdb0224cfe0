//! The server survives failing actors, too many clients, clients that disconnect, and a database that hangs.

use std::time::Duration;

use futures_util::future::join_all;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use reqwest::header::RETRY_AFTER;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{
    FAILURES, FakeOllama, PrivateDatabase, ServerProcess, TestDatabase, answer, eventually,
};

/// The requests that may wait, and the one that runs.
const ADMITTED: usize = 256 + 1;

/// A batch with one reading.
fn reading(id: usize) -> Value {
    let row = json!({
        "id": id, "timestamp": "2026-02-01T14:30:05", "parameter_name": "RPM", "value": 800.0,
    });
    json!({"deviceId": "car", "batchId": format!("b{id}"), "tables": {"realtime_data": {"rows": [row]}}})
}

/// A server that stores one batch at a time, once its schema is there.
async fn one_at_a_time(database: &TestDatabase) -> ServerProcess {
    let server = ServerProcess::start(&database.url(), &[("DATABASE_POOL_SIZE", "1")]).await;
    server.logs("schema is up to date").await;
    server
}

/// Every kind of failure in turn, then one more.
#[rstest]
#[case::sync("sync")]
#[case::backup("backup")]
#[case::health("health")]
#[case::analysis("analysis")]
#[tokio::test]
async fn an_actor_is_restarted_after_each_kind_of_failure_up_to_its_limit(#[case] actor: &str) {
    let database = TestDatabase::create().await;
    let mut server = ServerProcess::start_failing(&database.url(), &[]).await;
    server.logs("schema is up to date").await;
    for (restarts, failure) in (1..).zip(FAILURES) {
        let path = format!("/fail/{actor}/{failure}");
        assert_eq!(server.post(&path).send().await.unwrap().status(), 200);

        // Sent while the actor pauses, and handled after its restart.
        let batch = reading(restarts);
        let (stored, health) =
            tokio::join!(server.sync(&batch), answer(server.get("/api/v1/health")));
        assert_eq!(stored.0, 200, "after {failure}: {}", stored.1);
        assert_eq!(health.0, 200, "after {failure}");
        assert_eq!(health.1["components"]["mysql"], "up", "after {failure}");

        let restarted = server.lines(&format!("actor restarted actor={actor} "));
        assert_eq!(restarted.len(), restarts, "{restarted:?}");
        let reason = match failure {
            "by-stopping" => "it stopped itself".to_owned(),
            _ => format!("it panicked: boom {failure}"),
        };
        assert!(restarted[restarts - 1].contains(&reason), "{restarted:?}");
    }
    assert_eq!(database.count("realtime_data", "TRUE").await, 5);

    // The answer may be lost when the process exits.
    let _ = server
        .post(&format!("/fail/{actor}/in-future"))
        .send()
        .await;

    let code = server.ends().await.code();
    assert_eq!(code, Some(1), "systemd is to start it again");
    let line = format!(
        "actor exceeded its restart limit actor={actor} reason=\"it panicked: boom in-future\""
    );
    server.logs(&line).await;
}

#[tokio::test]
async fn an_analysis_lost_in_a_failure_frees_the_model_for_the_next() {
    let database = TestDatabase::create().await;
    let ollama = FakeOllama::start();
    let variables = [("OLLAMA_BASE_URL", ollama.url.as_str())];
    let server = ServerProcess::start_failing(&database.url(), &variables).await;
    server.logs("schema is up to date").await;
    assert_eq!(server.sync(&reading(1)).await.0, 200);
    ollama.hold();
    let window =
        json!({"driveStartTime": "2026-02-01T14:00:00", "driveEndTime": "2026-02-01T15:00:00"});
    let analyze = || server.post("/api/v1/analyze").body(window.to_string());
    let lost = tokio::spawn(analyze().send());
    ollama.is_asked(1).await;

    let failed = server.post("/fail/analysis/in-future").send().await;
    assert_eq!(failed.unwrap().status(), 200);

    let lost = lost.await.unwrap().unwrap();
    assert_eq!(lost.status(), 503);
    assert!(lost.headers().contains_key(RETRY_AFTER));
    ollama.is_left(1).await;
    ollama.release();
    assert_eq!(answer(analyze()).await.0, 200);
}

#[tokio::test]
async fn requests_to_a_full_queue_get_503_and_the_others_are_served() {
    let database = TestDatabase::create().await;
    let server = one_at_a_time(&database).await;
    let lock = database.lock("realtime_data").await;
    let mut clients: FuturesUnordered<_> = (0..ADMITTED + 40)
        .map(|id| server.batch(&reading(id)).send())
        .collect();
    for _ in 0..40 {
        let refused = clients.next().await.unwrap().unwrap();
        assert_eq!(refused.status(), 503);
        assert!(refused.headers().contains_key(RETRY_AFTER));
    }

    lock.release().await;

    while let Some(served) = clients.next().await {
        assert_eq!(served.unwrap().status(), 200);
    }
    assert_eq!(
        database.count("realtime_data", "TRUE").await,
        ADMITTED as u64
    );
}

#[tokio::test]
async fn clients_that_disconnect_free_their_places() {
    let database = TestDatabase::create().await;
    let server = one_at_a_time(&database).await;
    let mut lock = database.lock("realtime_data").await;
    let running = tokio::spawn(server.batch(&reading(0)).send());
    lock.blocks_a_statement().await;
    let mut clients: FuturesUnordered<_> = (1..=ADMITTED)
        .map(|id| server.batch(&reading(id)).send())
        .collect();
    let refused = clients.next().await.unwrap().unwrap();
    assert_eq!(refused.status(), 503, "the queue is full");

    drop(clients);

    server.logs("client disconnected before the response").await;
    eventually("all of them are gone", async || {
        server
            .lines("client disconnected before the response")
            .len()
            == ADMITTED - 1
    })
    .await;
    let next = tokio::spawn(server.batch(&reading(1000)).send());
    let last = tokio::spawn(server.batch(&reading(1001)).send());
    lock.release().await;
    for served in [running, next, last] {
        assert_eq!(served.await.unwrap().unwrap().status(), 200);
    }
    assert_eq!(database.count("realtime_data", "TRUE").await, 3);
}

#[tokio::test]
async fn a_database_that_hangs_and_recovers_needs_no_restart() {
    let database = PrivateDatabase::start().await;
    let server = ServerProcess::start(&database.url(), &[("DATABASE_POOL_SIZE", "2")]).await;
    server.logs("schema is up to date").await;
    assert_eq!(server.sync(&reading(1)).await.0, 200);

    // Some are cancelled during a statement, the others before they get a connection.
    let mut lock = database.lock("realtime_data").await;
    let hang = async {
        lock.blocks_a_statement().await;
        database.hang();
        answer(server.get("/api/v1/health")).await
    };
    let batches = (2..8).map(|id| within_a_minute(&server, id));
    let (health, failed) = tokio::join!(hang, join_all(batches));
    assert_eq!(health.1["components"]["mysql"], "down");
    for (status, body) in failed {
        assert!(
            matches!(status, 500 | 503),
            "nothing is stored, nothing hangs: {status} {body}"
        );
    }

    database.go_on();
    lock.release().await;
    // None of these may get a connection on which an earlier answer is still pending.
    for id in 100..120 {
        let (status, receipt) = server.sync(&reading(id)).await;
        let counts = &receipt["tablesProcessed"]["realtime_data"];
        assert_eq!(status, 200, "{receipt}");
        assert_eq!(receipt["batchId"], format!("b{id}"));
        assert_eq!(counts["inserted"], 1, "an answer of its own: {receipt}");
        let (_, receipt) = server.sync(&reading(id)).await;
        let counts = &receipt["tablesProcessed"]["realtime_data"];
        assert_eq!(counts["updated"], 1, "an answer of its own: {receipt}");
    }
    eventually("health sees it", async || {
        answer(server.get("/api/v1/health")).await.1["components"]["mysql"] == "up"
    })
    .await;
    assert!(server.lines("actor restarted").is_empty());
}

/// Fails instead of waiting without limit.
async fn within_a_minute(server: &ServerProcess, id: usize) -> (u16, Value) {
    tokio::time::timeout(Duration::from_mins(1), server.sync(&reading(id)))
        .await
        .expect("an answer comes though the database hangs")
}
