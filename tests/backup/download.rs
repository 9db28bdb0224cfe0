use std::fs;

use reqwest::Response;
use serde_json::{Value, json};

use super::{noise, sha256, start};
use crate::support::{TestServer, answer};

fn path_of(kind: &str, receipt: &Value) -> String {
    format!(
        "/api/v1/backups/test-pi/{kind}/{}",
        receipt["filename"].as_str().unwrap()
    )
}

async fn get(server: &TestServer, path: &str, headers: &[(&str, &str)]) -> Response {
    let request = server.get(path);
    let request = headers.iter().fold(request, |request, (name, value)| {
        request.header(*name, *value)
    });
    request.send().await.unwrap()
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response
        .headers()
        .get(name)
        .map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn a_download_equals_its_upload() {
    let server = start().await;
    let content = noise(3_000_017);
    let receipt = server.store("database", "obd.db", &content).await;
    let response = get(&server, &path_of("database", &receipt), &[]).await;
    assert_eq!(response.status(), 200);
    assert_eq!(
        header(&response, "ETag"),
        format!("\"{}\"", sha256(&content))
    );
    assert_eq!(header(&response, "Accept-Ranges"), "bytes");
    assert_eq!(
        header(&response, "Content-Length"),
        content.len().to_string()
    );
    assert_eq!(
        header(&response, "Content-Type"),
        "application/octet-stream"
    );
    let name = receipt["filename"].as_str().unwrap();
    assert_eq!(
        header(&response, "Content-Disposition"),
        format!("attachment; filename=\"{name}\"")
    );
    assert!(response.bytes().await.unwrap() == content);
}

#[tokio::test]
async fn an_interrupted_download_is_resumed() {
    let server = start().await;
    let content = noise(1_000_003);
    let receipt = server.store("database", "obd.db", &content).await;
    let path = path_of("database", &receipt);
    let tag = format!("\"{}\"", sha256(&content));

    let first = get(&server, &path, &[("Range", "bytes=0-399999")]).await;
    assert_eq!(first.status(), 206);
    assert_eq!(header(&first, "Content-Range"), "bytes 0-399999/1000003");
    assert_eq!(header(&first, "ETag"), tag);
    let mut whole = first.bytes().await.unwrap().to_vec();
    assert_eq!(whole.len(), 400_000);

    let rest = get(
        &server,
        &path,
        &[("Range", "bytes=400000-"), ("If-Range", &tag)],
    )
    .await;
    assert_eq!(rest.status(), 206);
    whole.extend(rest.bytes().await.unwrap());
    assert!(whole == content);

    let last = get(&server, &path, &[("Range", "bytes=-3")]).await;
    assert_eq!(last.bytes().await.unwrap(), content[1_000_000..]);
}

#[tokio::test]
async fn resuming_a_download_of_another_version_starts_over() {
    let server = start().await;
    let receipt = server.store("logs", "obd.log", "0123456789").await;
    let headers = [
        ("Range", "bytes=5-"),
        ("If-Range", "\"the-tag-of-another\""),
    ];
    let response = get(&server, &path_of("logs", &receipt), &headers).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.text().await.unwrap(), "0123456789");
}

#[tokio::test]
async fn a_range_beyond_the_end_is_a_416_with_the_length() {
    let server = start().await;
    let receipt = server.store("logs", "obd.log", "0123456789").await;
    let path = path_of("logs", &receipt);
    let response = get(&server, &path, &[("Range", "bytes=10-")]).await;
    assert_eq!(response.status(), 416);
    assert_eq!(header(&response, "Content-Range"), "bytes */10");
}

#[tokio::test]
async fn a_client_with_a_current_copy_gets_304() {
    let server = start().await;
    let receipt = server.store("logs", "obd.log", "0123456789").await;
    let path = path_of("logs", &receipt);
    let tag = format!("\"{}\"", sha256(b"0123456789"));
    let response = get(&server, &path, &[("If-None-Match", &tag)]).await;
    assert_eq!(response.status(), 304);
    assert_eq!(header(&response, "ETag"), tag);
    assert_eq!(response.text().await.unwrap(), "");
}

#[tokio::test]
async fn the_tag_changes_with_the_file() {
    let server = start().await;
    let receipt = server.store("logs", "obd.log", "0123456789").await;
    let path = path_of("logs", &receipt);
    fs::write(receipt["storedAt"].as_str().unwrap(), "9876543210 edited").unwrap();
    let response = get(&server, &path, &[]).await;
    assert_ne!(
        header(&response, "ETag"),
        format!("\"{}\"", sha256(b"0123456789"))
    );
    assert_eq!(response.text().await.unwrap(), "9876543210 edited");
}

#[tokio::test]
async fn an_empty_file_downloads_empty() {
    let server = start().await;
    let receipt = server.store("logs", "obd.log", "").await;
    let response = get(&server, &path_of("logs", &receipt), &[]).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.text().await.unwrap(), "");
}

#[tokio::test]
async fn only_backups_can_be_downloaded() {
    let server = start().await;
    let receipt = server.store("logs", "obd.log", "x").await;
    let name = receipt["filename"].as_str().unwrap();
    fs::write(server.folder().join("secret.log"), "secret").unwrap();
    fs::write(
        server.backup_dir().join("test-pi/logs/.hidden.log"),
        "secret",
    )
    .unwrap();
    let record = format!("{name}.json");
    for path in [
        "test-pi/logs/missing.log",
        "nobody/logs/obd.log",
        "test-pi/everything/obd.log",
        "test-pi/logs/.hidden.log",
        "test-pi/logs/..%2F..%2F..%2F..%2Fsecret.log",
        "test-pi/logs/%2e%2e%2f%2e%2e%2f%2e%2e%2f%2e%2e%2fsecret.log",
        "test-pi/logs/..",
        "test-pi/logs/%2E%2E",
        "test-pi/logs/%2Fetc%2Fpasswd",
        "test-pi/logs/%00",
        "test-pi/logs/%FF.log",
        "..%2F..%2F/logs/secret.log",
        ".records/test-pi/logs",
        &format!(".records/logs/{record}"),
        &format!(".staging/logs/{name}"),
        &format!("test-pi/logs/%2e%2e%2flogs%2f{name}"),
    ] {
        let url = format!("/api/v1/backups/{path}");
        let (status, body) = answer(server.get(&url)).await;
        assert_eq!(status, 404, "{path}: {body}");
        assert!(body["detail"].is_string(), "{path}: {body}");
    }
    let (status, body) = answer(server.get("/api/v1/backups/test-pi/logs/x.log")).await;
    assert_eq!((status, body), (404, json!({"detail": "No such backup"})));
}
