//! What is as it should be leaves neither a warning in the log nor a reason in health.

use serde_json::json;

use crate::support::{
    FakeOllama, Form, ServerProcess, TestDatabase, answer, batch, eventually, reading,
};

#[tokio::test]
async fn a_start_a_drive_and_a_backup_leave_no_warning() {
    let (database, ollama) = (TestDatabase::create().await, FakeOllama::start());
    let variables = [("OLLAMA_BASE_URL", ollama.url.as_str())];
    let mut server = ServerProcess::start(&database.url(), &variables).await;
    server.logs("schema is up to date").await;
    let drive = batch(&json!({
        "connection_log": [
            {"id": 1, "timestamp": "2026-02-01T14:00:00", "event_type": "drive_start"},
            {"id": 2, "timestamp": "2026-02-01T14:30:00", "event_type": "drive_end"},
        ],
        "realtime_data": (1..=50).map(reading).collect::<Vec<_>>(),
    }));
    assert_eq!(server.sync(&drive).await.0, 200);
    let analysed = "status = 'success'";
    eventually("the drive is analysed", async || {
        database.count("analysis_history", analysed).await == 1
    })
    .await;
    let backup = server.post("/api/v1/backup");
    let backup = backup.header("Content-Type", Form::CONTENT_TYPE);
    let form = Form::default()
        .text("type", "logs")
        .text("deviceId", "test-pi")
        .file("obd.log", "x");
    assert_eq!(answer(backup.body(form.finish())).await.0, 200);
    eventually("health is healthy", async || {
        let (_, health) = answer(server.get("/api/v1/health")).await;
        health["status"] == "healthy" && health["reasons"] == json!([])
    })
    .await;
    server.signal("TERM");
    assert_eq!(server.ends_in_time().await.code(), Some(0));
    for level in ["WARN", "ERROR"] {
        assert_eq!(server.lines(level), [""; 0]);
    }
}
