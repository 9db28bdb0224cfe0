//! Limits on the size of batches.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{
    Announced, Binary, TestDatabase, TestServer, batch, begin_to_send, drip, reading, readings,
    send_all_then_read, with,
};

const MEBIBYTE: usize = 1024 * 1024;

/// A batch with one reading, padded with blanks to this size.
fn batch_of(size_bytes: usize) -> Vec<u8> {
    let mut body = batch(&json!({"realtime_data": [reading(1)]}))
        .to_string()
        .into_bytes();
    assert!(body.len() <= size_bytes);
    body.resize(size_bytes, b' ');
    body
}

fn too_large(limit_mb: usize) -> (u16, Value) {
    (
        413,
        json!({"detail": format!("Payload too large. Max: {limit_mb}MB")}),
    )
}

#[tokio::test]
async fn a_batch_of_the_limit_is_stored_and_one_byte_more_refused() {
    let database = TestDatabase::create().await;
    let server = TestServer::start_with(&database.url(), &[("MAX_SYNC_PAYLOAD_MB", "2")]).await;
    for chunked in [false, true] {
        let send = async |size: usize| {
            let announced = if chunked {
                Announced::Chunked
            } else {
                Announced::Bytes(size as u64)
            };
            send_all_then_read(&server.url, announced, batch_of(size)).await
        };
        assert_eq!(send(2 * MEBIBYTE + 1).await, too_large(2));
        assert_eq!(
            database.count("realtime_data", "TRUE").await,
            u64::from(chunked)
        );
        assert_eq!(send(2 * MEBIBYTE).await.0, 200);
        assert_eq!(database.count("realtime_data", "TRUE").await, 1);
    }
}

#[tokio::test]
async fn the_limit_is_ten_megabytes_unless_it_is_set() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let announced = |size: usize| Announced::Bytes(size as u64);
    let body = batch_of(10 * MEBIBYTE);
    assert_eq!(
        send_all_then_read(&server.url, announced(body.len()), body)
            .await
            .0,
        200
    );
    let body = batch_of(10 * MEBIBYTE + 1);
    assert_eq!(
        send_all_then_read(&server.url, announced(body.len()), body).await,
        too_large(10)
    );
}

#[tokio::test]
async fn a_client_that_sends_everything_first_can_read_the_413() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let size = 64 * MEBIBYTE;
    for announced in [Announced::Bytes(size as u64), Announced::Chunked] {
        let answer = send_all_then_read(&server.url, announced, vec![b' '; size]).await;
        assert_eq!(answer, too_large(10));
        // The server continues.
        assert_eq!(
            server
                .sync(&batch(&json!({"realtime_data": [reading(1)]})))
                .await
                .0,
            200
        );
    }
}

#[tokio::test]
async fn a_body_declared_too_large_is_refused_before_it_is_sent() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    // Each connection is kept open for a while, so that the answer can be read.
    let answers = [10 * MEBIBYTE as u64 + 1, 1 << 40, u64::MAX]
        .map(|length| send_all_then_read(&server.url, Announced::Bytes(length), Vec::new()));
    assert_eq!(join_all(answers).await, vec![too_large(10); 3]);
}

#[tokio::test]
async fn eighty_thousand_rows_are_stored_by_one_request() {
    const ROWS: i64 = 80_000;
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let rows: Vec<Value> = (1..=ROWS)
        .map(|id| {
            with(
                reading(id),
                &json!({"value": id, "profile_id": format!("profile-{}", id % 3)}),
            )
        })
        .collect();
    let body = batch(&json!({"realtime_data": rows})).to_string();
    assert!(
        body.len() > 9 * MEBIBYTE && body.len() <= 10 * MEBIBYTE,
        "{} bytes",
        body.len()
    );
    for (inserted, updated) in [(ROWS, 0), (0, ROWS)] {
        let (status, receipt) = server.sync_bytes(body.clone().into_bytes()).await;
        assert_eq!(status, 200, "{receipt}");
        let counts = json!({"inserted": inserted, "updated": updated, "errors": 0});
        assert_eq!(receipt["tablesProcessed"]["realtime_data"], counts);
    }
    let exact: u64 = database
        .row(
            "SELECT COUNT(DISTINCT r.source_id) FROM realtime_data r JOIN profiles p ON p.id = r.profile_id \
             WHERE r.value = r.source_id AND r.unit = 'rpm' AND p.source_id = CONCAT('profile-', r.source_id % 3) \
             AND SECOND(r.timestamp) = r.source_id % 60 AND r.source_id BETWEEN 1 AND 80000",
        )
        .await;
    assert_eq!(exact, 80_000);
    assert_eq!(database.count("realtime_data", "TRUE").await, 80_000);
}

#[tokio::test]
async fn memory_is_bounded_for_many_simultaneous_clients() {
    const LIMIT_BYTES: u64 = 120 * 1024 * 1024;
    let database = TestDatabase::create().await;
    let mut server = Binary::with_database(&database.url()).start(&["serve"]);
    let url = server.url();
    let mut clients = tokio::task::JoinSet::new();
    for client in 0..8 {
        let rows = readings(1..=84_000);
        let batch = with(
            batch(&json!({"realtime_data": rows})),
            &json!({"deviceId": format!("pi-{client}")}),
        );
        let (body, url) = (batch.to_string().into_bytes(), url.clone());
        assert!(
            body.len() > 9 * MEBIBYTE && body.len() <= 10 * MEBIBYTE,
            "{} bytes",
            body.len()
        );
        clients.spawn(async move {
            for _ in 0..2 {
                let announced = Announced::Bytes(body.len() as u64);
                let (status, answer) = send_all_then_read(&url, announced, body.clone()).await;
                // Requests without memory get a 503.
                assert!([200, 503].contains(&status), "{status}: {answer}");
            }
        });
    }
    clients.join_all().await;
    let peak = server.peak_resident_bytes();
    println!("at most {} MiB were resident", peak / 1024 / 1024);
    assert!(
        peak < LIMIT_BYTES,
        "{} MiB were resident",
        peak / 1024 / 1024
    );
}

#[tokio::test]
async fn slow_large_bodies_do_not_delay_other_batches() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let large = 10 * MEBIBYTE;
    let mut open = Vec::new();
    for sent in [9 * MEBIBYTE, 1_000, 1_000, 1_000] {
        let declared = Announced::Bytes(large as u64);
        open.push(begin_to_send(&server.url, declared, vec![b' '; sent]).await);
        open.push(begin_to_send(&server.url, Announced::Chunked, vec![b' '; 1_000]).await);
    }
    for id in 1..=20 {
        let rows = batch(&json!({"realtime_data": [reading(id)]}));
        let answer = tokio::time::timeout(Duration::from_secs(5), server.sync(&rows)).await;
        assert_eq!(answer.expect("it is answered soon").0, 200);
    }
    // A large body is still accepted beside them.
    let announced = Announced::Bytes(large as u64);
    let (status, reported) = send_all_then_read(&server.url, announced, batch_of(large)).await;
    assert_eq!(status, 200, "{reported}");
    drop(open);
}

#[tokio::test]
async fn a_slow_client_is_disconnected_and_stores_nothing() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let pause = Duration::from_millis(300);
    let (status, reported) = drip(&server.url, batch_of(1_000), pause).await;
    assert_eq!(
        (status, reported),
        (
            408,
            json!({"detail": "The body did not arrive within 30 seconds"})
        )
    );
    assert_eq!(database.count("realtime_data", "TRUE").await, 0);
}

#[tokio::test]
async fn a_document_of_nine_megabytes_is_stored() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let document = "{\"parts\": \"°\"}".repeat(500_000);
    let profile = json!({"id": "daily", "name": "Daily", "alert_config_json": document});
    let (status, answer) = server.sync(&batch(&json!({"profiles": [profile]}))).await;
    assert_eq!(status, 200, "{answer}");
    let stored = "alert_config_json = REPEAT('{\"parts\": \"°\"}', 500000)";
    assert_eq!(database.count("profiles", stored).await, 1);
}
