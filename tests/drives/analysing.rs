//! The automatic analysis of drives.

use serde_json::{Value, json};

use super::{end_as, events, readings, send};
use crate::support::{
    Drive, FakeOllama, Fixture, Pi, Proxy, TestDatabase, TestServer, answer, batch, eventually,
    reading,
};

#[tokio::test]
async fn a_drive_that_arrives_complete_is_analysed() {
    let fixture = Fixture::with_quiet("86400").await;
    let rows = json!({
        "connection_log": [
            {"id": 1, "timestamp": "2026-02-01T14:00:00", "event_type": "drive_start"},
            {"id": 2, "timestamp": "2026-02-01T14:30:00", "event_type": "drive_end"},
        ],
        "realtime_data": (1..=50).map(reading).collect::<Vec<_>>(),
    });
    let (status, receipt) = fixture.server.sync(&batch(&rows)).await;
    assert_eq!(status, 200, "{receipt}");
    assert_eq!(
        (
            &receipt["driveDataReceived"],
            &receipt["autoAnalysisTriggered"]
        ),
        (&json!(true), &json!(true))
    );
    end_as(&fixture.database, "0-30 analysed").await;
    let analysed = "status = 'success' AND drive_start = '2026-02-01 14:00:00' AND drive_end = '2026-02-01 14:30:00' \
                    AND profile_source_id = '1' AND analysis_id = (SELECT analysis_id FROM drives) \
                    AND drive_row_id = (SELECT id FROM drives)";
    assert_eq!(
        fixture.database.count("analysis_history", analysed).await,
        1
    );
    let stored = "sync_batch_id = (SELECT analysis_id FROM drives)";
    assert_eq!(
        fixture.database.count("ai_recommendations", stored).await,
        3
    );
    assert_eq!(
        fixture
            .database
            .count("drives", "readings_analysed = 50")
            .await,
        1
    );
}

#[tokio::test]
async fn readings_alone_and_a_start_alone_trigger_nothing() {
    let fixture = Fixture::with_quiet("0").await;
    let receipt = send(&fixture.server, Vec::new(), readings(1, "5 6")).await;
    assert_eq!(receipt["autoAnalysisTriggered"], false);
    let receipt = send(&fixture.server, events(1, "start@0"), Vec::new()).await;
    assert_eq!(
        (
            &receipt["driveDataReceived"],
            &receipt["autoAnalysisTriggered"]
        ),
        (&json!(false), &json!(false))
    );
    // An earlier drive would have been analysed first.
    send(
        &fixture.server,
        events(2, "end@25 start@30 end@40"),
        readings(3, "35"),
    )
    .await;
    end_as(&fixture.database, "0-25 analysed, 30-40 analysed").await;
    assert_eq!(fixture.ollama.questions().len(), 2);
}

#[tokio::test]
async fn the_start_of_the_next_drive_triggers_the_analysis_if_the_last_readings_come_with_it() {
    for (last, triggers) in [("12", true), ("", false)] {
        let fixture = Fixture::with_quiet("86400").await;
        send(&fixture.server, events(1, "start@0"), readings(1, "5")).await;
        let receipt = send(&fixture.server, events(2, "start@60"), readings(2, last)).await;
        assert_eq!(receipt["autoAnalysisTriggered"], triggers, "{last}");
    }
}

#[tokio::test]
async fn without_ollama_a_drive_waits_for_it_and_needs_no_further_sync() {
    let database = TestDatabase::create().await;
    let ollama = FakeOllama::start();
    let way = Proxy::start(ollama.url.trim_start_matches("http://").parse().unwrap());
    way.refuse();
    let url = format!("http://{}", way.address);
    let server = TestServer::start_with(&database.url(), &[("OLLAMA_BASE_URL", &url)]).await;
    let receipt = send(&server, events(1, "start@0 end@25"), readings(1, "10")).await;
    assert_eq!(
        (&receipt["status"], &receipt["autoAnalysisTriggered"]),
        (&json!("ok"), &json!(false))
    );
    assert_eq!(
        database.count("sync_history", "status = 'success'").await,
        1
    );
    assert_eq!(database.count("analysis_history", "TRUE").await, 0);
    end_as(&database, "0-25 queued").await;
    way.restore();
    end_as(&database, "0-25 analysed").await;
    assert_eq!(database.count("analysis_history", "TRUE").await, 1);
}

#[tokio::test]
async fn a_failed_analysis_does_not_affect_the_sync_and_is_retried() {
    let fixture = Fixture::with_quiet("0").await;
    fixture
        .ollama
        .answers(500, &json!({"error": "model runner has stopped"}));
    let receipt = send(
        &fixture.server,
        events(1, "start@0 end@25"),
        readings(1, "10"),
    )
    .await;
    assert_eq!(
        (&receipt["status"], &receipt["autoAnalysisTriggered"]),
        (&json!("ok"), &json!(true))
    );
    let failed = "state = 'queued' AND attempts = 1 AND next_look_at > NOW(6) + INTERVAL 20 SECOND \
                  AND reason LIKE '%model runner has stopped%'";
    eventually("the first attempt has failed", async || {
        fixture.database.count("drives", failed).await == 1
    })
    .await;
    assert_eq!(
        fixture
            .database
            .count("analysis_history", "status = 'failed'")
            .await,
        1
    );
    assert_eq!(
        fixture.database.count("ai_recommendations", "TRUE").await,
        0
    );
}

#[tokio::test]
async fn a_drive_sent_as_the_device_does_is_analysed_once_with_all_readings() {
    let fixture = Fixture::with_quiet("4").await;
    let mut pi = Pi::new("chi-eclipse-01");
    pi.record_drive(&Drive::new(1, "2026-04-18T07:18:50".parse().unwrap(), 14));
    for number in 0..26 {
        pi.record("statistics", json!({
            "parameter_name": format!("PARAMETER_{number}"), "analysis_date": "2026-04-18 07:40:00",
            "profile_id": "daily", "data_source": "real", "drive_id": 1,
        }));
    }
    let all = pi.rows("realtime_data").len();
    assert_eq!(all.div_ceil(500), 6, "requests for the readings");
    pi.sync_all(&fixture.server.url, 6).await;
    let analysed = format!("state = 'analysed' AND readings_analysed = {all}");
    eventually("the drive is analysed", async || {
        fixture.database.count("drives", &analysed).await == 1
    })
    .await;
    assert_eq!(
        (fixture.successes().await, fixture.ollama.questions().len()),
        (1, 1)
    );
    let profile = "profile_source_id = 'daily'";
    assert_eq!(fixture.database.count("analysis_history", profile).await, 1);
}

#[tokio::test]
async fn clocks_hours_apart_do_not_matter_with_a_drive_id() {
    let fixture = Fixture::with_quiet("0").await;
    send(
        &fixture.server,
        events(1, "start@300#7 end@320#7"),
        Vec::new(),
    )
    .await;
    send(
        &fixture.server,
        Vec::new(),
        readings(1, "0#7 1#7 310 400#8"),
    )
    .await;
    end_as(&fixture.database, "300-320#7 analysed, 400-~400#8 open").await;
    assert_eq!(
        fixture
            .database
            .count("drives", "readings_analysed = 3")
            .await,
        1
    );
}

#[tokio::test]
async fn three_drives_of_one_batch_are_analysed_separately() {
    let fixture = Fixture::with_quiet("86400").await;
    let log = events(1, "start@0 end@9 start@10 end@19 start@20 end@29");
    send(&fixture.server, log, readings(1, "5 15 16 25 26 27")).await;
    end_as(
        &fixture.database,
        "0-9 analysed, 10-19 analysed, 20-29 analysed",
    )
    .await;
    let counts: Vec<u64> = fixture
        .database
        .rows("SELECT readings_analysed FROM drives ORDER BY drive_start")
        .await;
    assert_eq!((counts, fixture.successes().await), (vec![1, 2, 3], 3));
}

#[tokio::test]
async fn a_repeat_causes_no_second_analysis_and_late_readings_cause_one() {
    let fixture = Fixture::with_quiet("0").await;
    let log = || events(1, "start@0 end@25");
    send(&fixture.server, log(), readings(1, "10")).await;
    end_as(&fixture.database, "0-25 analysed").await;
    let receipt = send(&fixture.server, log(), readings(1, "10")).await;
    assert_eq!(receipt["autoAnalysisTriggered"], false);
    send(&fixture.server, Vec::new(), readings(1, "10 11")).await;
    let both = "state = 'analysed' AND readings_analysed = 2";
    eventually("both readings are analysed", async || {
        fixture.database.count("drives", both).await == 1
    })
    .await;
    assert_eq!(
        (fixture.successes().await, fixture.ollama.questions().len()),
        (2, 2)
    );
}

#[tokio::test]
async fn a_repeated_reading_beside_a_new_one_of_no_drive_leaves_its_drive_alone() {
    let fixture = Fixture::with_quiet("0").await;
    send(
        &fixture.server,
        events(1, "start@0#1 end@25#1"),
        readings(1, "10#1"),
    )
    .await;
    end_as(&fixture.database, "0-25#1 analysed").await;
    send(&fixture.server, Vec::new(), readings(1, "10#1 90")).await;
    let untouched = "state = 'analysed' AND last_reading_at IS NULL";
    assert_eq!(fixture.database.count("drives", untouched).await, 1);
    assert_eq!(fixture.ollama.questions().len(), 1);
}

#[tokio::test]
async fn a_drive_without_an_end_is_analysed_up_to_its_last_reading() {
    let fixture = Fixture::with_quiet("0").await;
    send(&fixture.server, events(1, "start@0"), readings(1, "5 12")).await;
    send(&fixture.server, events(2, "start@60"), Vec::new()).await;
    end_as(&fixture.database, "0- analysed, 60- open").await;
    let end = "drive_start = '2026-02-01 14:00:00' AND drive_end = '2026-02-01 14:12:00'";
    assert_eq!(fixture.database.count("analysis_history", end).await, 1);
}

/// All in one block of readings, of which only the first and the last are known without a look at them.
#[tokio::test]
async fn a_drive_without_an_end_is_analysed_up_to_its_first_silence() {
    let fixture = Fixture::with_quiet("0").await;
    // The second one an hour after the first, the third one a minute more after the second.
    let rows = readings(1, "5 65 126 130");
    send(&fixture.server, events(1, "start@0"), rows).await;
    send(&fixture.server, events(2, "start@600"), Vec::new()).await;
    end_as(&fixture.database, "0- analysed, 600- open").await;
    let end = "drive_start = '2026-02-01 14:00:00' AND drive_end = '2026-02-01 15:05:00'";
    assert_eq!(fixture.database.count("analysis_history", end).await, 1);
}

#[tokio::test]
async fn repeated_and_overlapping_starts_never_analyse_a_reading_twice() {
    let fixture = Fixture::with_quiet("0").await;
    send(
        &fixture.server,
        events(1, "start@0 start@10 end@20 start@15 end@30"),
        readings(1, "5 10 12 16 18 20"),
    )
    .await;
    eventually("all are analysed", async || {
        let done = fixture.database.count("drives", "state = 'analysed'").await;
        done > 0 && done == fixture.database.count("drives", "TRUE").await
    })
    .await;
    let analysed: u64 = fixture
        .database
        .row("SELECT CAST(SUM(readings_analysed) AS UNSIGNED) FROM drives")
        .await;
    assert_eq!(analysed, 6);
}

#[tokio::test]
async fn a_request_takes_precedence_over_queued_drives() {
    let fixture = Fixture::with_quiet("0").await;
    send(&fixture.server, Vec::new(), readings(1, "60 61")).await;
    let request = |focus: &str| {
        let body = json!({
            "driveStartTime": super::at(60), "driveEndTime": super::at(61), "profileId": 1, "focusAreas": [focus],
        });
        fixture
            .server
            .post("/api/v1/analyze")
            .body(body.to_string())
    };
    fixture.ollama.hold();
    let first = tokio::spawn(answer(request("knock_margin")));
    fixture.ollama.is_asked(1).await;
    send(
        &fixture.server,
        events(1, "start@0 end@9 start@10 end@19"),
        readings(10, "5 15"),
    )
    .await;
    let second = tokio::spawn(answer(request("idle_quality")));
    eventually("the second request and the drives wait", async || {
        let (_, health) = answer(fixture.server.get("/api/v1/health")).await;
        let analysis = &health["analysis"];
        (&analysis["queueLength"], &analysis["drivesWaiting"]) == (&json!(1), &json!(2))
    })
    .await;
    fixture.ollama.release();
    assert_eq!(
        (first.await.unwrap().0, second.await.unwrap().0),
        (200, 200)
    );
    end_as(&fixture.database, "0-9 analysed, 10-19 analysed").await;
    let questions = fixture.ollama.questions();
    let position = |focus: &str| {
        questions
            .iter()
            .position(|question: &Value| question.to_string().contains(focus))
    };
    assert_eq!((questions.len(), position("idle_quality")), (4, Some(1)));
    assert_eq!(fixture.ollama.busiest(), 1);
}
