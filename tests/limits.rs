//! How large a batch may be.

use serde_json::json;

use crate::support::{TestDatabase, TestServer, answer, batch, readings};

const MEGABYTE: usize = 1024 * 1024;

#[tokio::test]
async fn a_batch_of_ten_megabytes_is_stored_whole_in_one_request() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let rows = 92_000;
    let batch = batch(&json!({"realtime_data": readings(1..=rows)}));
    let body = batch.to_string().into_bytes();
    assert!(
        (10_000_000..=10 * MEGABYTE).contains(&body.len()),
        "{} bytes",
        body.len()
    );
    let (status, receipt) = server.sync_bytes(body).await;
    assert_eq!(status, 200, "{receipt}");
    let table = &receipt["tablesProcessed"]["realtime_data"];
    assert_eq!(table["inserted"], rows);
    assert_eq!(database.count("realtime_data", "TRUE").await, 92_000);
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_whether_its_length_is_told_or_not() {
    let database = TestDatabase::create().await;
    let server = TestServer::start_with(&database.url(), &[("MAX_SYNC_PAYLOAD_MB", "1")]).await;
    let too_large = (413, json!({"detail": "Payload too large. Max: 1MB"}));
    let body = vec![b' '; MEGABYTE + 1];
    assert_eq!(server.sync_bytes(body.clone()).await, too_large);

    let pieces = body
        .chunks(64 * 1024)
        .map(|piece| Ok::<_, std::io::Error>(piece.to_vec()));
    let stream = reqwest::Body::wrap_stream(futures_util::stream::iter(pieces.collect::<Vec<_>>()));
    assert_eq!(
        answer(server.post("/api/v1/sync").body(stream)).await,
        too_large
    );

    let (status, _) = server
        .sync(&batch(&json!({"realtime_data": readings(1..=3)})))
        .await;
    assert_eq!(status, 200, "the server goes on");
}
