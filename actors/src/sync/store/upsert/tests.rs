use super::*;

#[test]
fn rows_are_split_into_few_sizes_and_none_is_lost() {
    let rows: Vec<usize> = (0..1_777).collect();
    let sizes: Vec<usize> = chunks(&rows, STATEMENT_BYTES, |_| 100)
        .map(<[usize]>::len)
        .collect();
    assert_eq!(sizes, [500, 500, 500, 256, 16, 4, 1]);
    let all = chunks(&rows, STATEMENT_BYTES, |_| 100).flatten().copied();
    assert_eq!(all.collect::<Vec<_>>(), rows);
}

#[test]
fn long_rows_come_in_small_statements() {
    let bytes = [100_000; 7];
    let sizes: Vec<usize> = chunks(&bytes, STATEMENT_BYTES, |bytes| *bytes)
        .map(<[usize]>::len)
        .collect();
    assert_eq!(sizes, [4, 2, 1]);
    let bytes = [2_000_000, 1, 1];
    let sizes: Vec<usize> = chunks(&bytes, STATEMENT_BYTES, |bytes| *bytes)
        .map(<[usize]>::len)
        .collect();
    assert_eq!(sizes, [1, 2]);
}

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
