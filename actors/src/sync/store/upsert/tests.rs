use super::*;

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
