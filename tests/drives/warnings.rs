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

#[tokio::test]
async fn an_end_has_a_start_if_an_earlier_batch_brought_that_of_its_number() {
    let database = TestDatabase::create().await;
    let server = start(&database).await;
    for events in [
        events(1, "start@0#3"),
        events(2, "end@25#3"),
        events(3, "end@30#4"),
    ] {
        let (status, receipt) = server
            .sync(&batch(&json!({"connection_log": events})))
            .await;
        assert_eq!(status, 200, "{receipt}");
    }
    let line = "Cannot determine drive boundaries";
    server.logs(line).await;
    // Only the last one.
    assert_eq!(server.lines(line).len(), 1);
}
