//! Many devices at once.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{TestDatabase, TestServer, batch, readings, with};

const DEVICES: i64 = 6;

/// A batch that shares half of its readings with the device's next one.
fn overlapping(device: i64, part: i64) -> Value {
    let first = part * 50 + 1;
    with(
        batch(&json!({"realtime_data": readings(first..=first + 99)})),
        &json!({"deviceId": format!("device-{device}"), "batchId": format!("batch-{part}")}),
    )
}

#[tokio::test]
async fn parallel_requests_with_repeats_are_all_accepted_and_leave_exact_rows() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    // Two different parts and a repeat of each, from six devices: 24 requests at once.
    let batches: Vec<Value> = (0..DEVICES)
        .flat_map(|device| [0, 1, 0, 1].map(|part| overlapping(device, part)))
        .collect();
    let answers = join_all(batches.iter().map(|batch| server.sync(batch))).await;
    let mut inserted = 0;
    for (status, receipt) in answers {
        assert_eq!(status, 200, "{receipt}");
        let table = &receipt["tablesProcessed"]["realtime_data"];
        let counts = ["inserted", "updated"].map(|name| table[name].as_i64().unwrap());
        assert_eq!(counts.iter().sum::<i64>(), 100, "{receipt}");
        inserted += counts[0];
    }
    assert_eq!(inserted, DEVICES * 150);
    let exact = "SELECT COUNT(*), COUNT(DISTINCT source_device, source_id), MAX(source_id) FROM realtime_data";
    assert_eq!(
        database.row::<(i64, i64, i64)>(exact).await,
        (DEVICES * 150, DEVICES * 150, 150)
    );
    let stubs = database.count("profiles", "TRUE").await;
    assert_eq!(stubs, 6, "one stub for each device, whoever came first");
}

#[tokio::test]
async fn rows_in_opposite_orders_do_not_lead_into_failures() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let forth = batch(&json!({"realtime_data": readings(1..=400)}));
    let back: Vec<Value> = readings(1..=400).into_iter().rev().collect();
    let back = batch(&json!({"realtime_data": back}));
    for _ in 0..5 {
        let batches = [&forth, &back, &forth, &back];
        for (status, answer) in join_all(batches.map(|batch| server.sync(batch))).await {
            assert_eq!(status, 200, "{answer}");
        }
    }
    assert_eq!(database.count("realtime_data", "TRUE").await, 400);
}
