//! The model runs one analysis at a time, with a short queue, and blocks nothing else.

use std::time::Duration;

use futures_util::future::join_all;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use reqwest::header::RETRY_AFTER;
use serde_json::{Value, json};

use super::{ANALYZE, drive, reading, request};
use crate::support::{Fixture, answer, batch, eventually};

#[tokio::test]
async fn sixteen_requests_at_once_are_all_answered_and_the_model_gets_one_at_a_time() {
    let fixture = Fixture::start_with(&[("ANALYSIS_QUEUE_CAPACITY", "16")]).await;
    fixture.store(&json!({"realtime_data": drive()})).await;
    let request = request();
    let answers = join_all((0..16).map(|_| fixture.analyze(&request))).await;
    let mut ids: Vec<_> = answers
        .iter()
        .map(|(status, body)| {
            assert_eq!(*status, 200, "{body}");
            body["analysisId"].as_str().unwrap()
        })
        .collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((ids.len(), fixture.ollama.questions().len()), (16, 16));
    assert_eq!(fixture.ollama.busiest(), 1);
    assert_eq!(
        fixture.database.count("ai_recommendations", "TRUE").await,
        48
    );
}

#[tokio::test]
async fn a_request_to_a_full_queue_gets_429_with_retry_after_at_once() {
    let fixture = Fixture::with_drive().await;
    fixture.ollama.hold();
    let mut clients: FuturesUnordered<_> = (0..200)
        .map(|_| {
            fixture
                .server
                .post(ANALYZE)
                .body(request().to_string())
                .send()
        })
        .collect();
    // None of these is answered yet: the model is busy.
    for _ in 0..191 {
        let refused = clients.next().await.unwrap().unwrap();
        assert_eq!(refused.status(), 429);
        let seconds = refused.headers()[RETRY_AFTER].to_str().unwrap();
        assert!(seconds.parse::<u64>().unwrap() > 0);
        let reported: Value = refused.json().await.unwrap();
        assert_eq!(
            reported["detail"],
            "Too many analyses are waiting, try again"
        );
    }
    let (_, health) = answer(fixture.server.get("/api/v1/health")).await;
    assert_eq!(health["analysis"]["queueLength"], 8);
    fixture.ollama.release();
    while let Some(served) = clients.next().await {
        assert_eq!(served.unwrap().status(), 200);
    }
    assert_eq!(fixture.ollama.questions().len(), 9);
}

#[tokio::test]
async fn large_queued_requests_do_not_block_other_bodies() {
    let fixture = Fixture::with_drive().await;
    fixture.ollama.hold();
    let padded = format!(
        "{request}{blanks}",
        request = request(),
        blanks = " ".repeat(1000 * 1024)
    );
    let clients: Vec<_> = (0..9)
        .map(|_| tokio::spawn(fixture.server.post(ANALYZE).body(padded.clone()).send()))
        .collect();
    eventually("all stand in line", async || {
        let (_, health) = answer(fixture.server.get("/api/v1/health")).await;
        health["analysis"]["queueLength"] == 8
    })
    .await;
    let next = answer(fixture.server.post(ANALYZE).body(padded)).await;
    assert_eq!(next.0, 429, "{}", next.1);
    fixture.ollama.release();
    for client in clients {
        assert_eq!(client.await.unwrap().unwrap().status(), 200);
    }
}

#[tokio::test]
async fn a_client_that_disconnects_frees_the_model_for_the_next() {
    let fixture = Fixture::with_drive().await;
    fixture.ollama.hold();
    let send = || {
        fixture
            .server
            .post(ANALYZE)
            .body(request().to_string())
            .send()
    };
    let first = tokio::spawn(send());
    fixture.ollama.is_asked(1).await;
    let in_line = tokio::spawn(send());
    let second = tokio::spawn(send());
    let length = async |length: u64| {
        eventually("the line has that length", async || {
            let (_, health) = answer(fixture.server.get("/api/v1/health")).await;
            health["analysis"]["queueLength"] == length
        })
        .await;
    };
    length(2).await;

    in_line.abort();
    length(1).await;
    first.abort();
    fixture.ollama.is_left(1).await;
    fixture.ollama.is_asked(2).await;
    fixture.ollama.release();

    assert_eq!(second.await.unwrap().unwrap().status(), 200);
    assert_eq!(
        fixture.ollama.questions().len(),
        2,
        "a request that left the queue is not sent to the model"
    );
    let left = "status = 'failed' AND error LIKE '%the requester disconnected%'";
    assert_eq!(fixture.database.count("analysis_history", left).await, 1);
    assert_eq!(
        fixture
            .database
            .count("analysis_history", "status = 'success'")
            .await,
        1
    );
    // The server is healthy.
    let (_, health) = answer(fixture.server.get("/api/v1/health")).await;
    assert_eq!(health["analysis"]["failuresLastHour"], 0);
}

#[tokio::test]
async fn syncs_backups_and_health_never_wait_for_the_model() {
    let fixture = Fixture::with_drive().await;
    fixture.ollama.hold();
    let clients = join_all((0..9).map(|_| {
        tokio::spawn(
            fixture
                .server
                .post(ANALYZE)
                .body(request().to_string())
                .send(),
        )
    }));
    let others = async {
        fixture.ollama.is_asked(1).await;
        for id in 100..140 {
            let row = batch(&json!({"realtime_data": [reading(id, id % 50)]}));
            assert_eq!(fixture.server.sync(&row).await.0, 200);
        }
        for path in ["/api/v1/health", "/api/v1/backups", "/api/v1/analyses"] {
            assert_eq!(answer(fixture.server.get(path)).await.0, 200);
        }
        fixture.ollama.release();
    };
    // Anything here that waited for the model would take longer than this.
    let both = async { tokio::join!(clients, others) };
    let (clients, ()) = tokio::time::timeout(Duration::from_secs(100), both)
        .await
        .expect("no request waits for the model");
    assert!(
        clients
            .into_iter()
            .all(|client| client.unwrap().unwrap().status() == 200)
    );
}

#[tokio::test]
async fn health_counts_failed_analyses_and_reports_the_last_success() {
    let fixture = Fixture::with_drive().await;
    fixture.ollama.answers(500, &json!({"error": "too hot"}));
    for _ in 0..2 {
        assert_eq!(fixture.analyze(&request()).await.0, 502);
    }
    let analysis =
        async || answer(fixture.server.get("/api/v1/health")).await.1["analysis"].clone();
    let failing = analysis().await;
    assert_eq!(
        (&failing["failuresLastHour"], &failing["lastSuccess"]),
        (&json!(2), &Value::Null)
    );
    assert_eq!(
        failing["lastError"]["error"],
        "test-device: Ollama error: too hot"
    );
    fixture
        .ollama
        .says("[{\"recommendation\": \"Drive a little slower.\"}]");
    assert_eq!(fixture.analyze(&request()).await.0, 200);
    let working = analysis().await;
    assert_eq!(working["failuresLastHour"], 2);
    assert!(working["lastSuccess"].is_string(), "{working}");
}
