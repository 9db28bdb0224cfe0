//! Keys that belong to a device.

use ring::digest;
use serde_json::{Value, json};

use crate::support::{TestDatabase, TestServer, answer, batch, readings, with};

const OWN_KEY: &str = "the-key-of-one-device";

async fn give_key(database: &TestDatabase, device: &str) {
    let hash = digest::digest(&digest::SHA256, OWN_KEY.as_bytes());
    let hex: Vec<String> = hash
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let hex = hex.concat();
    database
        .execute(&format!(
            "INSERT INTO devices (device_id, api_key_hash) VALUES ('{device}', '{hex}')"
        ))
        .await
        .unwrap();
}

async fn post_with_own_key(server: &TestServer, batch: &Value) -> (u16, Value) {
    let url = format!("{}/api/v1/sync", server.url);
    let request = server.http.post(url).header("X-API-Key", OWN_KEY);
    answer(request.body(batch.to_string())).await
}

#[tokio::test]
async fn a_devices_key_writes_as_that_device_and_no_other() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    give_key(&database, "its-own").await;
    let own = with(
        batch(&json!({"realtime_data": readings(1..=3)})),
        &json!({"deviceId": "its-own"}),
    );
    assert_eq!(post_with_own_key(&server, &own).await.0, 200);

    let foreign = with(own.clone(), &json!({"deviceId": "another"}));
    assert_eq!(post_with_own_key(&server, &foreign).await.0, 403);
    let foreign_and_bad = with(foreign, &json!({"tables": {"fake_table": {"rows": []}}}));
    assert_eq!(post_with_own_key(&server, &foreign_and_bad).await.0, 403);
    assert_eq!(database.count("realtime_data", "TRUE").await, 3);
    let traces = database
        .count("sync_history", "device_id = 'another'")
        .await;
    assert_eq!(traces, 0, "nothing is written in another's name");
}

#[tokio::test]
async fn a_key_that_was_taken_away_opens_nothing_and_the_shared_one_still_does() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    give_key(&database, "its-own").await;
    let own = with(batch(&json!({})), &json!({"deviceId": "its-own"}));
    assert_eq!(post_with_own_key(&server, &own).await.0, 200);
    database
        .execute("UPDATE devices SET api_key_hash = NULL")
        .await
        .unwrap();
    let invalid = json!({"detail": "Invalid API key"});
    assert_eq!(post_with_own_key(&server, &own).await, (401, invalid));
    assert_eq!(server.sync(&own).await.0, 200);
}
