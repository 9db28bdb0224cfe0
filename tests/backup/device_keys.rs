//! A device's own key sees and writes the backups of that device only.

use serde_json::{Value, json};

use super::form;
use super::resumable::repr_digest;
use crate::support::{API_KEY, Form, TestDatabase, TestServer, answer};

const KEY: &str = "the-key-of-one-device";

/// A server with a backup of `test-pi`, whose key is [`KEY`], and one of `other-pi`. Returns the second one's name.
async fn start() -> (TestDatabase, TestServer, String) {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let statement = format!(
        "INSERT INTO devices (device_id, display_name, api_key_hash) VALUES ('test-pi', 'Ours', SHA2('{KEY}', 256))"
    );
    database.execute(&statement).await.unwrap();
    server.store("logs", "obd.log", "ours").await;
    let others = Form::default()
        .text("type", "logs")
        .text("deviceId", "other-pi");
    let (status, receipt) = server.upload(others.file("obd.log", "theirs")).await;
    assert_eq!(status, 200, "{receipt}");
    let name = receipt["filename"].as_str().unwrap().to_owned();
    (database, server, name)
}

async fn get(server: &TestServer, path: &str) -> (u16, Value) {
    let request = server.http.get(format!("{}{path}", server.url));
    answer(request.header("X-API-Key", KEY)).await
}

fn forbidden() -> (u16, Value) {
    let detail = "The API key belongs to another device than the request names";
    (403, json!({"detail": detail}))
}

#[tokio::test]
async fn a_device_key_lists_the_backups_of_its_device_only() {
    let (_database, server, _) = start().await;
    assert_eq!(server.list("").await.len(), 2, "the shared key lists all");
    for query in ["", "?deviceId=test-pi", "?type=logs"] {
        let (status, list) = get(&server, &format!("/api/v1/backups{query}")).await;
        assert_eq!(status, 200, "{list}");
        let listed = list["backups"].as_array().unwrap();
        assert_eq!(listed.len(), 1, "{query}");
        assert_eq!(listed[0]["deviceId"], "test-pi");
    }
    let others = get(&server, "/api/v1/backups?deviceId=other-pi").await;
    assert_eq!(others, forbidden());
}

#[tokio::test]
async fn a_device_key_downloads_the_backups_of_its_device_only() {
    let (_database, server, others) = start().await;
    let own = server.stored("logs").remove(0);
    let own = format!("{}/api/v1/backups/test-pi/logs/{own}", server.url);
    let own = server.http.get(own).header("X-API-Key", KEY).send().await;
    assert_eq!(own.unwrap().text().await.unwrap(), "ours");
    for name in [others.as_str(), "not-there.log"] {
        let path = format!("/api/v1/backups/other-pi/logs/{name}");
        assert_eq!(get(&server, &path).await, forbidden());
    }
}

#[tokio::test]
async fn a_device_key_uploads_in_parts_for_its_device_only() {
    let (_database, server, _) = start().await;
    let digest = repr_digest(b"x");
    let create = async |key: &str, device: &str| {
        let path = format!("/api/v1/backup/uploads?deviceId={device}&type=logs&filename=obd.log");
        let request = server.http.post(format!("{}{path}", server.url));
        let request = request
            .header("X-API-Key", key)
            .header("Upload-Length", "1");
        answer(request.header("Repr-Digest", &digest)).await
    };
    assert_eq!(create(KEY, "other-pi").await, forbidden());
    assert_eq!(create(KEY, "test-pi").await.0, 201);
    let (_, others) = create(API_KEY, "other-pi").await;
    let others = format!("{}{}", server.url, others["location"].as_str().unwrap());
    for method in ["HEAD", "PATCH", "DELETE"] {
        let request = server.http.request(method.parse().unwrap(), &others);
        let request = request
            .header("X-API-Key", KEY)
            .header("Content-Type", "application/partial-upload")
            .header("Upload-Offset", "0")
            .header("Upload-Complete", "?1");
        assert_eq!(
            request.body("x").send().await.unwrap().status(),
            403,
            "{method}"
        );
    }
    let untouched = server.http.head(&others).header("X-API-Key", API_KEY);
    let untouched = untouched.send().await.unwrap();
    assert_eq!(untouched.headers()["Upload-Offset"], "0");
}

#[tokio::test]
async fn a_device_key_uploads_as_its_device_only() {
    let (_database, server, _) = start().await;
    let upload = async |form: Form| {
        let request = server.http.post(format!("{}/api/v1/backup", server.url));
        let request = request.header("Content-Type", Form::CONTENT_TYPE);
        answer(request.header("X-API-Key", KEY).body(form.finish())).await
    };
    let own = upload(form("logs").file("obd.log", "x")).await;
    assert_eq!(own.0, 200, "{}", own.1);
    let others = Form::default()
        .text("type", "logs")
        .text("deviceId", "other-pi");
    assert_eq!(upload(others.file("obd.log", "x")).await, forbidden());
}
