//! Readings are counted as they arrive, block by block.

use super::{end_as, events, never_quiet, readings, send};
use crate::support::{Fixture, TestDatabase, eventually};

/// Number and readings of each block and day; readings without a number first.
async fn counts(database: &TestDatabase) -> Vec<(i64, i64)> {
    let counts = "SELECT drive_id, readings FROM reading_blocks ORDER BY drive_id, block, day";
    database.rows(counts).await
}

const NONE: i64 = i64::MIN;

#[tokio::test]
async fn new_readings_are_added_and_repeated_ones_are_not() {
    let (database, server) = never_quiet().await;
    send(&server, Vec::new(), readings(1, "0#1 1#1 2#2 3")).await;
    let expected = [(NONE, 1), (1, 2), (2, 1)];
    assert_eq!(counts(&database).await, expected);
    send(&server, Vec::new(), readings(1, "0#1 1#1 2#2 3")).await;
    assert_eq!(counts(&database).await, expected);
    send(&server, Vec::new(), readings(3, "2#2 3 4#1")).await;
    assert_eq!(counts(&database).await, [(NONE, 1), (1, 3), (2, 1)]);
}

#[tokio::test]
async fn readings_that_get_another_number_are_counted_there() {
    let (database, server) = never_quiet().await;
    send(&server, Vec::new(), readings(1, "0#1 1#1 2")).await;
    send(&server, Vec::new(), readings(2, "1#2 2#2")).await;
    assert_eq!(counts(&database).await, [(1, 1), (2, 2)]);
    send(&server, Vec::new(), readings(1, "0#2")).await;
    assert_eq!(counts(&database).await, [(2, 3)]);
    assert_eq!(database.count("drives", "drive_id = 1").await, 0);
}

#[tokio::test]
async fn late_readings_beside_repeated_ones_are_analysed_too() {
    let fixture = Fixture::with_quiet("0").await;
    let log = events(1, "start@0#1 end@25#1");
    send(&fixture.server, log, readings(1, "10#1 11#1")).await;
    end_as(&fixture.database, "0-25#1 analysed").await;
    send(&fixture.server, Vec::new(), readings(2, "11#1 12#1")).await;
    let analysed = "state = 'analysed' AND readings_analysed = 3";
    eventually("all three are analysed", async || {
        fixture.database.count("drives", analysed).await == 1
    })
    .await;
    assert_eq!(counts(&fixture.database).await, [(1, 3)]);
    assert_eq!(fixture.ollama.questions().len(), 2);
}
