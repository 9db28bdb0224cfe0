//! The effect of new readings on their drives.

use chrono::{NaiveDateTime, TimeDelta};
use serde_json::{Value, json};

use super::{drives, end_as, events, never_quiet, readings, send};
use crate::support::{Fixture, TestDatabase};

#[tokio::test]
async fn the_range_of_a_drives_readings_is_recorded() {
    let (database, server) = never_quiet().await;
    send(&server, Vec::new(), readings(10, "0#1 1#1 2#2 3")).await;
    send(&server, Vec::new(), readings(5, "0#1")).await;
    send(&server, Vec::new(), readings(20, "0#2 9#1")).await;
    let places = "SELECT drive_id, first_source_id, last_source_id FROM drives ORDER BY drive_id";
    let places: Vec<(i64, i64, i64)> = database.rows(places).await;
    assert_eq!(places, [(1, 5, 21), (2, 12, 20)]);
}

#[tokio::test]
async fn new_readings_make_analysed_failed_and_abandoned_drives_wait_again() {
    for state in ["analysed", "failed", "abandoned"] {
        for (number, late) in [("", "11"), ("#1", "300#1")] {
            let (database, server) = never_quiet().await;
            let log = events(1, &format!("start@0{number} end@25{number}"));
            send(&server, log, readings(1, &format!("10{number}"))).await;
            let change = format!("UPDATE drives SET state = '{state}', attempts = 2");
            database.execute(&change).await.unwrap();
            send(&server, Vec::new(), readings(2, late)).await;
            assert_eq!(
                drives(&database).await,
                format!("0-25{number} waiting"),
                "{state}"
            );
            assert_eq!(
                database
                    .count("drives", "attempts = 0 AND next_look_at > NOW(6)")
                    .await,
                1
            );
        }
    }
}

#[tokio::test]
async fn repeated_readings_and_readings_of_other_drives_change_no_drive() {
    let (database, server) = never_quiet().await;
    send(
        &server,
        events(1, "start@0 end@25 start@30#2 end@40#2"),
        readings(1, "10 35#2"),
    )
    .await;
    database
        .execute("UPDATE drives SET state = 'analysed'")
        .await
        .unwrap();
    send(&server, Vec::new(), readings(1, "10 35#2")).await;
    // Between the two; and of a third drive, at the time of one with another number.
    send(&server, Vec::new(), readings(3, "28 36#3")).await;
    let expected = "0-25 analysed, 30-40#2 analysed, 36-~36#3 open";
    assert_eq!(drives(&database).await, expected);
}

#[tokio::test]
async fn readings_that_arrive_during_an_analysis_make_the_drive_stale() {
    let (database, server) = never_quiet().await;
    send(
        &server,
        events(1, "start@0#1 end@25#1"),
        readings(1, "10#1"),
    )
    .await;
    database
        .execute("UPDATE drives SET state = 'running'")
        .await
        .unwrap();
    send(&server, Vec::new(), readings(2, "11#1")).await;
    assert_eq!(drives(&database).await, "0-25#1 running");
    assert_eq!(database.count("drives", "is_stale").await, 1);
}

#[tokio::test]
async fn a_corrected_time_between_the_first_and_the_last_one_changes_the_drives() {
    let (database, server) = never_quiet().await;
    send(&server, Vec::new(), readings(1, "0#1 1#1 106#1 39#1")).await;
    assert_eq!(drives(&database).await, "0-~39#1 open");
    send(&server, Vec::new(), readings(4, "106#1")).await;
    assert_eq!(drives(&database).await, "0-~106#1 open");
}

/// Number, first and last row of every drive, in the order of their rows. The states may change at any time.
async fn places(database: &TestDatabase) -> Vec<(i64, i64, i64)> {
    let places =
        "SELECT drive_id, first_source_id, last_source_id FROM drives ORDER BY first_source_id";
    database.rows(places).await
}

#[tokio::test]
async fn a_reading_for_the_second_drive_of_a_number_leaves_the_first_one_whose_rows_were_removed() {
    let (database, server) = never_quiet().await;
    let data = "0#7 1#7 2#7 100#8 101#8 300#7 301#7";
    send(&server, Vec::new(), readings(1, data)).await;
    let mut expected = vec![(7, 1, 3), (8, 4, 5), (7, 6, 7)];
    assert_eq!(places(&database).await, expected);
    let first = "DELETE FROM realtime_data WHERE source_id <= 3";
    database.execute(first).await.unwrap();
    send(&server, Vec::new(), readings(8, "302#7")).await;
    expected[2] = (7, 6, 8);
    assert_eq!(places(&database).await, expected);
    // And a third one, in the same block of rows.
    send(&server, Vec::new(), readings(9, "400#8 500#7")).await;
    expected.extend([(8, 9, 9), (7, 10, 10)]);
    assert_eq!(places(&database).await, expected);
}

#[tokio::test]
async fn an_edit_that_makes_another_drive_the_later_one_closes_the_earlier_one_as_one_batch_does() {
    let open = "SELECT drive_id FROM drives WHERE state = 'open' ORDER BY drive_id";
    for is_edited in [true, false] {
        let (database, server) = never_quiet().await;
        if is_edited {
            // Each has a row after one of the other: neither is the later one.
            send(&server, Vec::new(), readings(1, "0#1 1#2 2#1 3#2")).await;
            assert_eq!(database.rows::<i64>(open).await, [1, 2]);
            send(&server, Vec::new(), readings(3, "2#2")).await;
        } else {
            send(&server, Vec::new(), readings(1, "0#1 1#2 2#2 3#2")).await;
        }
        assert_eq!(places(&database).await, [(1, 1, 1), (2, 2, 4)]);
        assert_eq!(database.rows::<i64>(open).await, [2]);
    }
}

/// More blocks of readings than are read at a time.
#[tokio::test]
async fn a_drive_without_an_end_has_its_readings_however_far_their_ids_are_apart() {
    let fixture = Fixture::with_quiet("0").await;
    let start: NaiveDateTime = "2026-02-01T14:00:00".parse().unwrap();
    let rows: Vec<Value> = (0..2_100)
        .map(|number| {
            let time = (start + TimeDelta::seconds(number)).to_string();
            json!({"id": 256 * number, "timestamp": time, "parameter_name": "RPM", "value": 900.0, "unit": "rpm"})
        })
        .collect();
    send(&fixture.server, events(1, "start@0"), rows).await;
    send(&fixture.server, events(2, "start@60"), Vec::new()).await;
    end_as(&fixture.database, "0- analysed, 60- open").await;
    let all = fixture.database.count("drives", "readings_analysed = 2100");
    assert_eq!(all.await, 1);
}
