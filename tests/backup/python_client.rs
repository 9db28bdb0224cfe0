//! The client in `docs/`, as a device runs it.

use std::process::Command;

use serde_json::json;
use tokio::task::spawn_blocking;

use super::{sha256, start};
use crate::support::{API_KEY, eventually};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/upload-backup.py");

#[tokio::test]
async fn the_documented_client_uploads_a_file_and_then_only_what_changed() {
    let server = start().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("obd.json");
    let mut content = format!("[{}1]", "1,".repeat(500_000)).into_bytes();
    for changed in [false, true] {
        if changed {
            content[700_000] = b'2';
        }
        std::fs::write(&path, &content).unwrap();
        let mut client = Command::new("python3");
        client
            .args([SCRIPT, &server.url, API_KEY, "test-pi", "database"])
            .arg(&path);
        let ended = spawn_blocking(move || client.output())
            .await
            .unwrap()
            .unwrap();
        let output = String::from_utf8_lossy(&ended.stdout).into_owned();
        let errors = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert!(ended.status.success(), "{output}{errors}");
        let sent = if changed { 65_536 } else { content.len() };
        assert!(
            output.contains(&format!("sent {sent} of {} bytes", content.len())),
            "{output}"
        );
        eventually("it is stored and verified", async || {
            let newest = &server.list("").await[0];
            newest["sha256"] == sha256(&content) && newest["verified"] == json!(true)
        })
        .await;
    }
    assert!(!folder.path().join("obd.json.upload").exists());
}
