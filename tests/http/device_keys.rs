//! Keys of single devices: a device may write as itself only.

use serde_json::{Value, json};

use crate::support::{TestDatabase, TestServer, answer, batch, readings, with};

const KEY: &str = "the-key-of-one-device";

/// Registers `test-device` with [`KEY`].
async fn register(database: &TestDatabase) {
    let statement = format!(
        "INSERT INTO devices (device_id, display_name, api_key_hash) VALUES ('test-device', 'Ours', SHA2('{KEY}', 256))"
    );
    database.execute(&statement).await.unwrap();
}

async fn sync_with(server: &TestServer, key: &str, batch: &Value) -> (u16, Value) {
    let request = server.http.post(format!("{}/api/v1/sync", server.url));
    answer(request.header("X-API-Key", key).body(batch.to_string())).await
}

async fn start() -> (TestDatabase, TestServer) {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    register(&database).await;
    (database, server)
}

fn forbidden() -> (u16, Value) {
    let detail = "The API key belongs to another device than the request names";
    (403, json!({"detail": detail}))
}

#[tokio::test]
async fn a_device_writes_as_itself_with_its_own_key() {
    let (database, server) = start().await;
    let batch = batch(&json!({"realtime_data": readings(1..=5)}));
    let (status, receipt) = sync_with(&server, KEY, &batch).await;
    assert_eq!(status, 200, "{receipt}");
    assert_eq!(
        database
            .count("realtime_data", "source_device = 'test-device'")
            .await,
        5
    );
    // The registration is unchanged.
    let registered = format!(
        "display_name = 'Ours' AND api_key_hash = SHA2('{KEY}', 256) AND last_seen IS NOT NULL"
    );
    assert_eq!(database.count("devices", &registered).await, 1);
}

#[tokio::test]
async fn a_device_cannot_write_as_another_and_leaves_no_trace_there() {
    let (database, server) = start().await;
    let good = batch(&json!({"realtime_data": readings(1..=5)}));
    for bad_name in ["other-device", "Test-Device", "test-device2"] {
        let others = with(good.clone(), &json!({"deviceId": bad_name}));
        assert_eq!(sync_with(&server, KEY, &others).await, forbidden());
        let invalid = with(
            batch(&json!({"fake_table": []})),
            &json!({"deviceId": bad_name}),
        );
        assert_eq!(sync_with(&server, KEY, &invalid).await, forbidden());
    }
    for table in ["realtime_data", "sync_history", "profiles"] {
        assert_eq!(database.count(table, "TRUE").await, 0, "{table}");
    }
    assert_eq!(
        database
            .count("devices", "device_id NOT IN ('test-device', 'probe')")
            .await,
        0
    );
}

#[tokio::test]
async fn a_device_gets_the_problems_of_its_own_batch() {
    let (database, server) = start().await;
    let invalid = batch(&json!({"fake_table": []}));
    assert_eq!(sync_with(&server, KEY, &invalid).await.0, 422);
    assert_eq!(
        database
            .count(
                "sync_history",
                "device_id = 'test-device' AND status = 'failed'"
            )
            .await,
        1
    );
}

#[tokio::test]
async fn a_revoked_key_is_invalid_at_once() {
    let (database, server) = start().await;
    let batch = batch(&json!({"realtime_data": readings(1..=5)}));
    assert_eq!(sync_with(&server, KEY, &batch).await.0, 200);
    let invalid = (401, json!({"detail": "Invalid API key"}));
    database
        .execute("UPDATE devices SET api_key_hash = NULL")
        .await
        .unwrap();
    assert_eq!(sync_with(&server, KEY, &batch).await, invalid);
    database.execute("DELETE FROM devices").await.unwrap();
    register(&database).await;
    assert_eq!(sync_with(&server, KEY, &batch).await.0, 200);
    database.execute("DELETE FROM devices").await.unwrap();
    assert_eq!(sync_with(&server, KEY, &batch).await, invalid);
}

#[tokio::test]
async fn the_shared_key_remains_valid_for_all_devices() {
    let (database, server) = start().await;
    let own = batch(&json!({"realtime_data": readings(1..=5)}));
    let others = with(own.clone(), &json!({"deviceId": "other-device"}));
    for batch in [&own, &others] {
        assert_eq!(server.sync(batch).await.0, 200);
    }
    assert_eq!(database.count("realtime_data", "TRUE").await, 10);
}

#[tokio::test]
async fn only_the_key_itself_is_accepted() {
    let (_database, server) = start().await;
    let batch = batch(&json!({}));
    let hash: String = ring_sha256(KEY);
    for wrong in [
        &KEY.to_uppercase(),
        &KEY[1..],
        &format!("{KEY}x"),
        "%",
        "' OR 1=1 --",
        &hash,
        "NULL",
    ] {
        let answer = sync_with(&server, wrong, &batch).await;
        assert_eq!(
            answer,
            (401, json!({"detail": "Invalid API key"})),
            "{wrong}"
        );
    }
}

fn ring_sha256(text: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    let digits: Vec<String> = digest
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    digits.concat()
}
