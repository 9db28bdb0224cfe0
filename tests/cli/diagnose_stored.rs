//! `diagnose` on stored drives.

use serde_json::Value;

use crate::support::{Binary, Drive, Pi, TestDatabase, TestServer, eventually};

/// A database with two drives of a car, each diagnosed by a server that has stopped since.
async fn with_two_drives() -> (TestDatabase, Binary) {
    let database = TestDatabase::create().await;
    let variables = [("AUTO_ANALYSIS_QUIET_SECONDS", "0")];
    let server = TestServer::start_with(&database.url(), &variables).await;
    let mut pi = Pi::new("car-1");
    for id in [1, 2] {
        let start = format!("2026-04-1{id}T07:00:00");
        pi.record_drive(&Drive::new(id, start.parse().unwrap(), 12));
    }
    pi.sync_all(&server.url, 20).await;
    eventually("both drives are diagnosed", async || {
        database.count("drive_diagnoses", "TRUE").await == 2
    })
    .await;
    let binary = Binary::with_database(&database.url());
    (database, binary)
}

async fn number(database: &TestDatabase, drive_id: i64) -> i64 {
    let query = format!("SELECT drive FROM drive_diagnoses WHERE drive_id = {drive_id}");
    database.row(&query).await
}

#[tokio::test]
async fn a_stored_drive_is_shown_by_its_number_or_as_the_last_one() {
    let (database, binary) = with_two_drives().await;
    let [first, second] = [number(&database, 1).await, number(&database, 2).await];
    let shown = binary.run(&["diagnose", "--drive", &first.to_string()]);
    assert_eq!(shown.code, Some(0), "{}", shown.output);
    assert!(
        shown
            .output
            .contains(&format!("Drive {first}\n2026-04-11 07:00 · ")),
        "{}",
        shown.output
    );
    assert!(shown.output.contains("Grade "), "{}", shown.output);
    let last = binary.run(&["diagnose", "--last", "--device", "car-1"]);
    assert!(
        last.output
            .contains(&format!("Drive {second}\n2026-04-12 07:00 · ")),
        "{}",
        last.output
    );
}

#[tokio::test]
async fn json_and_page_of_a_stored_drive_hold_the_stored_diagnosis() {
    let (database, binary) = with_two_drives().await;
    let drive = number(&database, 2).await;
    let query = format!("SELECT diagnosis FROM drive_diagnoses WHERE drive = {drive}");
    let stored: String = database.row(&query).await;
    let shown = binary.run(&["diagnose", "--last", "--json"]);
    let json: Value = serde_json::from_str(&shown.output).unwrap();
    assert_eq!(
        json[0]["diagnosis"],
        serde_json::from_str::<Value>(&stored).unwrap()
    );
    let page = binary.run(&["diagnose", "--last", "--html", "-"]);
    assert!(
        page.output.starts_with("<!DOCTYPE html>"),
        "{}",
        page.output
    );
}

#[tokio::test]
async fn recomputing_gives_the_same_diagnoses() {
    let (database, binary) = with_two_drives().await;
    let diagnoses = "SELECT diagnosis FROM drive_diagnoses ORDER BY drive";
    let before: Vec<String> = database.rows(diagnoses).await;
    let recomputed = binary.run(&["diagnose", "--recompute"]);
    assert_eq!(recomputed.code, Some(0), "{}", recomputed.output);
    assert!(
        recomputed.output.contains("Drives diagnosed: 2"),
        "{}",
        recomputed.output
    );
    assert_eq!(database.rows::<String>(diagnoses).await, before);
    let later = binary.run(&["diagnose", "--recompute", "--since", "2026-04-12"]);
    assert!(
        later.output.contains("Drives diagnosed: 1"),
        "{}",
        later.output
    );
}

#[tokio::test]
async fn a_drive_that_does_not_exist_is_a_failure() {
    let database = TestDatabase::create().await;
    let binary = Binary::with_database(&database.url());
    for (arguments, message) in [
        (
            &["diagnose", "--drive", "7"] as &[&str],
            "there is no drive 7",
        ),
        (&["diagnose", "--last"], "no drive is diagnosed yet"),
        (
            &["diagnose", "--last", "--device", "car-9"],
            "no drive of car-9 is diagnosed yet",
        ),
    ] {
        let ended = binary.run(arguments);
        assert_eq!(ended.code, Some(1), "{}", ended.output);
        assert!(ended.output.contains(message), "{}", ended.output);
    }
}
