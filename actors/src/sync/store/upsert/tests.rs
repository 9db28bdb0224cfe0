use super::*;
use crate::sync::batch::{ReadOptions, SizeLimit, read};
use crate::sync::store::device_state::EPOCH_IDS;

#[test]
fn a_statement_names_only_the_columns_that_the_rows_have() {
    let table = Table::named("calibration_sessions").unwrap();
    let notes = table.position("notes").unwrap();
    assert_eq!(
        statement(
            table,
            &Shape {
                columns: 1 << notes,
                extra: Extra::None
            },
            2
        ),
        "INSERT INTO `calibration_sessions` (source_device, source_id, synced_at, sync_batch_id, `notes`) \
         VALUES (@device,?,NOW(6),@batch,?),(@device,?,NOW(6),@batch,?) ON DUPLICATE KEY UPDATE \
         synced_at = VALUES(synced_at), sync_batch_id = VALUES(sync_batch_id), `notes` = VALUES(`notes`)"
    );
}

#[test]
fn counts_distinguish_new_rows_from_changed_ones() {
    assert_eq!(
        counts_of_upserts(5, 5),
        Counts {
            inserted: 5,
            updated: 0
        }
    );
    assert_eq!(
        counts_of_upserts(5, 8),
        Counts {
            inserted: 2,
            updated: 3
        }
    );
    assert_eq!(
        counts_of_upserts(5, 10),
        Counts {
            inserted: 0,
            updated: 5
        }
    );
}

#[test]
fn the_values_of_a_row_are_those_of_its_columns() {
    let row = r#"{"id": 5, "recommendation": "Oil", "is_duplicate_of": 4, "profile_id": "daily",
        "created_at": "2026-02-01T14:25:06.000007", "gear": 3}"#;
    let body = format!(
        r#"{{"deviceId": "d", "batchId": "b", "tables": {{"ai_recommendations": {{"rows": [{row}]}}}}}}"#
    );
    let batch = read(&body.into(), &ReadOptions::default(), SizeLimit::default()).unwrap();
    let sheet = &batch.mirrored[0];
    let shape = Shape::of(sheet, 0);
    let epoch = Epoch {
        number: 1,
        id_offset: EPOCH_IDS,
    };
    let profiles = ProfileIds::from([("daily".to_owned(), 42)]);
    let mut values = Vec::new();
    bind_row(&mut values, sheet, 0, epoch, &shape, &profiles);
    // What refers to another row of the table is resolved later.
    let expected = [
        Value::Int(1_000_000_000_005),
        Value::from("Oil"),
        Value::Int(42),
        Value::Date(2026, 2, 1, 14, 25, 6, 7),
        Value::from(r#"{"gear":3}"#),
    ];
    assert_eq!(values, expected);
    let statement = statement(sheet.table, &shape, 1);
    assert!(
        statement.contains("`recommendation`, `profile_id`, `created_at`, extra) VALUES"),
        "{statement}"
    );
    assert_eq!(statement.matches('?').count(), values.len());
}
