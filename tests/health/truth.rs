//! Faults that once left the status `healthy`: each degrades it, with one sentence that names the table, device or file.

use std::fs;

use serde_json::{Value, json};

use crate::support::{DEVICE, Fixture, Form, answer, batch, eventually};

impl Fixture {
    async fn health(&self) -> Value {
        answer(self.server.get("/api/v1/health")).await.1
    }

    /// Waits until the server is degraded for this one reason.
    async fn is_degraded_because(&self, reason: &str) {
        eventually(reason, async || {
            let health = self.health().await;
            health["status"] == "degraded" && health["reasons"] == json!([reason])
        })
        .await;
    }

    async fn upload(&self, name: &str, content: &[u8]) -> u16 {
        let form = Form::default()
            .text("type", "database")
            .text("deviceId", DEVICE)
            .file(name, content);
        let request = self
            .server
            .post("/api/v1/backup")
            .header("Content-Type", Form::CONTENT_TYPE);
        answer(request.body(form.finish())).await.0
    }
}

#[tokio::test]
async fn unknown_tables_that_are_refused_again_and_again() {
    let fixture = Fixture::start().await;
    let row = json!([{"id": 1, "code": "P0301"}]);
    for _ in 0..3 {
        let (status, _) = fixture.server.sync(&batch(&json!({"dtc_log": row}))).await;
        assert_eq!(status, 422);
    }
    let health = fixture.health().await;
    assert_eq!(health["status"], "degraded");
    let reason = health["reasons"][0].as_str().unwrap();
    let names = format!("The last 3 batches of {DEVICE} with rows of dtc_log were not stored: ");
    assert!(reason.starts_with(&names), "{reason}");
    assert_eq!(health["sync"]["failingTables"][0]["isUnknown"], true);
}

#[tokio::test]
async fn a_table_whose_body_is_not_valid_json() {
    let fixture = Fixture::start().await;
    let body = format!(
        r#"{{"deviceId": "{DEVICE}", "batchId": "b", "tables": {{"realtime_data": {{"rows": [
            {{"id": 1, "timestamp": "2026-02-01T14:00:00", "parameter_name": "RPM", "value": Infinity}}]}}}}}}"#
    );
    for _ in 0..3 {
        let (status, _) = fixture.server.sync_bytes(body.clone().into_bytes()).await;
        assert_eq!(status, 422);
    }
    let health = fixture.health().await;
    assert_eq!(health["status"], "degraded");
    let reason = health["reasons"][0].as_str().unwrap();
    let names =
        format!("The last 3 batches of {DEVICE} with rows of realtime_data were not stored");
    assert!(reason.starts_with(&names), "{reason}");
}

#[tokio::test]
async fn a_client_with_a_wrong_key_until_it_sends_the_right_one() {
    let fixture = Fixture::start().await;
    let server = &fixture.server;
    let url = format!("{}/api/v1/sync", server.url);
    for _ in 0..30 {
        let request = server.http.post(&url).header("X-API-Key", "an-old-key");
        assert_eq!(answer(request).await.0, 401);
    }
    let reason =
        "The last 30 requests of 127.0.0.1 to POST /api/v1/sync were refused: Invalid API key.";
    fixture.is_degraded_because(reason).await;
    fixture.store(&json!({})).await;
    assert_eq!(fixture.health().await["status"], "healthy");
}

#[tokio::test]
async fn batches_that_are_too_large() {
    let fixture = Fixture::start_with(&[("MAX_SYNC_PAYLOAD_MB", "1")]).await;
    for _ in 0..4 {
        let (status, _) = fixture.server.sync_bytes(vec![b' '; 1024 * 1024 + 1]).await;
        assert_eq!(status, 413);
    }
    let reason = "The last 4 requests of 127.0.0.1 to POST /api/v1/sync were refused: \
                  Payload too large. Max: 1MB.";
    fixture.is_degraded_because(reason).await;
}

#[tokio::test]
async fn uploads_that_fail_one_after_the_other() {
    let folder = tempfile::tempdir().unwrap();
    // Even root cannot create a folder below a file.
    let file = folder.path().join("a-file");
    fs::write(&file, "").unwrap();
    let backups = file.join("backups");
    let fixture = Fixture::start_with(&[("BACKUP_DIR", backups.to_str().unwrap())]).await;
    for _ in 0..3 {
        assert_eq!(fixture.upload("obd.db", b"x").await, 500);
    }
    let health = fixture.health().await;
    let reason =
        "The last 3 uploads failed: the backup folder (BACKUP_DIR) cannot be read or written.";
    assert_eq!(health["status"], "degraded");
    let reasons = health["reasons"].as_array().unwrap();
    assert!(reasons.contains(&json!(reason)), "{health}");
}

#[tokio::test]
async fn a_read_only_backup_folder_before_the_first_upload() {
    let fixture = Fixture::start_with(&[("BACKUP_DIR", "/proc/sys")]).await;
    let health = fixture.health().await;
    assert_eq!(health["status"], "degraded");
    let reason = health["reasons"][0].as_str().unwrap();
    let names = "The backup folder (BACKUP_DIR) is not writable: ";
    assert!(reason.starts_with(names), "{reason}");
}

#[tokio::test]
async fn a_damaged_newest_backup_until_a_sound_one_is_stored() {
    let fixture = Fixture::start().await;
    assert_eq!(fixture.upload("obd.json", b"{\"cut\":").await, 200);
    eventually("the damage is reported", async || {
        let health = fixture.health().await;
        let reason = health["reasons"][0].as_str().unwrap_or_default();
        reason.starts_with(&format!(
            "The newest backup in {DEVICE}/database is damaged: obd-"
        ))
    })
    .await;
    assert_eq!(fixture.health().await["status"], "degraded");
    assert_eq!(fixture.upload("obd.json", b"{\"cut\": false}").await, 200);
    eventually("the damage is no longer reported", async || {
        fixture.health().await["status"] == "healthy"
    })
    .await;
}

#[tokio::test]
async fn analyses_that_fail_one_after_the_other() {
    let fixture = Fixture::start().await;
    fixture.ollama.says("no recommendation at all");
    let reading = json!([
        {"id": 1, "timestamp": "2026-02-01T14:00:00", "parameter_name": "RPM", "value": 800.0},
    ]);
    fixture.store(&json!({"realtime_data": reading})).await;
    let window =
        json!({"driveStartTime": "2026-02-01T13:00:00", "driveEndTime": "2026-02-01T15:00:00"});
    for _ in 0..3 {
        let request = fixture.server.post("/api/v1/analyze").json(&window);
        assert_eq!(answer(request).await.0, 502);
    }
    let health = fixture.health().await;
    assert_eq!(health["status"], "degraded");
    let reason = health["reasons"][0].as_str().unwrap();
    let names = format!("The last 3 analyses failed: {DEVICE}: ");
    assert!(reason.starts_with(&names), "{reason}");
}
