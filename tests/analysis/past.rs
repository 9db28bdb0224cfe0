//! Listing and reading stored analyses.

use serde_json::{Value, json};

use super::{drive, request};
use crate::support::{Fixture, TestServer, answer, batch, eventually, kinds_and_places, with};

async fn list(fixture: &Fixture, query: &str) -> Vec<Value> {
    let (status, body) = answer(fixture.server.get(&format!("/api/v1/analyses{query}"))).await;
    assert_eq!(status, 200, "{body}");
    body["analyses"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_stored_analysis_equals_its_answer() {
    let fixture = Fixture::with_drive().await;
    let (_, analysis) = fixture.analyze(&request()).await;
    let id = analysis["analysisId"].as_str().unwrap();
    let (status, mut found) = answer(fixture.server.get(&format!("/api/v1/analyses/{id}"))).await;
    assert_eq!(status, 200, "{found}");
    assert_eq!(found["recommendations"], analysis["recommendations"]);
    let created_at = found["createdAt"].take();
    let id_shows = format!("analysis-{}", created_at.as_str().unwrap());
    assert_eq!(
        id[..25],
        id_shows[..25],
        "the same minute, or it is midnight"
    );
    let expected = json!({
        "analysisId": id, "status": "success", "sourceDevice": "test-device", "profileId": "1",
        "driveStartTime": "2026-02-01T12:00:00", "driveEndTime": "2026-02-01T12:10:00", "model": "gemma2:2b",
        "processingTimeMs": analysis["processingTimeMs"], "createdAt": null, "error": null,
        "recommendations": analysis["recommendations"], "findings": analysis["findings"],
    });
    assert_eq!(found, expected);
    let mut listed = list(&fixture, "").await;
    listed[0]["createdAt"].take();
    let without_recommendations = {
        let mut expected = expected;
        for of_the_result in ["recommendations", "findings"] {
            expected.as_object_mut().unwrap().remove(of_the_result);
        }
        expected
    };
    assert_eq!(listed, [without_recommendations]);
}

#[tokio::test]
async fn analyses_are_listed_newest_first_and_can_be_filtered() {
    let fixture = Fixture::with_drive().await;
    let others = with(
        batch(&json!({"realtime_data": drive()})),
        &json!({"deviceId": "another-device"}),
    );
    assert_eq!(fixture.server.sync(&others).await.0, 200);
    let mut ids = Vec::new();
    for device in ["test-device", "another-device", "test-device"] {
        let request = with(request(), &json!({"deviceId": device}));
        ids.insert(0, fixture.analyze(&request).await.1["analysisId"].clone());
    }
    fixture.ollama.answers(500, &json!({"error": "too hot"}));
    let own = with(request(), &json!({"deviceId": "test-device"}));
    assert_eq!(fixture.analyze(&own).await.0, 502);

    let all = list(&fixture, "").await;
    let listed: Vec<_> = all.iter().map(|past| past["analysisId"].clone()).collect();
    assert_eq!(listed[1..], ids);
    assert_eq!(
        (&all[0]["status"], &all[0]["error"]),
        (&json!("failed"), &json!("Ollama error: too hot"))
    );
    for (query, count) in [
        ("?limit=2", 2),
        ("?deviceId=another-device", 1),
        ("?deviceId=nobody", 0),
        ("?status=success", 3),
        ("?status=running", 0),
        ("?status=failed&deviceId=test-device", 1),
        ("?status=failed&deviceId=another-device", 0),
    ] {
        assert_eq!(list(&fixture, query).await.len(), count, "{query}");
    }
    assert_eq!(list(&fixture, "?limit=1").await[0], all[0]);

    let mut paged = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = format!("/api/v1/analyses?status=success&limit=1{cursor}");
        let (_, page) = answer(fixture.server.get(&page)).await;
        paged.extend(
            page["analyses"]
                .as_array()
                .unwrap()
                .iter()
                .map(|past| past["analysisId"].clone()),
        );
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(paged, ids);
    for (query, count) in [
        ("?from=2026-01-01T00:00:00", 4),
        ("?from=2199-01-01T00:00:00", 0),
        ("?to=2026-01-01T00:00:00", 0),
    ] {
        assert_eq!(list(&fixture, query).await.len(), count, "{query}");
    }
}

#[tokio::test]
async fn an_unknown_parameter_of_a_query_is_refused_by_name() {
    let fixture = Fixture::start().await;
    for path in ["analyses", "drives", "backups", "sync/status"] {
        let url = format!("/api/v1/{path}?devcieId=car");
        let (status, body) = answer(fixture.server.get(&url)).await;
        assert_eq!(status, 422, "{path}: {body}");
        let reported = [("extra_forbidden", "devcieId".to_owned())];
        let problems = body["detail"].as_array().unwrap();
        assert_eq!(kinds_and_places(problems), reported, "{path}");
    }
}

#[tokio::test]
async fn an_unknown_analysis_is_a_404_and_a_bad_filter_a_422() {
    let fixture = Fixture::start().await;
    for id in ["analysis-2026-02-01T14:30:10", "x", "%27%20OR%201=1"] {
        let path = format!("/api/v1/analyses/{id}");
        let reported = json!({"detail": "No such analysis"});
        assert_eq!(
            answer(fixture.server.get(&path)).await,
            (404, reported),
            "{id}"
        );
    }
    let query = "/api/v1/analyses?limit=0&status=done&deviceId=";
    let (status, body) = answer(fixture.server.get(query)).await;
    assert_eq!(status, 422, "{body}");
    let problems = body["detail"].as_array().unwrap();
    let reported = [
        ("string_too_short", "deviceId".to_owned()),
        ("literal_error", "status".to_owned()),
        ("int_parsing", "limit".to_owned()),
    ];
    assert_eq!(kinds_and_places(problems), reported);
    assert_eq!(problems[0]["loc"][0], "query");
}

#[tokio::test]
async fn an_analysis_is_running_while_the_model_thinks() {
    let fixture = Fixture::with_drive().await;
    fixture.ollama.hold();
    let observe = async {
        fixture.ollama.is_asked(1).await;
        let running = list(&fixture, "?status=running").await;
        fixture.ollama.release();
        running
    };
    let request = request();
    let ((status, analysis), running) = tokio::join!(fixture.analyze(&request), observe);
    assert_eq!((status, running.len()), (200, 1));
    assert_eq!(running[0]["analysisId"], analysis["analysisId"]);
    assert_eq!(running[0]["processingTimeMs"], Value::Null);
    assert_eq!(list(&fixture, "?status=success").await.len(), 1);
}

#[tokio::test]
async fn an_analysis_left_running_by_a_killed_server_is_marked_failed() {
    let fixture = Fixture::start().await;
    let insert = "INSERT INTO analysis_history (analysis_id, source_device, model, status, created_at) VALUES \
                  ('old', 'car', 'm', 'running', NOW(6) - INTERVAL 1 HOUR), \
                  ('young', 'car', 'm', 'running', NOW(6) - INTERVAL 1 MINUTE), \
                  ('ahead', 'car', 'm', 'running', NOW(6) + INTERVAL 1 HOUR), \
                  ('done', 'car', 'm', 'success', NOW(6) - INTERVAL 1 HOUR)";
    fixture.database.execute(insert).await.unwrap();
    let _another = TestServer::start(&fixture.database).await;
    eventually("two have failed", async || {
        list(&fixture, "?status=failed").await.len() == 2
    })
    .await;
    // The other one began before the database's clock was set back.
    for (failed, id) in list(&fixture, "?status=failed")
        .await
        .iter()
        .zip(["ahead", "old"])
    {
        assert_eq!(failed["analysisId"], id);
        assert_eq!(failed["error"], "the server ended before the analysis did");
    }
    assert_eq!(
        list(&fixture, "?status=running").await[0]["analysisId"],
        "young"
    );
}
