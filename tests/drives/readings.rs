//! The effect of new readings on their drives.

use super::{drives, events, never_quiet, readings, send};

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

#[tokio::test]
async fn a_reading_for_the_second_drive_of_a_number_leaves_the_first_one_whose_rows_were_removed() {
    let (database, server) = never_quiet().await;
    let data = "0#7 1#7 2#7 100#8 101#8 300#7 301#7";
    send(&server, Vec::new(), readings(1, data)).await;
    let before = "0-~2#7 queued, 100-~101#8 queued, 300-~301#7 open";
    assert_eq!(drives(&database).await, before);
    let first = "DELETE FROM realtime_data WHERE source_id <= 3";
    database.execute(first).await.unwrap();
    send(&server, Vec::new(), readings(8, "302#7")).await;
    let after = "0-~2#7 queued, 100-~101#8 queued, 300-~302#7 open";
    assert_eq!(drives(&database).await, after);
    // And a third one, in the same block of rows.
    send(&server, Vec::new(), readings(9, "400#8 500#7")).await;
    let drives = drives(&database).await;
    let after =
        "0-~2#7 queued, 100-~101#8 queued, 300-~302#7 waiting, 400-~400#8 queued, 500-~500#7 open";
    assert_eq!(drives, after);
}

#[tokio::test]
async fn an_edit_that_makes_another_drive_the_later_one_closes_the_earlier_one_as_one_batch_does() {
    // In one batch, the earlier one is there with its readings.
    for (is_edited, state) in [(true, "waiting"), (false, "queued")] {
        let (database, server) = never_quiet().await;
        if is_edited {
            // Each has a row after one of the other: neither is the later one.
            send(&server, Vec::new(), readings(1, "0#1 1#2 2#1 3#2")).await;
            assert_eq!(drives(&database).await, "0-~2#1 open, 1-~3#2 open");
            send(&server, Vec::new(), readings(3, "2#2")).await;
        } else {
            send(&server, Vec::new(), readings(1, "0#1 1#2 2#2 3#2")).await;
        }
        let expected = format!("0-~0#1 {state}, 1-~3#2 open");
        assert_eq!(drives(&database).await, expected);
    }
}
