//! Ids that an epoch has no place for.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{OFFSET, reading, readings_of};
use crate::support::{Fixture, batch};

/// What is left of the integers after an epoch's offset is no place for an id: two of them would become one row.
#[tokio::test]
async fn ids_that_leave_the_epoch_are_refused_and_never_stored_as_one_row() {
    let fixture = Fixture::start().await;
    let image = |hours| json!({"realtime_data": readings_of(1..=5, hours, 1.5)});
    fixture.store(&image(0)).await;
    fixture.store(&image(48)).await;
    let rows = [reading(i64::MAX), reading(6), reading(i64::MAX - 1)];
    let (status, answer) = fixture
        .server
        .sync(&batch(&json!({"realtime_data": rows})))
        .await;
    assert_eq!(status, 422, "{answer}");
    let msg = format!(
        "The device started again at id 1 before; since then its ids must be less than {OFFSET} (row with id {})",
        i64::MAX
    );
    let problem = json!({"type": "less_than", "loc": ["body", "tables", "realtime_data", "rows", 0, "id"],
        "msg": msg, "input": i64::MAX});
    assert_eq!(answer["detail"][0], problem);
    assert_eq!(answer["detail"][1]["loc"][4], 2);
    assert_eq!(answer["detail"].as_array().unwrap().len(), 2);
    assert_eq!(fixture.database.count("realtime_data", "TRUE").await, 10);
    // The last id of an epoch is one.
    fixture
        .store(&json!({"realtime_data": [reading(OFFSET - 1)]}))
        .await;
    let last = format!("source_id = {}", 2 * OFFSET - 1);
    assert_eq!(fixture.database.count("realtime_data", &last).await, 1);
}

#[tokio::test]
async fn ids_that_leave_the_epoch_are_quarantined_one_by_one() {
    let variables = [("BAD_ROWS", "quarantine"), ("EXTRA_TABLES", "dtc_log")];
    let fixture = Fixture::start_with(&variables).await;
    let image = |hours| json!({"realtime_data": readings_of(1..=5, hours, 1.5)});
    fixture.store(&image(0)).await;
    fixture.store(&image(48)).await;
    // Larger than a BIGINT, which such an id need not fit.
    let (highest, text) = (i64::MAX, "9223372036854775808");
    let receipt = fixture
        .store(&json!({
            "realtime_data": [reading(highest), reading(6), reading(highest - 1), reading(OFFSET + 6)],
            "dtc_log": [{"id": text}, {"id": "-7"}, {"id": "a"}],
        }))
        .await;
    let counts = json!({"inserted": 1, "updated": 0, "errors": 3});
    assert_eq!(receipt["tablesProcessed"]["realtime_data"], counts);
    let quarantined = receipt["quarantined"].as_array().unwrap().iter();
    let ids: Vec<&Value> = quarantined.map(|row| &row["id"]).collect();
    assert_eq!(
        ids,
        [
            &json!(text),
            &json!("-7"),
            &json!(highest),
            &json!(highest - 1),
            &json!(OFFSET + 6)
        ]
    );
    let reasons = [("less than", 4), ("at least 0", 1)];
    for (reason, rows) in reasons {
        let with_reason = format!("reason LIKE '%its ids must be {reason}%'");
        let count = fixture.database.count("quarantined_rows", &with_reason);
        assert_eq!(count.await, rows, "{reason}");
    }
    // Not the entry of the id 6, which is stored.
    fixture.store(&json!({"realtime_data": [reading(6)]})).await;
    assert_eq!(fixture.database.count("quarantined_rows", "TRUE").await, 5);
    assert_eq!(fixture.database.count("realtime_data", "TRUE").await, 11);
}

#[tokio::test]
async fn the_highest_of_all_ids_leaves_room_for_epochs() {
    let fixture = Fixture::start().await;
    let image = |hours| json!({"realtime_data": readings_of(1..=5, hours, 1.5)});
    fixture.store(&image(0)).await;
    fixture
        .store(&json!({"realtime_data": [reading(i64::MAX)]}))
        .await;
    for (epoch, hours) in [(1, 48), (2, 96)] {
        fixture.store(&image(hours)).await;
        let mut expected = BTreeMap::from([(0, (6, 1, i64::MAX))]);
        expected.extend((1..=epoch).map(|epoch| (epoch, (5, 1, 5))));
        assert_eq!(fixture.epochs("realtime_data").await, expected);
    }
}
