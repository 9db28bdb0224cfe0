//! A device that was re-imaged starts again at id 1. Nothing that it stored before is overwritten.

mod ids;
mod tables;

use std::collections::BTreeMap;

use chrono::{NaiveDateTime, TimeDelta};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::{Value, json};

use crate::support::{DEVICE, Fixture, answer, batch, with};

const OFFSET: i64 = 1_000_000_000_000;

fn start() -> NaiveDateTime {
    "2026-02-01T14:00:00".parse().unwrap()
}

/// A reading of an image of the device that begins this number of hours after [`start`].
fn reading_of(id: i64, hours: i64, value: f64) -> Value {
    let time = start() + TimeDelta::hours(hours) + TimeDelta::seconds(id);
    json!({
        "id": id,
        "timestamp": time.format("%Y-%m-%d %H:%M:%S").to_string(),
        "parameter_name": "RPM",
        "value": value,
        "unit": "rpm",
    })
}

/// A reading as old as the first ones.
fn reading(id: i64) -> Value {
    with(reading_of(1, 0, 7.5), &json!({"id": id}))
}

fn readings_of(ids: std::ops::RangeInclusive<i64>, hours: i64, value: f64) -> Vec<Value> {
    ids.map(|id| reading_of(id, hours, value)).collect()
}

impl Fixture {
    /// The epochs of a table as the status has them: rows, lowest and highest id.
    async fn epochs(&self, table: &str) -> BTreeMap<i64, (u64, i64, i64)> {
        let path = format!("/api/v1/sync/status?deviceId={DEVICE}");
        let (status, answer) = answer(self.server.get(&path)).await;
        assert_eq!(status, 200, "{answer}");
        let tables = answer["devices"][0]["tables"].as_array().unwrap().clone();
        let tables = tables.into_iter().filter(|entry| entry["table"] == table);
        tables
            .map(|entry| {
                let number = |field: &str| entry[field].as_i64().unwrap();
                let figures = (
                    entry["rows"].as_u64().unwrap(),
                    number("lowestId"),
                    number("highestId"),
                );
                (number("epoch"), figures)
            })
            .collect()
    }
}

/// The tables of one image, in batches as the real device sends them: 6,195 rows.
async fn send_image(fixture: &Fixture, hours: i64, value: f64) {
    let at = |id: i64| {
        let time = start() + TimeDelta::hours(hours) + TimeDelta::seconds(id);
        time.format("%Y-%m-%d %H:%M:%S").to_string()
    };
    let alerts: Vec<Value> = (1..=45)
        .map(|id| json!({"id": id, "timestamp": at(id), "alert_type": "hot", "parameter_name": "RPM", "value": value, "threshold": 1.0}))
        .collect();
    let events: Vec<Value> = (1..=120)
        .map(|id| json!({"id": id, "timestamp": at(id), "event_type": "heartbeat", "retry_count": hours}))
        .collect();
    let statistics: Vec<Value> = (1..=30)
        .map(|id| json!({"id": id, "parameter_name": "RPM", "analysis_date": at(id), "profile_id": "daily", "avg_value": value}))
        .collect();
    fixture.store(&json!({"alert_log": alerts})).await;
    fixture.store(&json!({"connection_log": events})).await;
    for first in (1..=6_000).step_by(500) {
        let rows = readings_of(first..=first + 499, hours, value);
        fixture.store(&json!({"realtime_data": rows})).await;
    }
    fixture.store(&json!({"statistics": statistics})).await;
}

#[tokio::test]
async fn a_re_imaged_device_overwrites_none_of_its_6195_rows() {
    let fixture = Fixture::start().await;
    send_image(&fixture, 0, 1_000.5).await;
    send_image(&fixture, 48, 2_000.5).await;
    let count = async |table: &str, condition: &str| fixture.database.count(table, condition).await;
    for (value, ids) in [
        (1_000.5, "source_id BETWEEN 1 AND 6000".to_owned()),
        (
            2_000.5,
            format!("source_id BETWEEN {OFFSET} + 1 AND {OFFSET} + 6000"),
        ),
    ] {
        let of_image = |column: &str| format!("{column} = {value} AND {ids}");
        assert_eq!(count("realtime_data", &of_image("value")).await, 6_000);
        assert_eq!(count("alert_log", &of_image("value")).await, 45);
        assert_eq!(count("statistics", &of_image("avg_value")).await, 30);
    }
    assert_eq!(count("connection_log", "retry_count = 0").await, 120);
    assert_eq!(count("connection_log", "retry_count = 48").await, 120);
    assert_eq!(count("sync_epochs", "TRUE").await, 1);
    let expected = BTreeMap::from([(0, (6_000, 1, 6_000)), (1, (6_000, 1, 6_000))]);
    assert_eq!(fixture.epochs("realtime_data").await, expected);
    let (_, health) = answer(fixture.server.get("/api/v1/health")).await;
    let note = "test-device started again at id 1; its new rows are stored in epoch 1.";
    assert_eq!(health["sync"]["notes"], json!([note]), "{health}");
    // A third image.
    send_image(&fixture, 96, 3_000.5).await;
    assert_eq!(count("realtime_data", "TRUE").await, 18_000);
    assert_eq!(fixture.epochs("alert_log").await.len(), 3);
}

#[tokio::test]
async fn three_replaced_rows_start_an_epoch_and_two_do_not() {
    let fixture = Fixture::start().await;
    fixture
        .store(&json!({"realtime_data": readings_of(1..=10, 0, 1.5)}))
        .await;
    let receipt = fixture
        .store(&json!({"realtime_data": readings_of(1..=2, 5, 2.5)}))
        .await;
    let counts = json!({"inserted": 0, "updated": 2, "errors": 0});
    assert_eq!(receipt["tablesProcessed"]["realtime_data"], counts);
    let receipt = fixture
        .store(&json!({"realtime_data": readings_of(3..=5, 10, 3.5)}))
        .await;
    let counts = json!({"inserted": 3, "updated": 0, "errors": 0});
    assert_eq!(receipt["tablesProcessed"]["realtime_data"], counts);
    let old = fixture.database.count("realtime_data", "value = 1.5").await;
    assert_eq!(old, 8);
    // The epoch goes on, also with ids that the first one does not have.
    fixture
        .store(&json!({"realtime_data": readings_of(6..=20, 10, 3.5)}))
        .await;
    let expected = BTreeMap::from([(0, (10, 1, 10)), (1, (18, 3, 20))]);
    assert_eq!(fixture.epochs("realtime_data").await, expected);
}

#[tokio::test]
async fn rows_that_are_replaced_within_an_hour_start_no_epoch() {
    let fixture = Fixture::start().await;
    fixture
        .store(&json!({"realtime_data": readings_of(1..=10, 0, 1.5)}))
        .await;
    // The newest reading is of 14:00:10.
    fixture
        .store(&json!({"realtime_data": readings_of(1..=10, 1, 2.5)}))
        .await;
    let expected = BTreeMap::from([(0, (10, 1, 10))]);
    assert_eq!(fixture.epochs("realtime_data").await, expected);
}

/// A device whose clock was wrong when it took some of them.
#[tokio::test]
async fn readings_from_the_future_hide_no_new_image() {
    let fixture = Fixture::start().await;
    let century = 100 * 365 * 24;
    for rows in [
        readings_of(1..=5, 0, 1.5),
        readings_of(6..=7, century, 1.5),
        readings_of(1..=5, 48, 2.5),
    ] {
        fixture.store(&json!({"realtime_data": rows})).await;
    }
    let expected = BTreeMap::from([(0, (7, 1, 7)), (1, (5, 1, 5))]);
    assert_eq!(fixture.epochs("realtime_data").await, expected);
    // The old image had no events.
    let event = json!({"id": 1, "timestamp": "2026-02-03 14:00:10", "event_type": "heartbeat"});
    fixture.store(&json!({"connection_log": [event]})).await;
    let expected = BTreeMap::from([(1, (1, 1, 1))]);
    assert_eq!(fixture.epochs("connection_log").await, expected);
}

/// Events in UTC, readings in a local time hours behind: an edited event is newer than all readings.
#[tokio::test]
async fn edited_rows_of_a_table_whose_clock_is_ahead_start_no_epoch() {
    let fixture = Fixture::start().await;
    let events = |retries: i64| -> Vec<Value> {
        (1..=20)
            .map(|id| {
                json!({"id": id, "timestamp": format!("2026-02-01 20:00:{id:02}"), "event_type": "connect",
                    "retry_count": retries})
            })
            .collect()
    };
    fixture
        .store(&json!({"realtime_data": readings_of(1..=10, 0, 1.5)}))
        .await;
    for retries in 0..3 {
        fixture
            .store(&json!({"connection_log": events(retries)}))
            .await;
    }
    let expected = BTreeMap::from([(0, (20, 1, 20))]);
    assert_eq!(fixture.epochs("connection_log").await, expected);
}

#[tokio::test]
async fn replays_edits_and_rows_out_of_order_never_start_an_epoch() {
    let fixture = Fixture::start().await;
    let mut random = StdRng::seed_from_u64(7);
    // Time goes on by half an hour per id.
    let row = |id: i64, value: f64| {
        let time = start() + TimeDelta::minutes(30 * id);
        let time = time.format("%Y-%m-%d %H:%M:%S").to_string();
        with(reading_of(id, 0, value), &json!({"timestamp": time}))
    };
    let mut stored: BTreeMap<i64, f64> = BTreeMap::new();
    let mut next = 1;
    for _ in 0..60 {
        let ids: Vec<i64> = match random.random_range(0..4) {
            // Onwards, some rows left out, which come later.
            0 | 1 => {
                let first = next;
                next += 40;
                (first..next).filter(|_| random.random_bool(0.8)).collect()
            }
            // Anything again, or for the first time.
            _ => (0..30).map(|_| random.random_range(1..=next)).collect(),
        };
        let is_edit = random.random_bool(0.5);
        let rows: Vec<Value> = ids
            .into_iter()
            .map(|id| {
                let value = stored.entry(id).or_insert(1.5);
                if is_edit {
                    *value += 1.0;
                }
                row(id, *value)
            })
            .collect();
        fixture.store(&json!({"realtime_data": rows})).await;
    }
    assert_eq!(fixture.database.count("sync_epochs", "TRUE").await, 0);
    let rows: Vec<(i64, f64)> = fixture
        .database
        .rows("SELECT source_id, value FROM realtime_data ORDER BY source_id")
        .await;
    assert_eq!(rows, stored.into_iter().collect::<Vec<_>>());
}

#[tokio::test]
async fn a_batch_of_the_old_image_that_arrives_again_changes_the_new_image_in_nothing() {
    let fixture = Fixture::start().await;
    let old = json!({"realtime_data": readings_of(1..=50, 0, 1.5)});
    fixture.store(&old).await;
    fixture
        .store(&json!({"realtime_data": readings_of(1..=50, 48, 2.5)}))
        .await;
    let receipt = fixture.store(&old).await;
    let counts = json!({"inserted": 0, "updated": 50, "errors": 0});
    assert_eq!(receipt["tablesProcessed"]["realtime_data"], counts);
    for value in [1.5, 2.5] {
        let condition = format!("value = {value}");
        assert_eq!(
            fixture.database.count("realtime_data", &condition).await,
            50
        );
    }
    assert_eq!(fixture.database.count("sync_epochs", "TRUE").await, 1);
}

#[tokio::test]
async fn references_and_other_tables_follow_the_epoch() {
    let fixture = Fixture::start_with(&[("EXTRA_TABLES", "dtc_log")]).await;
    let image = |hours: i64, code: &str| {
        let advice = |id: i64, of: Value| {
            let time = start() + TimeDelta::hours(hours) + TimeDelta::seconds(id);
            json!({"id": id, "timestamp": time.format("%Y-%m-%d %H:%M:%S").to_string(),
                "recommendation": format!("{code} {id}"), "is_duplicate_of": of, "profile_id": "daily"})
        };
        json!({
            "realtime_data": readings_of(1..=5, hours, 1.5),
            "ai_recommendations": [advice(1, json!(null)), advice(2, json!(1))],
            "dtc_log": [{"id": 1, "code": code}, {"id": "a", "code": code}],
        })
    };
    fixture.store(&image(0, "old")).await;
    fixture.store(&image(48, "new")).await;
    let duplicates: Vec<(String, String)> = fixture
        .database
        .rows(
            "SELECT a.recommendation, b.recommendation FROM ai_recommendations a \
             JOIN ai_recommendations b ON b.id = a.is_duplicate_of ORDER BY a.source_id",
        )
        .await;
    let pairs = [("old 2", "old 1"), ("new 2", "new 1")];
    assert_eq!(duplicates, pairs.map(|(a, b)| (a.to_owned(), b.to_owned())));
    let codes: Vec<(String, String)> = fixture
        .database
        .rows("SELECT source_id, JSON_UNQUOTE(JSON_EXTRACT(row_json, '$.code')) FROM extra_rows ORDER BY source_id")
        .await;
    let expected = [("1", "old"), ("1000000000001", "new"), ("a", "new")];
    assert_eq!(codes, expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
    // Keys that are text are the same in all epochs.
    assert_eq!(fixture.database.count("profiles", "TRUE").await, 1);
}

#[tokio::test]
async fn another_device_has_its_own_epochs() {
    let fixture = Fixture::start().await;
    fixture
        .store(&json!({"realtime_data": readings_of(1..=5, 0, 1.5)}))
        .await;
    let other = batch(&json!({"realtime_data": readings_of(1..=5, 48, 2.5)}));
    let other = with(other, &json!({"deviceId": "other-device"}));
    assert_eq!(fixture.server.sync(&other).await.0, 200);
    assert_eq!(fixture.database.count("sync_epochs", "TRUE").await, 0);
}

#[tokio::test]
async fn a_new_image_is_noticed_after_the_readings_of_the_old_one_were_removed() {
    let fixture = Fixture::start().await;
    let old = readings_of(1..=500, 0, 1.0);
    fixture.store(&json!({"realtime_data": old})).await;
    let removed = "DELETE FROM realtime_data";
    fixture.database.execute(removed).await.unwrap();
    // What was removed and arrives again is no new image.
    fixture.store(&json!({"realtime_data": old})).await;
    fixture.database.execute(removed).await.unwrap();
    assert_eq!(
        fixture.epochs("realtime_data").await,
        BTreeMap::from([(0, (500, 1, 500))])
    );
    let new = readings_of(1..=10, 5_000, 2.0);
    fixture.store(&json!({"realtime_data": new})).await;
    assert_eq!(
        fixture.epochs("realtime_data").await,
        BTreeMap::from([(0, (500, 1, 500)), (1, (10, 1, 10))])
    );
}
