use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use futures_util::future::join_all;
use serde_json::json;

use super::{files_below, form, noise, sha256, start, start_with};
use crate::support::Form;

/// `{stem}-{YYYY-MM-DDTHH-MM-SS}{.ext}`
fn has_time(name: &str, stem: &str, extension: &str) -> bool {
    let time = name
        .strip_prefix(&format!("{stem}-"))
        .and_then(|n| n.strip_suffix(extension));
    time.is_some_and(|time| {
        chrono::NaiveDateTime::parse_from_str(time, "%Y-%m-%dT%H-%M-%S").is_ok()
    })
}

#[tokio::test]
async fn a_database_is_stored_under_its_name_and_the_time() {
    let server = start().await;
    let content = noise(1024);
    let receipt = server.store("database", "testfile.db", &content).await;

    let [name] = server.stored("database").try_into().unwrap();
    assert!(has_time(&name, "testfile", ".db"), "{name}");
    let path = server.backup_dir().join("test-pi/database").join(&name);
    assert_eq!(
        receipt,
        json!({
            "status": "ok",
            "filename": name,
            "storedAt": path.to_str().unwrap(),
            "sizeBytes": 1024,
            "sha256": sha256(&content),
        })
    );
    assert_eq!(fs::read(path).unwrap(), content);
}

#[tokio::test]
async fn missing_folders_are_created() {
    let server = start().await;
    assert!(!server.backup_dir().exists());
    for kind in ["database", "logs", "config"] {
        server.store(kind, "a.json", "{}").await;
        assert!(server.backup_dir().join("test-pi").join(kind).is_dir());
    }
}

#[tokio::test]
async fn every_allowed_extension_is_accepted_in_any_case() {
    let server = start().await;
    for extension in [".db", ".log", ".json", ".gz", ".DB", ".Log", ".JSON", ".gZ"] {
        let receipt = server.store("logs", &format!("a{extension}"), "x").await;
        let name = receipt["filename"].as_str().unwrap();
        assert!(has_time(name, "a", extension), "{name}");
    }
}

#[tokio::test]
async fn the_file_may_come_first_last_or_in_between() {
    let server = start().await;
    let content = noise(300_000);
    let first = Form::default()
        .file("first.db", &content)
        .text("type", "database")
        .text("deviceId", "test-pi")
        .text("sha256", &sha256(&content));
    let middle = Form::default()
        .text("deviceId", "test-pi")
        .text("sha256", &sha256(&content).to_uppercase())
        .file("middle.db", &content)
        .text("type", "database");
    let last = form("database")
        .text("comment", "nobody asked")
        .file("last.db", &content);
    for form in [first, middle, last] {
        let (status, receipt) = server.upload(form).await;
        assert_eq!(status, 200, "{receipt}");
        assert_eq!(receipt["sha256"], sha256(&content));
        let stored = Path::new(receipt["storedAt"].as_str().unwrap());
        assert_eq!(fs::read(stored).unwrap(), content);
    }
}

#[tokio::test]
async fn a_parts_own_length_never_cuts_a_file() {
    let server = start().await;
    let content = noise(100_000);
    for length in ["50000", "100001", "0", "-1", "many"] {
        let parameters = format!("name=\"file\"; filename=\"obd.db\"\r\nContent-Length: {length}");
        let with_length = form("database").part(&parameters, &content);
        let (status, receipt) = server.upload(with_length).await;
        assert_eq!(
            (status, &receipt["sizeBytes"]),
            (200, &json!(100_000)),
            "{length}"
        );
        assert_eq!(receipt["sha256"], sha256(&content));
    }
}

#[tokio::test]
async fn twenty_simultaneous_uploads_of_one_name_are_all_kept() {
    let server = start().await;
    let contents: Vec<Vec<u8>> = (0..20).map(|i| noise(40_000 + i)).collect();
    let receipts = join_all(
        contents
            .iter()
            .map(|c| server.store("database", "obd.db", c)),
    )
    .await;

    let names: BTreeSet<_> = receipts
        .iter()
        .map(|r| r["filename"].as_str().unwrap())
        .collect();
    assert_eq!(names.len(), 20);
    assert_eq!(
        server.stored("database"),
        names.into_iter().collect::<Vec<_>>()
    );
    for (content, receipt) in contents.iter().zip(&receipts) {
        assert_eq!(
            fs::read(receipt["storedAt"].as_str().unwrap()).unwrap(),
            *content
        );
    }
}

#[tokio::test]
async fn of_thirty_two_files_the_two_oldest_are_deleted() {
    let server = start().await;
    let mut names = Vec::new();
    for i in 0..32 {
        let receipt = server.store("database", "obd.db", noise(1000 + i)).await;
        names.push(receipt["filename"].as_str().unwrap().to_owned());
    }
    let mut left = names.split_off(2);
    left.sort();
    assert_eq!(server.stored("database"), left);
}

#[tokio::test]
async fn thirty_two_simultaneous_uploads_leave_thirty() {
    let server = start().await;
    join_all((0..32).map(|_| server.store("logs", "obd.log", "x"))).await;
    assert_eq!(server.stored("logs").len(), 30);
}

#[tokio::test]
async fn the_only_backup_is_never_rotated_away() {
    let server = start_with(&[("BACKUP_RETENTION_COUNT", "1")]).await;
    server.store("logs", "obd.log", "first").await;
    assert_eq!(server.stored("logs").len(), 1);
    let second = server.store("logs", "obd.log", "second").await;
    assert_eq!(
        server.stored("logs"),
        [second["filename"].as_str().unwrap()]
    );
}

#[tokio::test]
async fn rotation_deletes_only_its_own_files_of_one_device_and_type() {
    let server = start_with(&[("BACKUP_RETENTION_COUNT", "2")]).await;
    let folder = server.backup_dir().join("test-pi/logs");
    fs::create_dir_all(&folder).unwrap();
    let strangers = ["keep-me.log", "notes.txt", "obd-2019-01-01T00-00-00.log"];
    for stranger in strangers {
        fs::write(folder.join(stranger), "by hand").unwrap();
    }
    server.store("config", "obd.log", "another type").await;
    let other_device = Form::default()
        .text("type", "logs")
        .text("deviceId", "pi-2")
        .file("obd.log", "x");
    assert_eq!(server.upload(other_device).await.0, 200);

    for _ in 0..5 {
        server.store("logs", "obd.log", "x").await;
    }
    let left = server.stored("logs");
    assert_eq!(left.len(), strangers.len() + 2, "{left:?}");
    for stranger in strangers {
        assert_eq!(
            fs::read_to_string(folder.join(stranger)).unwrap(),
            "by hand"
        );
    }
    assert_eq!(server.stored("config").len(), 1);
    assert_eq!(files_below(&server.backup_dir().join("pi-2")).len(), 1);
}
