//! The disk of the backups: its room, and whether it is there.

use std::fs;

use serde_json::json;
use tokio::task::spawn_blocking;

use super::raw_client::RawClient;
use super::{MARKER, MEGABYTE, files_below, form, names_in, start, start_process, start_with};
use crate::support::{answer, eventually};

#[tokio::test]
async fn a_file_that_would_fill_the_disk_is_refused_before_its_first_byte() {
    let server = start_with(&[("BACKUP_MIN_FREE_MB", "1048576")]).await;
    let address = server.url.trim_start_matches("http://").to_owned();
    // The body is announced, and never sent.
    let answer = spawn_blocking(move || RawClient::begin(&address, 3 * MEGABYTE).answer());
    let (status, body) = answer.await.unwrap();
    assert_eq!(status, 507, "{body}");
    assert_eq!(body["detail"], "No space is left for backups");
    assert!(files_below(server.folder()).is_empty());
    let last_error = &server.health().await["backup"]["lastError"]["error"];
    assert_eq!(
        last_error,
        "the disk of the backup folder (BACKUP_DIR) is full"
    );
}

#[tokio::test]
async fn a_disk_that_was_unmounted_is_noticed_and_nothing_is_written_beneath() {
    let server = start().await;
    server.store("logs", "obd.log", "x").await;
    let (root, unmounted) = (server.backup_dir(), server.folder().join("unmounted"));
    fs::rename(&root, &unmounted).unwrap();
    fs::create_dir(&root).unwrap();
    for _ in 0..2 {
        let (status, body) = server.upload(form("logs").file("obd.log", "x")).await;
        assert_eq!(status, 500);
        assert_eq!(body["detail"], "The backup folder is not mounted");
    }
    assert_eq!(answer(server.get("/api/v1/backups")).await.0, 500);
    assert!(names_in(&root).is_empty());

    fs::remove_dir(&root).unwrap();
    fs::rename(&unmounted, &root).unwrap();
    server.store("logs", "obd.log", "y").await;
    assert_eq!(server.list("").await.len(), 2);
}

#[tokio::test]
async fn a_server_that_starts_without_its_disk_notices_it_too() {
    let folder = tempfile::tempdir().unwrap();
    let [root, state] = ["backups", "state"].map(|name| folder.path().join(name));
    fs::create_dir(&state).unwrap();
    let variables = [
        ("BACKUP_DIR", root.to_str().unwrap()),
        ("STATE_DIRECTORY", state.to_str().unwrap()),
    ];
    let mut server = start_with(&variables).await;
    server.store("logs", "obd.log", "x").await;
    server.stop().unwrap();
    fs::remove_dir_all(&root).unwrap();
    fs::create_dir(&root).unwrap();

    let server = start_with(&variables).await;
    let (status, _) = server.upload(form("logs").file("obd.log", "x")).await;
    assert_eq!(status, 500);
    assert!(names_in(&root).is_empty());
    let reason = "The backup folder (BACKUP_DIR) is not writable: its disk is not mounted.";
    eventually(reason, async || {
        let health = server.health().await;
        health["reasons"]
            .as_array()
            .unwrap()
            .contains(&json!(reason))
    })
    .await;
    // The way out that the documentation names.
    fs::write(root.join(MARKER), "").unwrap();
    server.store("logs", "obd.log", "x").await;
}

#[tokio::test]
async fn a_folder_of_an_earlier_version_has_no_marker_and_gets_one() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("test-pi/logs")).unwrap();
    let server = start_process(folder.path()).await;
    let request = server.post("/api/v1/backup");
    let request = request.header("Content-Type", crate::support::Form::CONTENT_TYPE);
    let (status, receipt) = answer(request.body(form("logs").file("obd.log", "x").finish())).await;
    assert_eq!((status, &receipt["sizeBytes"]), (200, &json!(1)));
    assert!(folder.path().join(MARKER).is_file());
}
