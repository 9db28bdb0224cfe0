//! `GET /api/v1/drives`

use std::time::Duration;

use actors::database::{Database, DatabaseUrl};
use actors::drives::{self, QueueTiming};
use actors::page::Page;
use serde_json::{Value, json};

use super::{end_as, events, readings, send};
use crate::support::{DEVICE, Fixture, answer, batch, kinds_and_places, with};

const DRIVES: &str = "/api/v1/drives";

async fn list(fixture: &Fixture, query: &str) -> Vec<Value> {
    let (status, body) = answer(fixture.server.get(&format!("{DRIVES}{query}"))).await;
    assert_eq!(status, 200, "{body}");
    let mut drives = body["drives"].as_array().unwrap().clone();
    for drive in &mut drives {
        // The diagnosis comes at a time of its own.
        for field in [
            "grade",
            "gradeReason",
            "findings",
            "distanceKm",
            "coveredSeconds",
        ] {
            assert!(drive.as_object_mut().unwrap().remove(field).is_some());
        }
    }
    drives
}

/// With drives of two devices.
async fn fixture() -> Fixture {
    let fixture = Fixture::with_quiet("86400").await;
    send(
        &fixture.server,
        events(1, "start@0#1 end@25#1"),
        readings(1, "10#1 20#1"),
    )
    .await;
    end_as(&fixture.database, "0-25#1 analysed").await;
    send(&fixture.server, events(3, "start@30 start@60"), Vec::new()).await;
    send(&fixture.server, Vec::new(), readings(3, "40 70")).await;
    let rows = json!({"connection_log": events(1, "start@90 end@95")});
    fixture
        .server
        .sync(&with(batch(&rows), &json!({"deviceId": "other"})))
        .await;
    fixture
}

#[tokio::test]
async fn drives_are_listed_with_their_state_the_latest_first() {
    let fixture = fixture().await;
    let drives = list(&fixture, "").await;
    let starts: Vec<_> = drives
        .iter()
        .map(|drive| drive["driveStartTime"].as_str().unwrap())
        .collect();
    assert_eq!(
        starts,
        [
            "2026-02-01T15:30:00",
            "2026-02-01T15:00:00",
            "2026-02-01T14:30:00",
            "2026-02-01T14:00:00"
        ]
    );
    let id: String = fixture
        .database
        .row("SELECT analysis_id FROM analysis_history")
        .await;
    let analysed = json!({
        "drive": drives[3]["drive"], "overlaps": false, "sourceDevice": DEVICE, "driveId": 1, "driveStartTime": "2026-02-01T14:00:00",
        "driveEndTime": "2026-02-01T14:25:00", "readings": 2, "state": "analysed", "analysisId": id, "reason": null,
    });
    assert_eq!(drives[3], analysed);
    let cut = json!({
        "drive": drives[2]["drive"], "overlaps": false, "sourceDevice": DEVICE, "driveId": null, "driveStartTime": "2026-02-01T14:30:00",
        "driveEndTime": "2026-02-01T14:40:00", "readings": 1, "state": "waiting", "analysisId": null, "reason": null,
    });
    assert_eq!(drives[2], cut);
    let under_way = (
        &drives[1]["state"],
        &drives[1]["driveEndTime"],
        &drives[1]["readings"],
    );
    assert_eq!(under_way, (&json!("open"), &Value::Null, &json!(1)));
}

#[tokio::test]
async fn a_drive_that_waits_again_has_the_number_of_all_its_readings() {
    let fixture = Fixture::with_quiet("86400").await;
    let log = events(1, "start@0 end@25");
    send(&fixture.server, log, readings(1, "10 20")).await;
    end_as(&fixture.database, "0-25 analysed").await;
    send(&fixture.server, Vec::new(), readings(3, "22")).await;
    end_as(&fixture.database, "0-25 waiting").await;
    assert_eq!(list(&fixture, "").await[0]["readings"], 3);
}

#[tokio::test]
async fn drives_are_filtered_by_device_and_number() {
    let fixture = fixture().await;
    assert_eq!(list(&fixture, "?limit=2").await.len(), 2);
    let other = list(&fixture, "?deviceId=other").await;
    assert_eq!(
        (other.len(), &other[0]["sourceDevice"]),
        (1, &json!("other"))
    );
    assert_eq!(
        list(&fixture, &format!("?deviceId={DEVICE}&limit=1")).await[0]["state"],
        "open"
    );
    assert!(list(&fixture, "?deviceId=nobody").await.is_empty());
    let (status, body) = answer(fixture.server.get(&format!("{DRIVES}?limit=201&deviceId="))).await;
    assert_eq!(status, 422, "{body}");
    let problems = body["detail"].as_array().unwrap();
    let expected = [
        ("string_too_short", "deviceId".to_owned()),
        ("int_parsing", "limit".to_owned()),
    ];
    assert_eq!(kinds_and_places(problems), expected);
}

#[tokio::test]
async fn drives_are_listed_page_by_page_and_within_a_range_of_time() {
    let fixture = fixture().await;
    let starts = |body: &Value| -> Vec<String> {
        let drives = body["drives"].as_array().unwrap().iter();
        drives
            .map(|drive| drive["driveStartTime"].as_str().unwrap()[11..16].to_owned())
            .collect()
    };
    let get = async |query: &str| {
        answer(fixture.server.get(&format!("{DRIVES}{query}")))
            .await
            .1
    };
    let (mut pages, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = get(&format!("?limit=2{cursor}")).await;
        pages.push(starts(&page));
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(pages, [["15:30", "15:00"], ["14:30", "14:00"]]);
    let range = "?from=2026-02-01T14:30:00&to=2026-02-01T15:00:00";
    let page = get(range).await;
    assert_eq!(starts(&page), ["15:00", "14:30"]);
    assert_eq!(page["nextCursor"], Value::Null);
    let page = get(&format!("{range}&limit=1")).await;
    let next = page["nextCursor"].as_str().unwrap();
    let page = get(&format!("{range}&limit=1&cursor={next}")).await;
    assert_eq!(
        (starts(&page), &page["nextCursor"]),
        (vec!["14:30".to_owned()], &Value::Null)
    );
}

#[tokio::test]
async fn a_range_that_ends_before_it_begins_and_another_cursor_are_refused() {
    let fixture = Fixture::start().await;
    let query = "?from=2026-02-02T00:00:00&to=2026-02-01T00:00:00&cursor=7";
    let (status, body) = answer(fixture.server.get(&format!("{DRIVES}{query}"))).await;
    assert_eq!(status, 422, "{body}");
    let expected = [("value_error", "from"), ("cursor_parsing", "cursor")];
    let expected = expected.map(|(kind, place)| (kind, place.to_owned()));
    assert_eq!(
        kinds_and_places(body["detail"].as_array().unwrap()),
        expected
    );
}

#[tokio::test]
async fn a_device_sees_its_own_drives_and_no_others() {
    let fixture = fixture().await;
    let registered =
        "UPDATE devices SET api_key_hash = SHA2('the-key-of-other', 256) WHERE device_id = 'other'";
    fixture.database.execute(registered).await.unwrap();
    let ask = |query: &str| {
        let url = format!("{}{DRIVES}{query}", fixture.server.url);
        answer(
            fixture
                .server
                .http
                .get(url)
                .header("X-API-Key", "the-key-of-other"),
        )
    };
    let (status, body) = ask("").await;
    let drives = body["drives"].as_array().unwrap();
    assert_eq!(
        (status, drives.len(), &drives[0]["sourceDevice"]),
        (200, 1, &json!("other"))
    );
    assert_eq!(ask("?deviceId=other").await, (200, body));
    assert_eq!(ask(&format!("?deviceId={DEVICE}")).await.0, 403);
}

#[tokio::test]
async fn drives_that_overlap_are_flagged() {
    let fixture = Fixture::with_quiet("86400").await;
    let log = events(
        1,
        "start@0#1 start@10#2 end@20#1 end@30#2 start@30#3 end@40#3",
    );
    send(&fixture.server, log, readings(1, "5#1 15#2 35#3")).await;
    let drives = list(&fixture, "").await;
    let overlaps: Vec<_> = drives
        .iter()
        .map(|drive| (drive["driveId"].as_i64(), drive["overlaps"].as_bool()))
        .collect();
    let expected = [(3, false), (2, true), (1, true)];
    assert_eq!(
        overlaps,
        expected.map(|(id, overlaps)| (Some(id), Some(overlaps)))
    );
}

#[tokio::test]
async fn a_list_without_time_to_count_has_the_drives_and_the_counts_that_are_known() {
    let fixture = fixture().await;
    let url = DatabaseUrl::parse(&fixture.database.url()).unwrap();
    let database = Database::open(&url, 1);
    let readings = async |budget: Duration| {
        let listed = database.run(Duration::from_secs(20), async |connection| {
            let timing = QueueTiming::with_quiet(Duration::from_secs(90));
            drives::list(connection, Some(DEVICE), &Page::first(50), &timing, budget).await
        });
        let listed = listed.await.unwrap().into_iter();
        listed.map(|drive| drive.readings).collect::<Vec<_>>()
    };
    assert_eq!(readings(Duration::ZERO).await, [None, None, Some(2)]);
    let all = readings(Duration::from_secs(20)).await;
    assert_eq!(all, [Some(1), Some(1), Some(2)]);
}

#[tokio::test]
async fn a_drive_has_no_readings_of_another_one_and_none_after_a_silence() {
    let fixture = Fixture::with_quiet("86400").await;
    // The number 7 twice, in one block of rows.
    let data = readings(1, "0#7 1#7 2#7 100#8 300#7 301#7");
    send(&fixture.server, Vec::new(), data).await;
    // Drives without a number and an end. What follows is in the same block of rows, then in another one.
    let log = events(1, "start@2000 start@5000");
    send(
        &fixture.server,
        log,
        readings(10, "2001 2002 2003 2200 2201"),
    )
    .await;
    send(&fixture.server, Vec::new(), readings(300, "5001 5002")).await;
    send(&fixture.server, Vec::new(), readings(600, "5200")).await;
    let drives = list(&fixture, "").await;
    let counts: Vec<_> = drives
        .iter()
        .map(|drive| drive["readings"].clone())
        .collect();
    assert_eq!(counts, [2, 3, 2, 1, 3]);
}
