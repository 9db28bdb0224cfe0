//! `is_duplicate_of`: the device's id of another recommendation is resolved to its stored `id`.

use serde_json::{Value, json};

use crate::support::{TestDatabase, TestServer, batch};

fn advice(id: i64, is_duplicate_of: impl Into<Value>) -> Value {
    json!({"id": id, "recommendation": format!("Advice {id}"), "is_duplicate_of": is_duplicate_of.into()})
}

async fn store(server: &TestServer, rows: &[Value]) {
    let (status, receipt) = server
        .sync(&batch(&json!({"ai_recommendations": rows})))
        .await;
    assert_eq!(status, 200, "{receipt}");
}

/// By recommendation: the one it duplicates, both by the device's ids, and `extra`.
async fn stored(database: &TestDatabase) -> Vec<(i64, Option<i64>, Option<String>)> {
    database
        .rows(
            "SELECT a.source_id, b.source_id, CAST(a.extra AS CHAR) FROM ai_recommendations a \
             LEFT JOIN ai_recommendations b ON b.id = a.is_duplicate_of ORDER BY a.source_id",
        )
        .await
}

#[tokio::test]
async fn a_duplicate_of_a_later_row_of_the_same_batch_is_resolved() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    // Otherwise stored ids and the device's ids would be equal, and the test would show nothing.
    store(&server, &[advice(100, Value::Null)]).await;
    store(
        &server,
        &[
            advice(1, 2),
            advice(2, Value::Null),
            advice(3, 1),
            advice(4, 4),
        ],
    )
    .await;
    let links: Vec<_> = stored(&database)
        .await
        .into_iter()
        .map(|(id, of, _)| (id, of))
        .collect();
    assert_eq!(
        links,
        [
            (1, Some(2)),
            (2, None),
            (3, Some(1)),
            (4, Some(4)),
            (100, None)
        ]
    );
}

#[tokio::test]
async fn a_duplicate_of_a_row_of_an_earlier_batch_is_resolved() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    store(&server, &[advice(7, Value::Null)]).await;
    store(&server, &[advice(8, 7)]).await;
    assert_eq!(
        stored(&database).await,
        [(7, None, None), (8, Some(7), None)]
    );
}

#[tokio::test]
async fn an_unresolved_duplicate_is_null_and_keeps_its_value_in_extra() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    store(&server, &[advice(1, 999)]).await;
    let (_, link, extra) = stored(&database).await.remove(0);
    assert_eq!(link, None);
    let extra: Value = serde_json::from_str(&extra.unwrap()).unwrap();
    assert_eq!(extra, json!({"is_duplicate_of": 999}));
    // Once its target exists, sending it again resolves it.
    store(&server, &[advice(1, 999), advice(999, Value::Null)]).await;
    let (_, link, extra) = stored(&database).await.remove(0);
    assert_eq!((link, extra.as_deref()), (Some(999), Some("{}")));
}

#[tokio::test]
async fn a_row_of_another_device_is_never_the_target() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let mut other = batch(&json!({"ai_recommendations": [advice(5, Value::Null)]}));
    other["deviceId"] = json!("other-device");
    server.sync(&other).await;
    store(&server, &[advice(6, 5)]).await;
    let links: u64 = database
        .count("ai_recommendations", "is_duplicate_of IS NOT NULL")
        .await;
    assert_eq!(links, 0);
}

#[tokio::test]
async fn a_link_is_kept_by_an_update_without_it_and_removed_by_null() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    store(&server, &[advice(1, Value::Null), advice(2, 1)]).await;
    store(&server, &[json!({"id": 2, "recommendation": "Changed"})]).await;
    assert_eq!(stored(&database).await[1].1, Some(1));
    store(&server, &[advice(2, Value::Null)]).await;
    assert_eq!(stored(&database).await[1].1, None);
}
