//! `GET /api/v1/sync/status`: how complete the data of each device is.

use std::collections::BTreeSet;

use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{Rng as _, SeedableRng as _};
use serde_json::{Value, json};

use crate::support::{
    DEVICE, Fixture, TestServer, answer, batch, eventually, reading, readings, with,
};

const PATH: &str = "/api/v1/sync/status";

async fn devices(server: &TestServer, query: &str) -> Vec<Value> {
    let (status, answer) = answer(server.get(&format!("{PATH}{query}"))).await;
    assert_eq!(status, 200, "{answer}");
    let devices = answer["devices"].as_array().unwrap().iter();
    // The one that the server was asked by whether it is ready.
    let devices = devices.filter(|device| device["deviceId"] != "probe");
    devices.cloned().collect()
}

impl Fixture {
    /// The status of the only device.
    async fn device_status(&self) -> Value {
        let mut devices = devices(&self.server, "").await;
        assert_eq!(devices.len(), 1, "{devices:?}");
        devices.remove(0)
    }

    /// The status of its readings.
    async fn table_status(&self) -> Value {
        table(&self.device_status().await, "realtime_data")
    }
}

fn table(device: &Value, name: &str) -> Value {
    let mut tables = device["tables"].as_array().unwrap().iter();
    tables.find(|table| table["table"] == name).unwrap().clone()
}

/// The gaps between these ids, as the status has them.
fn gaps(ids: &BTreeSet<i64>) -> Vec<Value> {
    let pairs = ids.iter().zip(ids.iter().skip(1));
    pairs
        .filter(|(a, b)| **a + 1 < **b)
        .map(|(a, b)| json!({"first": a + 1, "last": b - 1}))
        .collect()
}

#[tokio::test]
async fn planted_gaps_are_reported_exactly_and_none_is_invented() {
    let fixture = Fixture::start().await;
    let mut random = StdRng::seed_from_u64(11);
    for _ in 0..4 {
        fixture
            .database
            .execute("DELETE FROM stored_ids")
            .await
            .unwrap();
        let mut ids: Vec<i64> = (3_900..9_000).collect();
        for _ in 0..random.random_range(0..8) {
            let first = random.random_range(3_900..9_000);
            let length = random.random_range(1..700);
            ids.retain(|id| !(first..first + length).contains(id));
        }
        let plain: BTreeSet<i64> = ids.iter().copied().collect();
        let mut batches: Vec<Vec<i64>> = ids.chunks(500).map(<[i64]>::to_vec).collect();
        batches.shuffle(&mut random);
        for ids in batches {
            let rows: Vec<Value> = ids.into_iter().map(reading).collect();
            fixture.store(&json!({"realtime_data": rows})).await;
        }
        let table = fixture.table_status().await;
        assert_eq!(table["rows"], plain.len());
        assert_eq!(table["lowestId"], *plain.first().unwrap());
        assert_eq!(table["highestId"], *plain.last().unwrap());
        assert_eq!(table["gaps"], json!(gaps(&plain)));
        assert_eq!(table["gapCount"], gaps(&plain).len());
    }
}

#[tokio::test]
async fn a_hundred_gaps_are_listed_and_all_are_counted() {
    let fixture = Fixture::start().await;
    let rows: Vec<Value> = (0..150).map(|n| reading(1 + n * 10)).collect();
    fixture.store(&json!({"realtime_data": rows})).await;
    let table = fixture.table_status().await;
    assert_eq!(table["gapCount"], 149);
    assert_eq!(table["gaps"].as_array().unwrap().len(), 100);
    assert_eq!(table["gaps"][0], json!({"first": 2, "last": 10}));
}

/// More pages of ids than are asked for with the state of the device.
#[tokio::test]
async fn ids_far_from_each_other_are_added_to_those_beside_them() {
    let fixture = Fixture::start().await;
    for first in [1, 2] {
        let ids = (0..1_001).map(|page| first + page * 4_096);
        let rows: Vec<Value> = ids.map(reading).collect();
        fixture.store(&json!({"realtime_data": rows})).await;
    }
    let table = fixture.table_status().await;
    let rows_and_gaps = (&table["rows"], &table["gapCount"]);
    assert_eq!(rows_and_gaps, (&json!(2_002), &json!(1_000)));
}

#[tokio::test]
async fn a_table_has_its_latest_batch_and_its_latest_failure() {
    let fixture = Fixture::start().await;
    fixture
        .store(&json!({"realtime_data": readings(1..=5), "profiles": [{"id": "daily", "name": "Daily"}]}))
        .await;
    let bad = with(
        batch(&json!({"statistics": [{"id": 1}]})),
        &json!({"batchId": "bad-batch"}),
    );
    assert_eq!(fixture.server.sync(&bad).await.0, 422);
    let device = fixture.device_status().await;
    assert_eq!(device["deviceId"], DEVICE);
    assert_eq!(device["epoch"], 0);
    assert_eq!(device["laterEpochs"], json!([]));
    assert_eq!(device["complete"], true);
    assert_eq!(device["silent"], false);
    assert_eq!(device["lastBatch"]["batchId"], "test-batch");
    assert_eq!(device["lastError"]["batchId"], "bad-batch");
    let tables = device["tables"].as_array().unwrap().iter();
    let names: Vec<&Value> = tables.map(|table| &table["table"]).collect();
    assert_eq!(names, ["profiles", "realtime_data", "statistics"]);
    let readings = table(&device, "realtime_data");
    assert_eq!(readings["rows"], 5);
    assert_eq!(readings["lastBatch"]["batchId"], "test-batch");
    assert_eq!(readings["lastError"], Value::Null);
    let statistics = table(&device, "statistics");
    assert_eq!(statistics["rows"], 0);
    assert_eq!(statistics["lowestId"], Value::Null);
    assert_eq!(statistics["lastBatch"], Value::Null);
    let error = statistics["lastError"]["error"].as_str().unwrap();
    assert!(error.contains("parameter_name"), "{error}");
    // One with a row, and one with none.
    for (id, tables) in [
        ("later-batch", json!({"realtime_data": [reading(6)]})),
        ("empty-batch", json!({"realtime_data": []})),
    ] {
        let batch = with(batch(&tables), &json!({"batchId": id}));
        assert_eq!(fixture.server.sync(&batch).await.0, 200);
    }
    let device = fixture.device_status().await;
    assert_eq!(device["lastBatch"]["batchId"], "later-batch");
    let readings = table(&device, "realtime_data");
    assert_eq!(readings["lastBatch"]["batchId"], "later-batch");
    // The readings name a profile of their own.
    assert_eq!(table(&device, "profiles")["rows"], 2);
}

#[tokio::test]
async fn a_table_has_the_number_of_its_rows_in_quarantine() {
    let fixture = Fixture::start_with(&[("BAD_ROWS", "quarantine")]).await;
    let bad = |id| with(reading(id), &json!({"value": "fast"}));
    fixture
        .store(&json!({"realtime_data": [reading(1), bad(2), bad(3)]}))
        .await;
    let device = fixture.device_status().await;
    let readings = table(&device, "realtime_data");
    assert_eq!(
        (&readings["rows"], &readings["quarantined"]),
        (&json!(1), &json!(2))
    );
    assert_eq!(table(&device, "profiles")["quarantined"], 0);
}

#[tokio::test]
async fn the_status_is_of_one_device_or_of_all() {
    let fixture = Fixture::start().await;
    for device in ["one", "two"] {
        let batch = batch(&json!({"realtime_data": readings(1..=5)}));
        let batch = with(batch, &json!({"deviceId": device}));
        assert_eq!(fixture.server.sync(&batch).await.0, 200);
    }
    assert_eq!(devices(&fixture.server, "").await.len(), 2);
    let one = devices(&fixture.server, "?deviceId=one").await;
    assert_eq!((one.len(), &one[0]["deviceId"]), (1, &json!("one")));
    assert_eq!(devices(&fixture.server, "?deviceId=three").await.len(), 0);
    let (status, answer) = answer(fixture.server.get(&format!("{PATH}?deviceId=.."))).await;
    assert_eq!(status, 422, "{answer}");
}

/// Rows that were stored before the server kept track of ids.
#[tokio::test]
async fn rows_of_an_earlier_version_are_counted_after_a_start() {
    let fixture = Fixture::start_with(&[("EXTRA_TABLES", "dtc_log")]).await;
    let rows: Vec<Value> = (1..=25_000)
        .filter(|id| id % 9_000 != 0)
        .map(reading)
        .collect();
    let codes = [json!({"id": 1}), json!({"id": 3}), json!({"id": "a"})];
    fixture
        .store(&json!({"realtime_data": rows, "dtc_log": codes}))
        .await;
    let before = fixture.device_status().await;
    assert_eq!(table(&before, "realtime_data")["rows"], 24_998);
    for table in ["stored_ids", "sync_devices", "sync_tables"] {
        let delete = format!("DELETE FROM {table}");
        fixture.database.execute(&delete).await.unwrap();
    }
    let server =
        TestServer::start_with(&fixture.database.url(), &[("EXTRA_TABLES", "dtc_log")]).await;
    eventually("the rows are counted", async || {
        let devices = devices(&server, "").await;
        devices.len() == 1 && devices[0]["complete"] == true
    })
    .await;
    let after = &devices(&server, "").await[0];
    assert_eq!(rows_and_gaps(after), rows_and_gaps(&before));
}

/// What the status of a device says about the rows of each table.
fn rows_and_gaps(device: &Value) -> Vec<[&Value; 6]> {
    let fields = ["table", "rows", "lowestId", "highestId", "gapCount", "gaps"];
    let tables = device["tables"].as_array().unwrap().iter();
    tables
        .map(|table| fields.map(|field| &table[field]))
        .collect()
}

#[tokio::test]
async fn a_device_without_contact_for_three_usual_intervals_is_silent() {
    let fixture = Fixture::start().await;
    let shift = async |hours: u32| {
        let update = format!(
            "UPDATE sync_devices SET last_contact_at = last_contact_at - INTERVAL {hours} HOUR"
        );
        fixture.database.execute(&update).await.unwrap();
    };
    for id in 1..=6 {
        fixture
            .store(&json!({"realtime_data": [reading(id)]}))
            .await;
        shift(12).await;
    }
    let device = fixture.device_status().await;
    let usual = device["usualIntervalSeconds"].as_u64().unwrap();
    assert!((12 * 3_600..12 * 3_600 + 60).contains(&usual), "{usual}");
    assert_eq!(device["silent"], false);
    shift(25).await;
    assert_eq!(fixture.device_status().await["silent"], true);
    fixture.store(&json!({"realtime_data": [reading(7)]})).await;
    assert_eq!(fixture.device_status().await["silent"], false);
}

#[tokio::test]
async fn a_ping_needs_no_key_and_no_database() {
    let server = TestServer::start_unready("mysql://nobody@127.0.0.1:9/nothing", &[]).await;
    let ping = server.http.get(format!("{}/api/v1/ping", server.url));
    assert_eq!(answer(ping).await, (200, json!({"status": "ok"})));
}
