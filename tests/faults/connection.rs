//! Batches and a broken connection to the database.

use serde_json::json;

use crate::support::{
    PrivateDatabase, Proxy, ServerProcess, TestDatabase, TestServer, answer, batch, eventually,
    readings, without_request_id,
};

#[tokio::test]
async fn a_server_without_a_database_stays_up_and_stores_once_there_is_one() {
    let database = TestDatabase::create().await;
    let proxy = Proxy::to_database_server().await;
    proxy.refuse();
    let server = TestServer::start_unready(&proxy.url_of(&database), &[]).await;
    let batch = batch(&json!({"realtime_data": readings(1..=5)}));
    let (status, answer) = server.sync(&batch).await;
    assert_eq!((status, &answer["detail"]), (500, &json!("Sync failed")));
    assert_eq!(answer["batchId"], batch["batchId"]);

    proxy.restore();
    eventually("the batch is stored", async || {
        server.sync(&batch).await.0 == 200
    })
    .await;
    assert_eq!(database.count("realtime_data", "TRUE").await, 5);
}

#[tokio::test]
async fn a_lost_connection_loses_no_batch_and_the_next_one_is_stored() {
    let database = TestDatabase::create().await;
    let proxy = Proxy::to_database_server().await;
    let server = TestServer::start_with(&proxy.url_of(&database), &[]).await;
    let first = batch(&json!({"realtime_data": readings(1..=5)}));
    assert_eq!(server.sync(&first).await.0, 200);

    proxy.refuse();
    let second = batch(&json!({"realtime_data": readings(6..=10)}));
    assert_eq!(server.sync(&second).await.0, 500);
    assert_eq!(database.count("realtime_data", "TRUE").await, 5);

    proxy.restore();
    eventually("the batch is stored", async || {
        server.sync(&second).await.0 == 200
    })
    .await;
    assert_eq!(database.count("realtime_data", "TRUE").await, 10);
}

#[tokio::test]
async fn a_lost_answer_to_a_commit_is_no_success_and_a_retry_duplicates_nothing() {
    let database = TestDatabase::create().await;
    let proxy = Proxy::to_database_server().await;
    let server = TestServer::start_with(&proxy.url_of(&database), &[]).await;
    let batch = batch(&json!({"realtime_data": readings(1..=5)}));
    // The server's own work at its start commits too, and may lose its answer instead.
    eventually("the batch loses its answer", async || {
        proxy.cut_answer_to("COMMIT");
        let (status, _) = server.sync(&batch).await;
        assert!(proxy.has_cut_answer());
        status == 500
    })
    .await;
    assert_eq!(server.sync(&batch).await.0, 200);
    assert_eq!(database.count("realtime_data", "TRUE").await, 5);
}

#[tokio::test]
async fn a_database_that_hangs_is_reported_and_broken_connections_are_replaced() {
    let database = TestDatabase::create().await;
    let proxy = Proxy::to_database_server().await;
    let server = TestServer::start_with(&proxy.url_of(&database), &[]).await;
    proxy.stall();
    let (_, health) = answer(server.get("/api/v1/health")).await;
    assert_eq!(health["components"]["mysql"], "down");

    proxy.restore();
    proxy.cut();
    let batch = batch(&json!({"realtime_data": readings(1..=5)}));
    eventually("the batch is stored", async || {
        server.sync(&batch).await.0 == 200
    })
    .await;
    assert_eq!(database.count("realtime_data", "TRUE").await, 5);
}

#[tokio::test]
async fn a_connection_lost_during_a_transaction_leaves_nothing_behind() {
    let database = TestDatabase::create().await;
    let proxy = Proxy::to_database_server().await;
    let server = TestServer::start_with(&proxy.url_of(&database), &[]).await;
    let batch = batch(&json!({
        "realtime_data": readings(1..=5),
        "connection_log": [{"id": 1, "event_type": "ping"}],
    }));
    // Its rows are written after the readings. The last statement is sent together with the COMMIT, which the database
    // executes even if the client has disconnected.
    let mut lock = database.lock("connection_log").await;
    let cut = async {
        lock.blocks_a_statement().await;
        proxy.cut();
    };
    let ((status, answer), ()) = tokio::join!(server.sync(&batch), cut);
    let expected = json!({
        "detail": "Sync failed",
        "batchId": "test-batch",
        "error": "The database cannot be reached",
    });
    assert_eq!((status, without_request_id(answer)), (500, expected));
    lock.release().await;
    assert_eq!(database.count("realtime_data", "TRUE").await, 0);
    let (status, receipt) = server.sync(&batch).await;
    assert_eq!(status, 200, "{receipt}");
    assert_eq!(receipt["tablesProcessed"]["realtime_data"]["inserted"], 5);
}

#[tokio::test]
async fn an_acknowledged_batch_survives_a_crash_of_the_database() {
    let mut database = PrivateDatabase::start().await;
    let server = ServerProcess::start(&database.url(), &[]).await;
    server.logs("schema is up to date").await;
    let first = batch(&json!({"realtime_data": readings(1..=500)}));
    assert_eq!(server.sync(&first).await.0, 200);
    database.crash();
    let second = batch(&json!({"realtime_data": readings(501..=505)}));
    assert_eq!(server.sync(&second).await.0, 500);

    database.restart();
    assert_eq!(database.count("realtime_data", "TRUE").await, 500);
    eventually("the second batch is stored", async || {
        server.sync(&second).await.0 == 200
    })
    .await;
    assert_eq!(database.count("realtime_data", "TRUE").await, 505);
}
