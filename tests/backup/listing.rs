use std::fs;

use rusqlite::Connection;
use serde_json::{Value, json};

use super::{noise, start, start_with};
use crate::support::{Form, TestServer, answer, eventually};

/// The bytes of a small SQLite database.
fn database(server: &TestServer) -> Vec<u8> {
    let path = server.folder().join("made.db");
    let connection = Connection::open(&path).unwrap();
    connection
        .execute_batch(
            "CREATE TABLE realtime_data(id INTEGER PRIMARY KEY, parameter_name TEXT, value REAL);
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
             INSERT INTO realtime_data SELECT i, 'RPM', i * 1.5 FROM n;",
        )
        .unwrap();
    drop(connection);
    let content = fs::read(&path).unwrap();
    fs::remove_file(path).unwrap();
    content
}

async fn until_checked(server: &TestServer) {
    eventually("every backup is checked", async || {
        server
            .list("")
            .await
            .iter()
            .all(|backup| backup["note"] != "not checked yet")
    })
    .await;
}

#[tokio::test]
async fn backups_are_listed_newest_first() {
    let server = start().await;
    assert_eq!(server.list("").await, Vec::<Value>::new());
    let first = server.store("config", "car.json", "{}").await;
    let second = server.store("config", "car.json", "[1]").await;
    until_checked(&server).await;

    let [newer, older] = server.list("").await.try_into().unwrap();
    for (listed, receipt) in [(&newer, &second), (&older, &first)] {
        for field in ["filename", "storedAt", "sizeBytes", "sha256"] {
            assert_eq!(listed[field], receipt[field], "{field}");
        }
        assert_eq!(listed["deviceId"], "test-pi");
        assert_eq!(listed["type"], "config");
        assert_eq!(listed["verified"], true);
        assert_eq!(listed["note"], Value::Null);
        let created_at = listed["createdAt"].as_str().unwrap();
        let in_the_name = created_at.replace(':', "-");
        assert!(
            listed["filename"].as_str().unwrap().contains(&in_the_name),
            "{listed}"
        );
    }
}

#[tokio::test]
async fn the_list_can_be_filtered() {
    let server = start().await;
    server.store("config", "car.json", "{}").await;
    server.store("logs", "car.log", "x").await;
    let other = Form::default()
        .text("type", "logs")
        .text("deviceId", "pi-2");
    assert_eq!(server.upload(other.file("car.log", "x")).await.0, 200);
    let places = async |query: &str| -> Vec<String> {
        let of = |b: &Value| format!("{}/{}", b["deviceId"], b["type"]).replace('"', "");
        server.list(query).await.iter().map(of).collect()
    };
    assert_eq!(
        places("").await,
        ["pi-2/logs", "test-pi/logs", "test-pi/config"]
    );
    assert_eq!(
        places("?deviceId=test-pi").await,
        ["test-pi/logs", "test-pi/config"]
    );
    assert_eq!(places("?type=logs").await, ["pi-2/logs", "test-pi/logs"]);
    assert_eq!(places("?type=logs&deviceId=pi-2").await, ["pi-2/logs"]);
    assert_eq!(places("?deviceId=nobody").await, [""; 0]);

    let request = server.get("/api/v1/backups?type=all&deviceId=..%2F");
    let (status, body) = answer(request).await;
    assert_eq!(status, 422);
    let places: Vec<&Value> = body["detail"]
        .as_array()
        .unwrap()
        .iter()
        .map(|problem| &problem["loc"])
        .collect();
    assert_eq!(
        places,
        [&json!(["query", "deviceId"]), &json!(["query", "type"])]
    );
}

#[tokio::test]
async fn a_stored_database_is_checked_after_the_answer() {
    let server = start().await;
    let whole = database(&server);
    server.store("database", "whole.db", &whole).await;
    server
        .store("database", "cut.db", &whole[..whole.len() / 2])
        .await;
    server.store("database", "noise.db", noise(1024)).await;
    server
        .store("database", "obd.log", "no check for this")
        .await;
    until_checked(&server).await;
    let mut verdicts: Vec<(String, Option<bool>)> = server
        .list("")
        .await
        .iter()
        .map(|backup| {
            let name = backup["filename"].as_str().unwrap();
            (
                name.split('-').next().unwrap().to_owned(),
                backup["verified"].as_bool(),
            )
        })
        .collect();
    verdicts.sort();
    let expected = [
        ("cut", Some(false)),
        ("noise", Some(false)),
        ("obd", None),
        ("whole", Some(true)),
    ];
    assert_eq!(
        verdicts,
        expected.map(|(name, verdict)| (name.to_owned(), verdict))
    );
}

#[tokio::test]
async fn a_sound_database_is_kept_when_newer_ones_are_damaged() {
    let server = start_with(&[("BACKUP_RETENTION_COUNT", "2")]).await;
    let sound = server.store("database", "obd.db", database(&server)).await;
    until_checked(&server).await;
    for _ in 0..4 {
        server.store("database", "obd.db", noise(1000)).await;
    }
    let stored = server.stored("database");
    assert_eq!(stored.len(), 2);
    assert!(
        stored.contains(&sound["filename"].as_str().unwrap().to_owned()),
        "{stored:?}"
    );
}

#[tokio::test]
async fn the_list_is_correct_after_files_were_changed_by_hand() {
    let server = start().await;
    let removed = server.store("config", "removed.json", "{}").await;
    let edited = server.store("config", "edited.json", "{}").await;
    server.store("config", "left.json", "{}").await;
    until_checked(&server).await;

    fs::remove_file(removed["storedAt"].as_str().unwrap()).unwrap();
    fs::write(edited["storedAt"].as_str().unwrap(), "{\"by\": \"hand\"}").unwrap();
    fs::write(server.backup_dir().join("test-pi/config/added.json"), "{}").unwrap();

    let list = server.list("").await;
    let known = |stem: &str| {
        let listed = list
            .iter()
            .find(|backup| backup["filename"].as_str().unwrap().starts_with(stem));
        listed.map(|b| {
            (
                b["sizeBytes"].as_u64(),
                b["verified"].clone(),
                b["note"].clone(),
            )
        })
    };
    assert_eq!(list.len(), 3);
    assert_eq!(known("removed"), None);
    assert_eq!(known("left"), Some((Some(2), json!(true), Value::Null)));
    assert_eq!(
        known("edited"),
        Some((Some(14), json!(false), json!("changed since it was stored")))
    );
    assert_eq!(
        known("added"),
        Some((Some(2), Value::Null, json!("not stored by this server")))
    );
}

#[tokio::test]
async fn records_survive_a_restart() {
    let mut server = start().await;
    let receipt = server.store("config", "car.json", "{}").await;
    until_checked(&server).await;
    let before = server.list("").await;
    server.stop().unwrap();

    let backup_dir = server.backup_dir();
    let variables = [("BACKUP_DIR", backup_dir.to_str().unwrap())];
    let restarted = start_with(&variables).await;
    assert_eq!(restarted.list("").await, before);
    assert_eq!(before[0]["sha256"], receipt["sha256"]);
}
