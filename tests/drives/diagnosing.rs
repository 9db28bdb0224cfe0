//! Drives are diagnosed as soon as they are ready, without a model.

use serde_json::{Value, json};

use super::{end_as, events, never_quiet, readings, send};
use crate::support::{
    Binary, Drive, Pi, TestDatabase, TestServer, answer, batch, eventually, with,
};

/// The numbers of the drives that have a diagnosis, in the order of their starts.
async fn diagnosed(database: &TestDatabase) -> Vec<i64> {
    database
        .rows("SELECT drive FROM drive_diagnoses ORDER BY drive_start, drive")
        .await
}

/// Sends a drive with its start and its end, and waits for the diagnosis. Nothing listens where Ollama should be.
async fn drive(database: &TestDatabase, server: &TestServer, pi: &mut Pi, id: i64) -> i64 {
    let start = format!("2026-04-{:02}T07:00:00", 10 + id);
    pi.record_drive(&Drive::new(id, start.parse().unwrap(), 12));
    pi.sync_all(&server.url, 20).await;
    let place = usize::try_from(id).unwrap();
    // Before its last batch arrives, a drive that is quiet at once may be diagnosed without its last readings.
    let complete = "SELECT COUNT(*) FROM drive_diagnoses x JOIN drives d ON d.id = x.drive WHERE x.rules_version > 0 \
                    AND x.last_reading_at = d.last_reading_at AND x.drive_end <=> d.drive_end";
    eventually(
        "each drive is diagnosed with all of its readings",
        async || database.row::<usize>(complete).await == place,
    )
    .await;
    diagnosed(database).await[place - 1]
}

/// A server whose drives are quiet at once, with one diagnosed drive.
async fn with_a_drive() -> (TestDatabase, TestServer, Pi, i64) {
    let database = TestDatabase::create().await;
    let variables = [("AUTO_ANALYSIS_QUIET_SECONDS", "0")];
    let server = TestServer::start_with(&database.url(), &variables).await;
    let mut pi = Pi::new("car-1");
    let number = drive(&database, &server, &mut pi, 1).await;
    (database, server, pi, number)
}

#[tokio::test]
async fn a_drive_has_its_diagnosis_without_ollama() {
    let (database, server, _, number) = with_a_drive().await;
    let (status, body) = answer(server.get(&format!("/api/v1/drives/{number}"))).await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(
        (
            &body["sourceDevice"],
            &body["drive"],
            &body["driveStartTime"]
        ),
        (
            &json!("car-1"),
            &json!(number),
            &json!("2026-04-11T07:00:00")
        )
    );
    let diagnosis = &body["diagnosis"];
    assert_eq!(diagnosis["findings"], json!([]), "{diagnosis}");
    assert_eq!(diagnosis["grade"], json!("A"));
    assert!(diagnosis["figures"]["coveredSeconds"].as_f64().unwrap() > 600.0);
    let (_, list) = answer(server.get("/api/v1/drives")).await;
    let listed = &list["drives"][0];
    assert_eq!(
        (&listed["drive"], &listed["grade"]),
        (&json!(number), &json!("A"))
    );
    assert_eq!(
        listed["findings"],
        json!({"watch": 0, "alert": 0, "investigate": 0, "warning": 0, "stop": 0})
    );
    assert!(listed["coveredSeconds"].as_f64().unwrap() > 600.0);
    let row = "grade = 'A' AND warning = 0 AND covered_seconds > 600 AND readings > 100";
    assert_eq!(database.count("drive_diagnoses", row).await, 1);
}

#[tokio::test]
async fn a_drive_has_a_report_that_loads_nothing() {
    let (_database, server, _, number) = with_a_drive().await;
    let path = format!("/api/v1/drives/{number}/report");
    let response = server.get(&path).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "text/html; charset=utf-8");
    assert!(header("content-security-policy").starts_with("default-src 'none'"));
    let page = response.text().await.unwrap();
    assert!(page.contains(&format!("Drive {number} of car-1")), "{page}");
    assert!(!page.contains("<script") && !page.contains("http://") && !page.contains("src=\"http"));
    assert_eq!(
        server
            .get("/api/v1/drives/999/report")
            .send()
            .await
            .unwrap()
            .status(),
        404
    );
}

#[tokio::test]
async fn a_drive_that_is_not_ready_has_no_diagnosis() {
    let (database, server) = never_quiet().await;
    send(&server, events(1, "start@0"), readings(1, "1 2 3")).await;
    end_as(&database, "0- open").await;
    let unknown = json!({"detail": "No such drive, or not diagnosed yet"});
    for path in [
        "/api/v1/drives/1",
        "/api/v1/drives/999",
        "/api/v1/drives/first",
    ] {
        assert_eq!(
            answer(server.get(path)).await,
            (404, unknown.clone()),
            "{path}"
        );
    }
}

#[tokio::test]
async fn drives_at_the_same_time_are_a_doubt() {
    let (database, server) = never_quiet().await;
    let log = events(1, "start@0#1 start@5#2 end@25#1 end@30#2");
    send(&server, log, readings(1, "1#1 10#1 11#2 20#2")).await;
    eventually("both drives are diagnosed with the doubt", async || {
        let doubted = "diagnosis LIKE '%\"kind\":\"overlap\"%'";
        database.count("drive_diagnoses", doubted).await == 2
    })
    .await;
}

#[tokio::test]
async fn later_readings_make_a_new_diagnosis() {
    let (database, server, mut pi, number) = with_a_drive().await;
    let before: i64 = database.row("SELECT readings FROM drive_diagnoses").await;
    pi.record(
        "realtime_data",
        json!({"timestamp": "2026-04-11T07:11:00", "parameter_name": "DTC_COUNT", "value": 2.0, "unit": "count",
               "drive_id": 1, "data_source": "real"}),
    );
    pi.sync_all(&server.url, 20).await;
    eventually("the diagnosis has the new reading", async || {
        let now: i64 = database.row("SELECT readings FROM drive_diagnoses").await;
        now == before + 1
    })
    .await;
    assert_eq!(diagnosed(&database).await, [number]);
}

/// Of the drives that are due, the oldest is diagnosed first: one that stays due would keep all later ones waiting.
#[tokio::test]
async fn a_drive_whose_readings_lie_in_the_future_of_a_clock_set_back_is_diagnosed_once() {
    let (database, server, mut pi, _) = with_a_drive().await;
    let set_back = "UPDATE drives SET last_reading_at = last_reading_at + INTERVAL 2 DAY";
    database.execute(set_back).await.unwrap();
    drive(&database, &server, &mut pi, 2).await;
}

#[tokio::test]
async fn a_drive_that_arrives_late_becomes_part_of_the_history_of_those_after_it() {
    let database = TestDatabase::create().await;
    let variables = [("AUTO_ANALYSIS_QUIET_SECONDS", "0")];
    let server = TestServer::start_with(&database.url(), &variables).await;
    let mut pi = Pi::new("car-1");
    for (count, id) in [(1, 2), (2, 1)] {
        let start = format!("2026-04-{:02}T07:00:00", 10 + id);
        pi.record_drive(&Drive::new(id, start.parse().unwrap(), 12));
        pi.sync_all(&server.url, 20).await;
        eventually("the drive is diagnosed", async || {
            diagnosed(&database).await.len() == count
        })
        .await;
    }
    let numbers = diagnosed(&database).await;
    eventually(
        "the later drive is compared with the earlier one",
        async || {
            let query = format!(
                "SELECT diagnosis FROM drive_diagnoses WHERE drive = {} AND rules_version > 0",
                numbers[1]
            );
            let stored: Vec<String> = database.rows(&query).await;
            stored
                .iter()
                .any(|stored| stored.contains(&format!("\"earlierDrives\":[{}]", numbers[0])))
        },
    )
    .await;
}

#[tokio::test]
async fn recomputing_gives_the_same_bytes() {
    let (database, server, mut pi, first) = with_a_drive().await;
    let second = drive(&database, &server, &mut pi, 2).await;
    let query = "SELECT diagnosis FROM drive_diagnoses ORDER BY drive_start";
    let before: Vec<String> = database.rows(query).await;
    let binary = Binary::with_database(&database.url());
    let ended = binary.run(&["diagnose", "--recompute"]);
    assert_eq!(ended.code, Some(0), "{}", ended.output);
    assert!(
        ended.output.contains("Drives diagnosed: 2"),
        "{}",
        ended.output
    );
    assert_eq!(database.rows::<String>(query).await, before);
    let baseline: Value = serde_json::from_str(&before[1]).unwrap();
    assert_eq!(baseline["baseline"]["earlierDrives"], json!([first]));
    let last = binary.run(&["diagnose", "--last", "--device", "car-1"]);
    assert!(
        last.output.contains(&format!("Drive {second}")),
        "{}",
        last.output
    );
}

#[tokio::test]
async fn a_reference_drive_is_compared_with_until_it_is_cleared_or_a_new_baseline_begins() {
    let (database, server, mut pi, first) = with_a_drive().await;
    let second = drive(&database, &server, &mut pi, 2).await;
    let binary = Binary::with_database(&database.url());
    let run = |arguments: &[&str]| {
        let ended = binary.run(arguments);
        assert_eq!(ended.code, Some(0), "{}", ended.output);
    };
    let compared = async || {
        run(&["diagnose", "--drive", &second.to_string()]);
        let (_, body) = answer(server.get(&format!("/api/v1/drives/{second}"))).await;
        let baseline = &body["diagnosis"]["baseline"];
        (
            baseline["anchorDrive"].clone(),
            baseline["earlierDrives"].clone(),
        )
    };
    run(&["baseline", "set", &first.to_string()]);
    assert_eq!(compared().await, (json!(first), json!([first])));
    run(&["baseline", "clear", "car-1"]);
    assert_eq!(compared().await, (json!(null), json!([first])));
    run(&["baseline", "reset", "car-1"]);
    assert_eq!(compared().await, (json!(null), json!([])));
    let unknown = binary.run(&["baseline", "set", "999"]);
    assert_eq!(unknown.code, Some(1));
    assert!(
        unknown.output.contains("there is no diagnosed drive 999"),
        "{}",
        unknown.output
    );
}

#[test]
fn the_printed_rules_are_a_thresholds_file() {
    let binary = Binary::with_env_file(&[]);
    let printed = binary.run(&["rules", "--toml"]);
    assert_eq!(printed.code, Some(0), "{}", printed.output);
    assert!(actors::diagnosis::Settings::parse(&printed.output).is_ok());
    let text = binary.run(&["rules"]);
    assert!(
        text.output
            .contains("coolant_overheating (cooling, alert/warning/stop)"),
        "{}",
        text.output
    );
}

#[tokio::test]
async fn another_vin_or_a_calibration_begins_a_new_baseline() {
    let (database, server, mut pi, first) = with_a_drive().await;
    let car = |vin: &str, day: u32| json!({"vin": vin, "created_at": format!("2026-04-{day:02}T12:00:00")});
    let send = async |rows: Value| {
        let batch = with(batch(&rows), &json!({"deviceId": "car-1"}));
        assert_eq!(server.sync(&batch).await.0, 200);
    };
    let compared = async |number: i64| {
        let (_, body) = answer(server.get(&format!("/api/v1/drives/{number}"))).await;
        body["diagnosis"]["baseline"]["earlierDrives"].clone()
    };
    // The first car is none that was changed.
    send(json!({"vehicle_info": [car("FIRST", 10)]})).await;
    let second = drive(&database, &server, &mut pi, 2).await;
    assert_eq!(compared(second).await, json!([first]));
    send(json!({"vehicle_info": [car("OTHER", 12)]})).await;
    let third = drive(&database, &server, &mut pi, 3).await;
    assert_eq!(compared(third).await, json!([]));
    let fourth = drive(&database, &server, &mut pi, 4).await;
    assert_eq!(compared(fourth).await, json!([third]));
    let calibration =
        json!({"id": 1, "start_time": "2026-04-14T12:00:00", "end_time": "2026-04-14T13:00:00"});
    send(json!({"calibration_sessions": [calibration]})).await;
    let fifth = drive(&database, &server, &mut pi, 5).await;
    assert_eq!(compared(fifth).await, json!([]));
}

#[tokio::test]
async fn a_reference_of_another_car_does_not_count() {
    let (database, server, mut pi, first) = with_a_drive().await;
    let binary = Binary::with_database(&database.url());
    let set = binary.run(&["baseline", "set", &first.to_string()]);
    assert_eq!(set.code, Some(0), "{}", set.output);
    let car = |vin: &str, day: u32| json!({"vin": vin, "created_at": format!("2026-04-{day:02}T12:00:00")});
    let cars = batch(&json!({"vehicle_info": [car("FIRST", 10), car("OTHER", 11)]}));
    let cars = with(cars, &json!({"deviceId": "car-1"}));
    assert_eq!(server.sync(&cars).await.0, 200);
    let second = drive(&database, &server, &mut pi, 2).await;
    let (_, body) = answer(server.get(&format!("/api/v1/drives/{second}"))).await;
    assert_eq!(body["diagnosis"]["baseline"]["anchorDrive"], Value::Null);
}
