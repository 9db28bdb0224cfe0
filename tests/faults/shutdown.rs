//! Shutdown: work in flight is finished or rolled back, even if a component hangs, and the exit code has the outcome.

use std::net::TcpListener;
use std::process::Command;

use reqwest::Response;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::support::{
    FakeOllama, PrivateDatabase, ServerProcess, TableLock, TestDatabase, answer, eventually,
};

/// A batch with rows of two tables; the second one is locked.
fn batch() -> Value {
    let at = "2026-02-01T14:30:05";
    json!({"deviceId": "car", "batchId": "b1", "tables": {
        "realtime_data": {"rows": [
            {"id": 1, "timestamp": at, "parameter_name": "RPM", "value": 800.0},
        ]},
        "connection_log": {"rows": [{"id": 1, "timestamp": at, "event_type": "drive_start"}]},
    }})
}

/// A server with a sync in flight that waits for a lock.
struct BlockedSync {
    database: TestDatabase,
    server: ServerProcess,
    lock: TableLock,
    sync: JoinHandle<reqwest::Result<Response>>,
}

impl BlockedSync {
    async fn start() -> Self {
        let database = TestDatabase::create().await;
        let server = ServerProcess::start(&database.url(), &[]).await;
        server.logs("schema is up to date").await;
        let mut lock = database.lock("connection_log").await;
        let sync = tokio::spawn(server.batch(&batch()).send());
        lock.blocks_a_statement().await;
        Self {
            database,
            server,
            lock,
            sync,
        }
    }
}

/// How many rows of the batch each of its tables has.
async fn stored(database: &TestDatabase) -> [u64; 2] {
    [
        database.count("realtime_data", "TRUE").await,
        database.count("connection_log", "TRUE").await,
    ]
}

#[tokio::test]
async fn a_sync_in_flight_is_finished_before_the_exit() {
    let BlockedSync {
        database,
        mut server,
        lock,
        sync,
    } = BlockedSync::start().await;

    server.signal("TERM");
    // The requests in flight have 4 s from here on.
    server.logs("server stops").await;
    lock.release().await;

    let answer = sync.await.unwrap().unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(server.ends_in_time().await.code(), Some(0));
    assert_eq!(stored(&database).await, [1, 1]);
}

#[tokio::test]
async fn a_sync_that_hangs_does_not_delay_the_exit_and_is_rolled_back() {
    let BlockedSync {
        database,
        mut server,
        lock,
        sync,
    } = BlockedSync::start().await;

    server.signal("INT");

    assert_eq!(server.ends_in_time().await.code(), Some(0));
    let answer = sync.await.unwrap();
    assert!(
        !answer.is_ok_and(|answer| answer.status() == 200),
        "what is not stored has no receipt"
    );
    lock.release().await;
    database.has_no_other_sessions().await;
    assert_eq!(stored(&database).await, [0, 0]);
}

#[tokio::test]
async fn a_database_that_hangs_does_not_delay_the_exit() {
    let database = PrivateDatabase::start().await;
    let mut server = ServerProcess::start(&database.url(), &[]).await;
    server.logs("schema is up to date").await;
    assert_eq!(server.sync(&batch()).await.0, 200);
    database.hang();
    let sync = tokio::spawn(server.batch(&batch()).send());
    // Once health reports this, the batch is in flight too.
    let (_, health) = answer(server.get("/api/v1/health")).await;
    assert_eq!(health["components"]["mysql"], "down");

    server.signal("TERM");

    assert_eq!(server.ends_in_time().await.code(), Some(0));
    assert!(sync.await.unwrap().is_err(), "it is cut off");
}

#[tokio::test]
async fn the_exit_interrupts_an_analysis_and_waiting_clients_get_503() {
    let database = TestDatabase::create().await;
    let ollama = FakeOllama::start();
    let variables = [("OLLAMA_BASE_URL", ollama.url.as_str())];
    let mut server = ServerProcess::start(&database.url(), &variables).await;
    server.logs("schema is up to date").await;
    assert_eq!(server.sync(&batch()).await.0, 200);
    ollama.hold();
    let window =
        json!({"driveStartTime": "2026-02-01T14:00:00", "driveEndTime": "2026-02-01T15:00:00"});
    let analyze = || {
        tokio::spawn(
            server
                .post("/api/v1/analyze")
                .body(window.to_string())
                .send(),
        )
    };
    let running = analyze();
    ollama.is_asked(1).await;
    let waiting = analyze();
    eventually("it stands in line", async || {
        answer(server.get("/api/v1/health")).await.1["analysis"]["queueLength"] == 1
    })
    .await;

    server.signal("TERM");

    for client in [running, waiting] {
        assert_eq!(client.await.unwrap().unwrap().status(), 503);
    }
    ollama.is_left(1).await;
    assert_eq!(server.ends_in_time().await.code(), Some(0));
    assert_eq!(ollama.questions().len(), 1, "nothing is begun at the end");
    let interrupted = "status = 'failed' AND error LIKE '%the server stops%'";
    assert_eq!(database.count("analysis_history", interrupted).await, 1);
    assert_eq!(database.count("analysis_history", "TRUE").await, 1);
}

#[tokio::test]
async fn a_second_signal_exits_at_once_and_logs_the_unfinished_drain() {
    let BlockedSync {
        database: _database,
        mut server,
        lock,
        ..
    } = BlockedSync::start().await;

    server.signal("TERM");
    server.logs("server stops").await;
    server.signal("TERM");

    assert_eq!(server.ends_in_time().await.code(), Some(1));
    server.logs("second termination signal").await;
    lock.release().await;
}

#[tokio::test]
async fn a_hangup_drains_like_a_termination() {
    let BlockedSync {
        database: _database,
        mut server,
        lock,
        ..
    } = BlockedSync::start().await;

    server.signal("HUP");
    server.logs("server stops").await;
    lock.release().await;

    assert_eq!(server.ends_in_time().await.code(), Some(0));
    server.logs("server stopped").await;
}

#[test]
fn a_server_that_cannot_start_logs_why_and_exits_with_an_error() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let folder = tempfile::tempdir().unwrap();
    let ended = Command::new(env!("CARGO_BIN_EXE_eclipse-ai-server"))
        .current_dir(folder.path())
        .env("DATABASE_URL", "mysql://nobody@127.0.0.1:9/nothing")
        .env("API_KEY", "some-key-that-is-long-enough")
        .env("HOST", "127.0.0.1")
        .env("PORT", port.to_string())
        .output()
        .unwrap();
    assert_eq!(ended.status.code(), Some(1));
    let said = String::from_utf8(ended.stderr).unwrap();
    assert!(said.contains("Address already in use"), "{said}");
}
