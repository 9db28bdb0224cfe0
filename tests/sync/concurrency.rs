//! Simultaneous requests: each is stored completely, and none affects another.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::{TestDatabase, TestServer, batch, reading, readings, with, without};

/// Sends all batches at once; returns their receipts.
async fn sync_all(server: &Arc<TestServer>, batches: Vec<Value>) -> Vec<Value> {
    let mut requests = JoinSet::new();
    for batch in batches {
        let server = Arc::clone(server);
        requests.spawn(async move {
            let (status, answer) = server.sync(&batch).await;
            assert_eq!(status, 200, "{answer}");
            answer
        });
    }
    requests.join_all().await
}

/// The sum of a count over all receipts.
fn sum(receipts: &[Value], table: &str, count: &str) -> u64 {
    receipts
        .iter()
        .filter_map(|receipt| receipt["tablesProcessed"][table][count].as_u64())
        .sum()
}

#[tokio::test]
async fn twenty_four_requests_of_six_devices_are_all_stored_exactly() {
    let database = TestDatabase::create().await;
    let server = Arc::new(TestServer::start(&database).await);
    let mut batches = Vec::new();
    for device in 0..6 {
        // Two batches that overlap, and a repetition of each.
        for ids in [1..=700, 501..=1_200, 1..=700, 501..=1_200] {
            let rows = json!({"realtime_data": readings(ids), "connection_log": [{"id": 1, "event_type": "drive_end"}]});
            batches.push(with(
                batch(&rows),
                &json!({"deviceId": format!("pi-{device}")}),
            ));
        }
    }
    let receipts = sync_all(&server, batches).await;
    assert_eq!(receipts.len(), 24);
    // A row is new once, in any order.
    assert_eq!(sum(&receipts, "realtime_data", "inserted"), 6 * 1_200);
    assert_eq!(sum(&receipts, "realtime_data", "updated"), 6 * 1_600);
    assert_eq!(sum(&receipts, "connection_log", "inserted"), 6);
    for device in 0..6 {
        let exact: u64 = database
            .row(&format!(
                "SELECT COUNT(DISTINCT source_id) FROM realtime_data WHERE source_device = 'pi-{device}' \
                 AND value = 2500.5 + source_id % 1000"
            ))
            .await;
        assert_eq!(exact, 1_200);
    }
    assert_eq!(database.count("realtime_data", "TRUE").await, 6 * 1_200);
    let history: (u64, i64, i64) = database
        .row("SELECT COUNT(*), CAST(SUM(rows_inserted) AS SIGNED), CAST(SUM(rows_updated) AS SIGNED) FROM sync_history")
        .await;
    assert_eq!(history, (6, 6 * 1_201, 6 * 1_603));
}

#[tokio::test]
async fn requests_that_take_the_same_rows_in_opposite_orders_are_all_stored() {
    let database = TestDatabase::create().await;
    let server = Arc::new(TestServer::start(&database).await);
    // Rows with the same columns share a statement: these two batches lock the odd and the even rows in opposite order.
    let sparse = |parity: i64| -> Vec<Value> {
        (1..=400)
            .map(|id| {
                if id % 2 == parity {
                    without(reading(id), "unit")
                } else {
                    reading(id)
                }
            })
            .collect()
    };
    let batches: Vec<Value> = (0..16)
        .map(|n| batch(&json!({"realtime_data": sparse(n % 2)})))
        .collect();
    let receipts = sync_all(&server, batches).await;
    assert_eq!(sum(&receipts, "realtime_data", "inserted"), 400);
    assert_eq!(sum(&receipts, "realtime_data", "updated"), 15 * 400);
    assert_eq!(database.count("realtime_data", "unit = 'rpm'").await, 400);
}

#[tokio::test]
async fn a_profile_named_by_many_requests_is_created_once() {
    let database = TestDatabase::create().await;
    let server = Arc::new(TestServer::start(&database).await);
    let batches = (1..=16).map(|id| {
        let rows: Vec<Value> = [3, 1, 2]
            .map(|n| with(reading(id * 10 + n), &json!({"profile_id": n})))
            .into();
        batch(&json!({"realtime_data": rows}))
    });
    let receipts = sync_all(&server, batches.collect()).await;
    assert_eq!(sum(&receipts, "realtime_data", "inserted"), 48);
    let profiles: Vec<String> = database
        .rows("SELECT source_id FROM profiles ORDER BY source_id")
        .await;
    assert_eq!(profiles, ["1", "2", "3"]);
}

/// With 24 clients on four devices, rows of two shapes and ranges of ids that overlap.
#[tokio::test]
async fn clients_that_update_overlapping_rows_of_two_shapes_never_fail() {
    let database = TestDatabase::create().await;
    let server = Arc::new(TestServer::start(&database).await);
    let mut clients = JoinSet::new();
    for client in 0_i64..24 {
        let server = Arc::clone(&server);
        clients.spawn(async move {
            for round in 0..12 {
                let first = 1 + (client * 37 + round * 61) % 200;
                let rows: Vec<Value> = (first..first + 100)
                    .map(|id| match (id + client + round) % 2 {
                        0 => reading(id),
                        _ => without(reading(id), "unit"),
                    })
                    .collect();
                let events: Vec<Value> = (first..first + 5)
                    .map(|id| json!({"id": id, "event_type": "heartbeat"}))
                    .collect();
                let tables = json!({"realtime_data": rows, "connection_log": events});
                let device = json!({"deviceId": format!("pi-{}", client % 4), "batchId": format!("{client}-{round}")});
                let (status, answer) = server.sync(&with(batch(&tables), &device)).await;
                assert_eq!(status, 200, "client {client}, round {round}: {answer}");
            }
        });
    }
    clients.join_all().await;
    let failed = database.count("sync_history", "status <> 'success'").await;
    assert_eq!(failed, 0);
}
