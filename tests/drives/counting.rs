//! The readings of numbered drives are counted as they arrive.

use super::{end_as, events, never_quiet, readings, send};
use crate::support::{Fixture, TestDatabase, eventually};

async fn counts(database: &TestDatabase) -> Vec<(i64, Option<i64>)> {
    database
        .rows("SELECT drive_id, readings FROM drive_readings ORDER BY drive_id")
        .await
}

#[tokio::test]
async fn new_readings_are_added_and_repeated_ones_are_not() {
    let (database, server) = never_quiet().await;
    send(&server, Vec::new(), readings(1, "0#1 1#1 2#2 3")).await;
    assert_eq!(counts(&database).await, [(1, Some(2)), (2, Some(1))]);
    send(&server, Vec::new(), readings(1, "0#1 1#1 2#2 3")).await;
    assert_eq!(counts(&database).await, [(1, Some(2)), (2, Some(1))]);
    send(&server, Vec::new(), readings(5, "4#1 5#3")).await;
    assert_eq!(
        counts(&database).await,
        [(1, Some(3)), (2, Some(1)), (3, Some(1))]
    );
}

#[tokio::test]
async fn of_a_batch_that_is_new_in_part_only_drives_with_repeated_readings_lose_their_count() {
    let (database, server) = never_quiet().await;
    send(&server, Vec::new(), readings(1, "0#1 1#1 2#2")).await;
    send(&server, Vec::new(), readings(3, "2#2 3#2 4#3")).await;
    assert_eq!(
        counts(&database).await,
        [(1, Some(2)), (2, None), (3, Some(1))]
    );
}

#[tokio::test]
async fn a_lost_count_is_made_good_before_the_drive_is_analysed() {
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
    assert_eq!(counts(&fixture.database).await, [(1, Some(3))]);
    assert_eq!(fixture.ollama.questions().len(), 2);
}
