//! A server whose clock was wrong when it stored a backup.

use std::fs;
use std::path::Path;

use super::{NO_DATABASE, form, names_in};
use crate::support::{API_KEY, Form, ServerProcess, answer, eventually};

/// It keeps one backup of each type.
async fn start(root: &Path) -> ServerProcess {
    let variables = [
        ("BACKUP_DIR", root.to_str().unwrap()),
        ("BACKUP_RETENTION_COUNT", "1"),
    ];
    ServerProcess::start(NO_DATABASE, &variables).await
}

/// Stores a log; returns its name.
async fn store(server: &ServerProcess) -> String {
    let request = server.post("/api/v1/backup");
    let request = request.header("Content-Type", Form::CONTENT_TYPE);
    let (status, receipt) = answer(request.body(form("logs").file("obd.log", "x").finish())).await;
    assert_eq!(status, 200, "{receipt}");
    receipt["filename"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_clock_behind_the_last_backup_is_a_warning_and_deletes_nothing_new() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("test-pi/logs");
    let records = root.path().join(".records/test-pi/logs");
    let mut server = start(root.path()).await;
    let name = store(&server).await;
    server.signal("TERM");
    assert_eq!(server.ends_in_time().await.code(), Some(0));
    // As if the clock had been in 2131.
    let later = "obd-2131-02-01T12-00-00.log";
    fs::rename(folder.join(&name), folder.join(later)).unwrap();
    let record = |name: &str| records.join(format!("{name}.json"));
    fs::rename(record(&name), record(later)).unwrap();

    let server = start(root.path()).await;
    let newest = store(&server).await;
    assert_eq!(names_in(&folder), [newest]);
    server.logs("clock jumped between two backups").await;
    let line = server.lines("clock jumped between two backups").remove(0);
    assert!(
        line.contains("WARN") && line.contains("2131-02-01"),
        "{line}"
    );
    eventually("health has a note", async || {
        let health = server.get("/api/v1/health").header("X-API-Key", API_KEY);
        let (_, health) = answer(health).await;
        let note = "The server's clock jumped from 2131-02-01T12:00:00 to ";
        health["backup"]["notes"].to_string().contains(note)
    })
    .await;
}
