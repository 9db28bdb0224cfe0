//! A database that is unreachable, or fails during an analysis.

use serde_json::json;

use super::{ANALYZE, drive, request};
use crate::support::{
    FakeOllama, Fixture, Proxy, TestDatabase, TestServer, answer, batch, eventually,
    without_request_id,
};

#[tokio::test]
async fn without_mysql_clients_get_a_503_with_retry_after() {
    let nowhere = "mysql://nobody@127.0.0.1:9/nothing";
    let server = TestServer::start_unready(nowhere, &[]).await;
    let reported = json!({"detail": "The database cannot be reached"});
    let analyze = server.post(ANALYZE).body(request().to_string());
    let past = server.get("/api/v1/analyses");
    let one = server.get("/api/v1/analyses/some-id");
    for request in [analyze, past, one] {
        let (status, body) = answer(request).await;
        assert_eq!((status, without_request_id(body)), (503, reported.clone()));
    }
}

#[tokio::test]
async fn a_result_that_cannot_be_stored_is_a_failure_and_the_next_one_succeeds() {
    let database = TestDatabase::create().await;
    let proxy = Proxy::to_database_server().await;
    let ollama = FakeOllama::start();
    let variables = [("OLLAMA_BASE_URL", ollama.url.as_str())];
    let server = TestServer::start_with(&proxy.url_of(&database), &variables).await;
    assert_eq!(
        server
            .sync(&batch(&json!({"realtime_data": drive()})))
            .await
            .0,
        200
    );
    ollama.hold();
    let analyze = || server.post(ANALYZE).body(request().to_string());
    let cut = async {
        ollama.is_asked(1).await;
        proxy.refuse();
        ollama.release();
    };
    let ((status, _), ()) = tokio::join!(answer(analyze()), cut);
    assert_eq!(status, 503);
    assert_eq!(database.count("ai_recommendations", "TRUE").await, 0);

    proxy.restore();
    eventually("it works again", async || answer(analyze()).await.0 == 200).await;
    assert_eq!(database.count("ai_recommendations", "TRUE").await, 3);
}

#[tokio::test]
async fn recommendations_and_success_are_stored_together_or_not_at_all() {
    let fixture = Fixture::with_drive().await;
    let refuse =
        "ALTER TABLE analysis_history ADD CONSTRAINT no_success CHECK (status <> 'success')";
    fixture.database.execute(refuse).await.unwrap();
    let (status, body) = fixture.analyze(&request()).await;
    assert_eq!(
        (status, &body["detail"]),
        (500, &json!("A row violates a schema constraint"))
    );
    assert_eq!(
        fixture.database.count("ai_recommendations", "TRUE").await,
        0
    );
    assert_eq!(fixture.history().await.status, "failed");
}
