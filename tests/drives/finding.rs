//! Drives are found in the events of any number of batches.

use mysql_async::prelude::Queryable as _;
use serde_json::json;

use super::{drives, end_as, events, never_quiet, readings, send};
use crate::support::{DEVICE, Fixture, TestServer, batch, with};

#[tokio::test]
async fn a_drive_that_arrives_with_its_readings_is_queued_at_once() {
    let (database, server) = never_quiet().await;
    send(&server, events(1, "start@0 end@25"), readings(1, "10 20")).await;
    assert_eq!(drives(&database).await, "0-25 queued");
}

#[tokio::test]
async fn a_drive_that_arrives_without_readings_waits_for_them() {
    let (database, server) = never_quiet().await;
    send(&server, events(1, "start@0 end@25"), readings(1, "40 50")).await;
    assert_eq!(drives(&database).await, "0-25 waiting");
    send(&server, Vec::new(), readings(3, "10 20")).await;
    assert_eq!(drives(&database).await, "0-25 waiting");
}

#[tokio::test]
async fn start_and_end_may_arrive_in_different_batches_and_in_any_order() {
    let (database, server) = never_quiet().await;
    send(&server, events(1, "start@0"), readings(1, "10")).await;
    assert_eq!(drives(&database).await, "0- open");
    send(&server, events(4, "end@55"), Vec::new()).await;
    assert_eq!(drives(&database).await, "0-55 waiting");
    send(&server, events(2, "end@25 start@30"), readings(2, "40")).await;
    assert_eq!(drives(&database).await, "0-25 waiting, 30-55 queued");
}

#[tokio::test]
async fn three_drives_in_one_batch_are_three_drives() {
    let (database, server) = never_quiet().await;
    let log = events(1, "start@0 end@10 start@20 end@30 start@40 end@50");
    send(&server, log, readings(1, "5 45")).await;
    assert_eq!(
        drives(&database).await,
        "0-10 queued, 20-30 waiting, 40-50 queued"
    );
}

#[tokio::test]
async fn a_repeated_batch_changes_nothing() {
    let (database, server) = never_quiet().await;
    let log = "start@0#1 end@25#1 start@30#2";
    send(&server, events(1, log), readings(1, "10#1 40#2")).await;
    let expected = "0-25#1 queued, 30-~40#2 open";
    assert_eq!(drives(&database).await, expected);
    let ids = "SELECT id FROM drives ORDER BY id";
    let before: Vec<i64> = database.rows(ids).await;
    send(&server, events(1, log), readings(1, "10#1 40#2")).await;
    assert_eq!(drives(&database).await, expected);
    assert_eq!(database.rows::<i64>(ids).await, before);
}

#[tokio::test]
async fn a_drive_without_an_end_ends_when_the_next_one_starts() {
    let (database, server) = never_quiet().await;
    send(&server, events(1, "start@0#1"), readings(1, "5#1 10#1")).await;
    assert_eq!(drives(&database).await, "0-~10#1 open");
    send(&server, events(2, "start@60#2"), Vec::new()).await;
    assert_eq!(drives(&database).await, "0-~10#1 waiting, 60-#2 open");
}

#[tokio::test]
async fn a_drive_id_decides_what_belongs_together_if_clocks_disagree() {
    let (database, server) = never_quiet().await;
    // The log is hours ahead of the readings.
    send(&server, events(1, "start@300#7"), Vec::new()).await;
    send(&server, events(2, "end@320#7"), readings(1, "10#7")).await;
    assert_eq!(drives(&database).await, "300-320#7 queued");
}

#[tokio::test]
async fn repeated_and_overlapping_starts_never_share_readings() {
    let (database, server) = never_quiet().await;
    send(&server, events(1, "start@0 start@10"), readings(1, "5 15")).await;
    send(&server, events(3, "end@20 end@30"), readings(3, "16")).await;
    assert_eq!(drives(&database).await, "0- queued, 10-20 queued");
    send(&server, events(5, "start@40#1 start@41#1"), Vec::new()).await;
    send(
        &server,
        events(7, "start@50#2 end@60#1 end@70#2"),
        Vec::new(),
    )
    .await;
    assert_eq!(
        drives(&database).await,
        "0- queued, 10-20 queued, 40-60#1 waiting, 50-70#2 waiting"
    );
}

#[tokio::test]
async fn a_late_end_makes_an_analysed_drive_wait_again() {
    let (database, server) = never_quiet().await;
    send(&server, events(1, "start@0"), readings(1, "5")).await;
    send(&server, events(3, "start@60"), Vec::new()).await;
    assert_eq!(drives(&database).await, "0- waiting, 60- open");
    database
        .execute("UPDATE drives SET state = 'analysed' WHERE state = 'waiting'")
        .await
        .unwrap();
    send(&server, events(2, "end@25"), Vec::new()).await;
    assert_eq!(drives(&database).await, "0-25 waiting, 60- open");
}

#[tokio::test]
async fn drives_of_different_devices_are_independent() {
    let (database, server) = never_quiet().await;
    let rows = json!({"connection_log": events(1, "start@0"), "realtime_data": readings(1, "10")});
    server
        .sync(&with(batch(&rows), &json!({"deviceId": "other"})))
        .await;
    send(&server, events(1, "end@25"), readings(1, "10")).await;
    assert_eq!(drives(&database).await, "0- open");
    assert_eq!(database.count("drives", "source_device = 'other'").await, 1);
}

#[tokio::test]
async fn start_and_end_in_simultaneous_batches_are_paired() {
    let (database, server) = never_quiet().await;
    // A device each, so that no later batch repairs a miss.
    for number in 0..30 {
        let device = json!({"deviceId": format!("pi-{number}")});
        let [start, end] = [events(1, "start@0"), events(2, "end@25")]
            .map(|log| with(batch(&json!({"connection_log": log})), &device));
        let (start, end) = tokio::join!(server.sync(&start), server.sync(&end));
        assert_eq!((start.0, end.0), (200, 200));
    }
    assert_eq!(database.count("drives", "state = 'waiting'").await, 30);
}

/// Otherwise each of two batches could miss the other's half of a drive.
#[tokio::test]
async fn the_end_of_a_drive_waits_for_the_transaction_that_stores_its_start() {
    let (database, server) = never_quiet().await;
    // One server has a single batch of a device at work.
    let variables = [("AUTO_ANALYSIS_QUIET_SECONDS", "86400")];
    let other = TestServer::start_with(&database.url(), &variables).await;
    send(&server, vec![], readings(1, "90")).await;
    let mut gap = database.connect().await;
    let keep_new_drives_out = "START TRANSACTION; SELECT * FROM drives FOR UPDATE";
    gap.query_drop(keep_new_drives_out).await.unwrap();

    // With equal batch ids, the second would wait for the first anyway.
    let [start, end] =
        [("first", "start@0", 1), ("second", "end@25", 2)].map(|(name, event, id)| {
            let log = batch(&json!({"connection_log": events(id, event)}));
            with(log, &json!({"batchId": name}))
        });
    let then_end = async {
        database.makes_wait(1).await;
        let both_wait = async {
            database.makes_wait(2).await;
            gap.query_drop("ROLLBACK").await.unwrap();
        };
        tokio::join!(other.sync(&end), both_wait).0
    };
    let (start, end) = tokio::join!(server.sync(&start), then_end);

    assert_eq!((start.0, end.0), (200, 200));
    assert_eq!(drives(&database).await, "0-25 waiting");
}

#[tokio::test]
async fn a_device_with_many_drives_gets_one_more() {
    let (database, server) = never_quiet().await;
    let mut log = Vec::new();
    for number in 0..200 {
        log.extend(events(
            2 * number + 1,
            &format!("start@{} end@{}", 2 * number, 2 * number + 1),
        ));
    }
    send(&server, log, Vec::new()).await;
    database
        .execute("UPDATE drives SET state = 'analysed'")
        .await
        .unwrap();
    send(&server, events(401, "start@400 end@401"), Vec::new()).await;
    assert_eq!(
        database
            .count("drives", "state = 'analysed' AND drive_end IS NOT NULL")
            .await,
        200
    );
    assert_eq!(database.count("drives", "state = 'waiting'").await, 1);
    let (status, _) = server
        .sync(&batch(
            &json!({"connection_log": events(1, "start@0 end@1")}),
        ))
        .await;
    assert_eq!(
        (status, database.count("drives", "state = 'analysed'").await),
        (200, 200)
    );
    assert_eq!(
        database
            .count("drives", &format!("source_device = '{DEVICE}'"))
            .await,
        201
    );
}

/// The device logs no end at key-off, and writes heartbeats without a number until the next morning.
#[tokio::test]
async fn readings_between_two_drives_belong_to_neither() {
    let (database, server) = never_quiet().await;
    let log = events(1, "start@0#1 start@840#2");
    let mut data = readings(1, "0 1#1 5#1 10#1");
    data.extend(readings(5, "20 30 100 400 700 839 840 841#2"));
    send(&server, log, data).await;
    assert_eq!(drives(&database).await, "0-~10#1 queued, 840-~841#2 open");
    let counted: i64 = database
        .row("SELECT CAST(SUM(readings) AS SIGNED) FROM reading_blocks")
        .await;
    assert_eq!(counted, 12);
}

#[tokio::test]
async fn a_number_used_again_after_months_is_another_drive() {
    let (database, server) = never_quiet().await;
    // More drives in between than any window would reach back.
    send(&server, events(1, "start@0#7 end@20#7"), readings(1, "5#7")).await;
    let between: Vec<String> = (8..108)
        .map(|number| {
            let minute = 100 * number;
            format!("start@{minute}#{number} end@{}#{number}", minute + 20)
        })
        .collect();
    send(&server, events(3, &between.join(" ")), Vec::new()).await;
    for minute in [130_000, 260_000] {
        let log = format!("start@{minute}#7 end@{}#7", minute + 20);
        let reading = format!("{}#7", minute + 5);
        send(&server, events(minute, &log), readings(minute, &reading)).await;
    }
    assert_eq!(database.count("drives", "drive_id = 7").await, 3);
    let rows = "SELECT first_source_id FROM drives WHERE drive_id = 7 ORDER BY drive_start";
    let rows: Vec<i64> = database.rows(rows).await;
    assert_eq!(rows, [1, 130_000, 260_000]);
}

#[tokio::test]
async fn readings_with_a_number_are_a_drive_without_any_event() {
    let (database, server) = never_quiet().await;
    send(&server, Vec::new(), readings(1, "0#3 10#3")).await;
    assert_eq!(drives(&database).await, "0-~10#3 open");
    send(&server, Vec::new(), readings(3, "20#3 30#4")).await;
    assert_eq!(drives(&database).await, "0-~20#3 queued, 30-~30#4 open");
}

#[tokio::test]
async fn a_trip_with_a_short_stop_is_one_drive() {
    let (database, server) = never_quiet().await;
    let log = "start@0#1 end@20#1 start@30#1 end@50#1";
    send(&server, events(1, log), readings(1, "10#1 40#1")).await;
    assert_eq!(drives(&database).await, "0-50#1 queued");
}

#[tokio::test]
async fn events_that_get_their_number_later_make_no_second_drive() {
    let (database, server) = never_quiet().await;
    send(&server, events(1, "start@0 end@25"), readings(1, "5 10")).await;
    let before: Vec<i64> = database.rows("SELECT id FROM drives").await;
    send(&server, events(1, "start@0#7 end@25#7"), Vec::new()).await;
    assert_eq!(drives(&database).await, "0-25#7 waiting");
    let after: Vec<i64> = database.rows("SELECT id FROM drives").await;
    assert_eq!(before, after);
}

#[tokio::test]
async fn an_event_that_changes_its_type_leaves_no_drive_behind_and_its_analysis_is_marked() {
    let fixture = Fixture::with_quiet("0").await;
    let (database, server) = (&fixture.database, &fixture.server);
    send(server, events(1, "start@0 end@25"), readings(1, "5 10")).await;
    end_as(database, "0-25 analysed").await;
    let mut log = events(1, "start@0");
    log[0]["event_type"] = json!("connect");
    send(server, log, Vec::new()).await;
    assert_eq!(drives(database).await, "");
    let marked = "status = 'success' AND drive_removed_at IS NOT NULL";
    assert_eq!(database.count("analysis_history", marked).await, 1);
}

#[tokio::test]
async fn events_with_the_smallest_and_the_largest_id_are_stored() {
    let (database, server) = never_quiet().await;
    for id in [0, i64::MAX] {
        let mut log = events(1, "end@9#7");
        log[0]["id"] = json!(id);
        let (status, receipt) = server.sync(&batch(&json!({"connection_log": log}))).await;
        assert_eq!(status, 200, "{receipt}");
    }
    assert_eq!(database.count("connection_log", "drive_id = 7").await, 2);
}
