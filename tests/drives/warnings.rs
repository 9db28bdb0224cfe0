//! Log lines about drives that cannot be analysed immediately.

use serde_json::json;

use super::{events, readings};
use crate::support::{ServerProcess, TestDatabase, batch};

async fn start(database: &TestDatabase) -> ServerProcess {
    let server = ServerProcess::start(&database.url(), &[]).await;
    server.logs("schema is up to date").await;
    server
}

#[tokio::test]
async fn without_ollama_a_skipped_analysis_is_logged() {
    let database = TestDatabase::create().await;
    let server = start(&database).await;
    let drive = json!({
        "connection_log": events(1, "start@0 end@25"),
        "realtime_data": readings(1, "10"),
    });
    let (status, receipt) = server.sync(&batch(&drive)).await;
    assert_eq!(
        (status, &receipt["autoAnalysisTriggered"]),
        (200, &json!(false))
    );
    server
        .logs("Auto-analysis skipped: Ollama unavailable")
        .await;
}

#[tokio::test]
async fn an_end_without_a_start_is_logged() {
    let database = TestDatabase::create().await;
    let server = start(&database).await;
    let end = json!({"connection_log": events(1, "end@25"), "realtime_data": readings(1, "10")});
    let (status, receipt) = server.sync(&batch(&end)).await;
    assert_eq!((status, &receipt["driveDataReceived"]), (200, &json!(true)));
    server.logs("Cannot determine drive boundaries").await;
    assert_eq!(database.count("drives", "TRUE").await, 0);
}
