//! More clients than a process may have file descriptors.

use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{ServerProcess, TestDatabase, batch, effort, eventually, reading};

/// Half of them are for clients.
const DESCRIPTORS: u64 = 256;

async fn server_with_few_descriptors(database: &TestDatabase) -> ServerProcess {
    let mut program = Command::new("sh");
    let server = env!("CARGO_BIN_EXE_eclipse-ai-server");
    let script = format!(r#"ulimit -n {DESCRIPTORS} && exec "$0""#);
    program.args(["-c", &script, server]);
    let server = ServerProcess::run(program, &database.url(), &[]).await;
    server.logs("schema is up to date").await;
    server
}

fn idle_clients(server: &ServerProcess, clients: u64) -> Vec<TcpStream> {
    let connect = |_| TcpStream::connect(server.address()).unwrap();
    (0..clients).map(connect).collect()
}

async fn is_reported(server: &ServerProcess) {
    let expected = "All 128 connections are in use, so more clients wait.";
    eventually("health reports it", async || {
        let health: Value = server
            .get("/api/v1/health")
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        health["reasons"].to_string().contains(expected)
    })
    .await;
    assert_eq!(server.lines("all connections are in use").len(), 1);
    assert!(server.lines(" ERROR ").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_beyond_the_connections_wait_until_others_leave() {
    let database = TestDatabase::create().await;
    let server = server_with_few_descriptors(&database).await;
    let idle = idle_clients(&server, 140);
    server.logs("all connections are in use").await;
    assert!(server.descriptors() < DESCRIPTORS - 64);
    let batch = batch(&json!({"realtime_data": [reading(1)]}));
    let (stored, ()) = tokio::join!(server.sync(&batch), async { drop(idle) });
    assert_eq!(stored.0, 200);
    is_reported(&server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_never_leave_delay_others_and_no_more() {
    if effort(true, false) {
        return;
    }
    let database = TestDatabase::create().await;
    let server = server_with_few_descriptors(&database).await;
    for round in 0..10 {
        let idle = idle_clients(&server, 400);
        let batch = batch(&json!({"realtime_data": [reading(round)]}));
        // The server closes idle connections.
        let sync = tokio::time::timeout(Duration::from_mins(1), server.sync(&batch));
        assert_eq!(sync.await.expect("an answer").0, 200);
        drop(idle);
    }
    assert_eq!(database.count("realtime_data", "TRUE").await, 10);
    is_reported(&server).await;
}
