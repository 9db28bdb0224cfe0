//! Every request has an id, a line in the log, and an answer even if its handler panics.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use reqwest::RequestBuilder;
use serde_json::{Value, json};

use crate::support::{ServerProcess, TestDatabase, TestServer};

/// An unreachable database.
const NOWHERE: &str = "mysql://nobody@127.0.0.1:9/nothing";

/// Sends a request; returns the status, the id in the answer's header, and the body.
async fn answer_with_id(request: RequestBuilder) -> (u16, String, Value) {
    let response = request.send().await.unwrap();
    let id = response.headers()["x-request-id"].to_str().unwrap();
    let (status, id) = (response.status().as_u16(), id.to_owned());
    (status, id, response.json().await.unwrap())
}

#[tokio::test]
async fn a_request_id_that_was_sent_is_returned() {
    let server = TestServer::start_unready(NOWHERE, &[]).await;
    let request = server
        .post("/api/v1/sync")
        .header("X-Request-Id", "drive-7_b.2");
    let (status, id, body) = answer_with_id(request.body("no JSON")).await;
    assert_eq!((status, id.as_str()), (422, "drive-7_b.2"));
    assert_eq!(body.get("requestId"), None, "{body}");
}

#[tokio::test]
async fn a_request_without_a_valid_id_gets_one() {
    let server = TestServer::start_unready(NOWHERE, &[]).await;
    let mut ids = Vec::new();
    for insane in ["", "a b", "a\tb", "\"a\"", &"x".repeat(65)] {
        let request = server.get("/api/v1/backup-that-is-not-there");
        let (_, id, _) = answer_with_id(request.header("X-Request-Id", insane)).await;
        assert!(!ids.contains(&id) && id != insane, "{id}");
        ids.push(id);
    }
    let without = server.get("/api/v1/backup-that-is-not-there");
    assert!(!ids.contains(&answer_with_id(without).await.1));
}

#[tokio::test]
async fn requests_refused_early_have_an_id_too() {
    let server = TestServer::start_unready(NOWHERE, &[]).await;
    let url = format!("{}/api/v1/sync", server.url);
    let request = server.http.post(&url).header("X-Request-Id", "no-key");
    let (status, id, _) = answer_with_id(request).await;
    assert_eq!((status, id.as_str()), (401, "no-key"));
}

#[tokio::test]
async fn a_request_that_cannot_be_parsed_is_not_logged_as_an_error() {
    let server = ServerProcess::start(NOWHERE, &[]).await;
    let mut client = TcpStream::connect(server.address()).unwrap();
    client
        .write_all(b"\x16\x03\x01 this is no request\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    assert_eq!(server.lines("ERROR"), [""; 0]);
}

#[tokio::test]
async fn the_password_in_the_url_of_ollama_is_not_logged() {
    let ollama = [("OLLAMA_BASE_URL", "http://me:hunter2@127.0.0.1:9")];
    let server = ServerProcess::start(NOWHERE, &ollama).await;
    server.logs("ollama=http://127.0.0.1:9 ").await;
    assert_eq!(server.lines("hunter2"), [""; 0]);
}

#[tokio::test]
async fn a_failure_names_its_request_in_its_body_and_once_in_the_log() {
    let server = ServerProcess::start(NOWHERE, &[]).await;
    let batch = json!({"deviceId": "car", "batchId": "b1", "tables": {}});
    let request = server.batch(&batch).header("X-Request-Id", "to-be-found");
    let (status, id, body) = answer_with_id(request).await;
    assert_eq!((status, id.as_str()), (500, "to-be-found"));
    assert_eq!(body["detail"], "Sync failed");
    assert_eq!(body["requestId"], "to-be-found");

    server.logs("request_id=to-be-found").await;
    let [line] = &server.lines("request_id=to-be-found")[..] else {
        panic!("it is logged once");
    };
    for words in [
        "ERROR",
        "method=POST route=/api/v1/sync",
        "status=500",
        "took_ms=",
        "error=\"the batch could not be stored: the database cannot be reached",
    ] {
        assert!(line.contains(words), "{words:?} in {line}");
    }
}

#[tokio::test]
async fn a_request_is_one_line_in_the_log_unless_it_comes_every_few_seconds() {
    let server = ServerProcess::start(NOWHERE, &[]).await;
    let asked = server
        .get("/api/v1/health")
        .header("X-Request-Id", "polled");
    assert_eq!(answer_with_id(asked).await.0, 200);
    let lost = server
        .get("/api/v1/lost?key=secret")
        .header("X-Request-Id", "lost");
    assert_eq!(answer_with_id(lost).await.0, 404);

    server.logs("request_id=lost").await;
    let [line] = &server.lines("request_id=lost")[..] else {
        panic!("it is logged once");
    };
    assert!(line.contains("INFO"), "{line}");
    assert!(
        line.contains("method=GET route=/api/v1/lost took_ms="),
        "{line}"
    );
    assert!(line.contains("status=404"), "{line}");
    assert!(server.lines("polled").is_empty(), "all is well");
    assert!(server.lines("secret").is_empty(), "queries are not logged");
}

#[tokio::test]
async fn frequent_requests_are_logged_at_debug_level() {
    let server = ServerProcess::start(NOWHERE, &[("LOG_LEVEL", "DEBUG")]).await;
    let asked = server
        .get("/api/v1/health")
        .header("X-Request-Id", "polled");
    assert_eq!(answer_with_id(asked).await.0, 200);
    server
        .logs("request_id=polled method=GET route=/api/v1/health")
        .await;
}

#[tokio::test]
async fn a_panic_in_a_handler_is_a_500_and_the_server_continues() {
    let database = TestDatabase::create().await;
    let server = ServerProcess::start_failing(&database.url(), &[]).await;
    let request = server
        .post("/fail/handler")
        .header("X-Request-Id", "bad-luck");
    let (status, id, body) = answer_with_id(request).await;
    assert_eq!((status, id.as_str()), (500, "bad-luck"));
    assert_eq!(
        body,
        json!({"detail": "Internal server error", "requestId": "bad-luck"})
    );

    server.logs("request_id=bad-luck").await;
    let line = server.lines("request_id=bad-luck").remove(0);
    assert!(line.contains("ERROR"), "{line}");
    assert!(line.contains("boom in the HTTP handler"), "{line}");
    let batch = json!({"deviceId": "car", "batchId": "b1", "tables": {}});
    assert_eq!(server.sync(&batch).await.0, 200);
}
