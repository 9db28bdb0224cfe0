//! What happens on the connection itself: `Expect: 100-continue`, and bytes that belong to no request.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::spawn_blocking;

use crate::support::{API_KEY, TestDatabase, TestServer, batch, reading};

fn connect(server: &TestServer) -> TcpStream {
    let stream = TcpStream::connect(server.url.trim_start_matches("http://")).unwrap();
    let limit = Some(Duration::from_mins(1));
    stream.set_read_timeout(limit).unwrap();
    stream
}

/// The head of a request that posts a batch of this length.
fn head(lines: &str, length: usize) -> String {
    format!(
        "POST /api/v1/sync HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n{lines}\r\n"
    )
}

/// Sends a head that expects `100 Continue`; returns the status line of the first answer.
async fn expect(server: &TestServer, key: &str, body: Option<String>) -> Vec<String> {
    let mut stream = connect(server);
    let lines = format!("Expect: 100-continue\r\nConnection: close\r\n{key}");
    let length = body.as_ref().map_or(1000, String::len);
    let answered = spawn_blocking(move || {
        stream.write_all(head(&lines, length).as_bytes()).unwrap();
        let mut answer = BufReader::new(stream.try_clone().unwrap());
        let mut status_lines = Vec::new();
        let mut next_status_line = || {
            let mut line = String::new();
            while !line.starts_with("HTTP/1.1 ") {
                line.clear();
                answer.read_line(&mut line).unwrap();
            }
            status_lines.push(line.trim().to_owned());
        };
        next_status_line();
        if let Some(body) = body {
            stream.write_all(body.as_bytes()).unwrap();
            next_status_line();
        }
        status_lines
    });
    answered.await.unwrap()
}

#[tokio::test]
async fn a_client_may_continue_only_with_a_valid_key() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let unauthorized = ["HTTP/1.1 401 Unauthorized"];
    assert_eq!(expect(&server, "", None).await, unauthorized);
    let wrong = "X-API-Key: bad-key-123\r\n";
    assert_eq!(expect(&server, wrong, None).await, unauthorized);

    let registered = "INSERT INTO devices (device_id, api_key_hash) VALUES ('test-device', SHA2('its-own-key', 256))";
    database.execute(registered).await.unwrap();
    for key in [API_KEY, "its-own-key"] {
        let key = format!("X-API-Key: {key}\r\n");
        let body = batch(&json!({"realtime_data": [reading(1)]})).to_string();
        assert_eq!(
            expect(&server, &key, Some(body)).await,
            ["HTTP/1.1 100 Continue", "HTTP/1.1 200 OK"]
        );
    }
}

#[tokio::test]
async fn a_refused_expectation_has_an_id_and_is_counted_like_every_request() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    for _ in 0..4 {
        let mut stream = connect(&server);
        let lines = "Expect: 100-continue\r\nX-Request-Id: expected\r\n";
        let answer = spawn_blocking(move || {
            stream.write_all(head(lines, 9).as_bytes()).unwrap();
            let mut answer = [0; 2000];
            let length = stream.read(&mut answer).unwrap();
            String::from_utf8_lossy(&answer[..length]).to_lowercase()
        });
        let answer = answer.await.unwrap();
        assert!(answer.contains("x-request-id: expected"), "{answer}");
    }
    let health: Value = server.health().await;
    let reasons = health["reasons"].to_string();
    assert!(reasons.contains("Missing API key"), "{health}");
}

/// Sends a batch with further bytes behind it; returns all that is answered.
async fn send_with(server: &TestServer, connection: &str, stray: &'static str) -> String {
    let mut stream = connect(server);
    let body = batch(&json!({"realtime_data": [reading(1)]})).to_string();
    let lines = format!("Connection: {connection}\r\nX-API-Key: {API_KEY}\r\n");
    let answer = spawn_blocking(move || {
        let request = head(&lines, body.len()) + &body + stray;
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    });
    answer.await.unwrap()
}

#[tokio::test]
async fn line_breaks_behind_a_request_do_not_cost_its_answer() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    for connection in ["close", "keep-alive"] {
        for stray in ["\r\n", "\r\n\r\n"] {
            let answer = send_with(&server, connection, stray).await;
            assert!(answer.starts_with("HTTP/1.1 200"), "{stray:?}: {answer}");
        }
    }
}

#[tokio::test]
async fn other_bytes_behind_a_request_end_the_connection_and_cost_nothing_else() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    for stray in ["stray bytes\r\n\r\n", "\0\0\0\r\n", "}"] {
        // The HTTP library takes them for a broken next request, and for the end of the client.
        send_with(&server, "keep-alive", stray).await;
    }
    let (status, body) = server
        .sync(&batch(&json!({"realtime_data": [reading(1)]})))
        .await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(database.count("realtime_data", "TRUE").await, 1);
}
