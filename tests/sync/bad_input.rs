//! JSON that is not a batch: a 422 that names every location, and nothing stored.

use serde_json::{Value, json};

use crate::support::{TestDatabase, TestServer, batch, kinds_and_places, reading, refused, with};

async fn start() -> (TestDatabase, TestServer) {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    (database, server)
}

#[tokio::test]
async fn json_of_another_shape_is_refused() {
    let (database, server) = start().await;
    for body in [
        "null",
        "true",
        "7",
        "\"text\"",
        "[]",
        "[{\"deviceId\": \"x\"}]",
    ] {
        let problems = refused(&server, &database, body).await;
        assert_eq!(
            kinds_and_places(&problems),
            [("model_attributes_type", String::new())],
            "{body}"
        );
    }
}

#[tokio::test]
async fn fields_of_a_wrong_type_are_all_named() {
    let (database, server) = start().await;
    for wrong in [json!(null), json!(true), json!(7), json!([]), json!({})] {
        let fields = json!({"deviceId": wrong, "batchId": wrong});
        let problems = refused(
            &server,
            &database,
            with(batch(&json!({})), &fields).to_string(),
        )
        .await;
        let mut found = kinds_and_places(&problems);
        found.sort();
        let expected = ["batchId", "deviceId"].map(|field| ("string_type", field.to_owned()));
        assert_eq!(found, expected, "{wrong}");
    }
    for wrong in [
        json!(null),
        json!(true),
        json!(7),
        json!("realtime_data"),
        json!([]),
    ] {
        let problems = refused(
            &server,
            &database,
            with(batch(&json!({})), &json!({"tables": wrong})).to_string(),
        )
        .await;
        assert_eq!(
            kinds_and_places(&problems),
            [("dict_type", "tables".to_owned())]
        );
        let table = with(batch(&json!({})), &json!({"tables": {"statistics": wrong}}));
        let problems = refused(&server, &database, table.to_string()).await;
        assert_eq!(
            kinds_and_places(&problems),
            [("dict_type", "tables.statistics".to_owned())]
        );
    }
    for wrong in [json!(null), json!(true), json!(7), json!("rows"), json!({})] {
        let table = json!({"tables": {"statistics": {"lastSyncedId": 3, "rows": wrong}}});
        let problems = refused(
            &server,
            &database,
            with(batch(&json!({})), &table).to_string(),
        )
        .await;
        assert_eq!(
            kinds_and_places(&problems),
            [("list_type", "tables.statistics.rows".to_owned())]
        );
    }
    for wrong in [json!(null), json!(true), json!(7), json!("row"), json!([])] {
        let rows = json!([reading(1), wrong]);
        let problems = refused(
            &server,
            &database,
            batch(&json!({"realtime_data": rows})).to_string(),
        )
        .await;
        assert_eq!(
            kinds_and_places(&problems),
            [("dict_type", "tables.realtime_data.rows.1".to_owned())]
        );
    }
    for wrong in [json!([]), json!({})] {
        let table = json!({"tables": {"statistics": {"lastSyncedId": wrong, "rows": []}}});
        let problems = refused(
            &server,
            &database,
            with(batch(&json!({})), &table).to_string(),
        )
        .await;
        assert_eq!(
            kinds_and_places(&problems),
            [("scalar_type", "tables.statistics.lastSyncedId".to_owned())]
        );
    }
}

#[tokio::test]
async fn all_missing_fields_are_named_at_once() {
    let (database, server) = start().await;
    let all = ["deviceId", "batchId", "tables"].map(|field| ("missing", field.to_owned()));
    assert_eq!(
        kinds_and_places(&refused(&server, &database, "{}").await),
        all
    );
    let problems = refused(&server, &database, json!({"deviceId": 5}).to_string()).await;
    let expected = [
        ("string_type", "deviceId"),
        ("missing", "batchId"),
        ("missing", "tables"),
    ];
    assert_eq!(
        kinds_and_places(&problems),
        expected.map(|(kind, place)| (kind, place.to_owned()))
    );
    let no_rows = with(
        batch(&json!({})),
        &json!({"tables": {"statistics": {"lastSyncedId": 1}}}),
    );
    let problems = refused(&server, &database, no_rows.to_string()).await;
    assert_eq!(
        kinds_and_places(&problems),
        [("missing", "tables.statistics.rows".to_owned())]
    );
}

#[tokio::test]
async fn ids_that_the_database_would_change_are_refused() {
    let (database, server) = start().await;
    let long = "x".repeat(65);
    for (id, kind) in [
        ("", "string_too_short"),
        (" ", "string_pattern_mismatch"),
        ("pi ", "string_pattern_mismatch"),
        ("p\ni", "string_pattern_mismatch"),
        ("p\u{0}i", "string_pattern_mismatch"),
        (&long, "string_too_long"),
    ] {
        for field in ["deviceId", "batchId"] {
            let batch = with(
                batch(&json!({"realtime_data": [reading(1)]})),
                &json!({field: id}),
            );
            let problems = refused(&server, &database, batch.to_string()).await;
            assert_eq!(
                kinds_and_places(&problems),
                [(kind, field.to_owned())],
                "{id:?}"
            );
        }
    }
    let longest = "°".repeat(64);
    let batch = with(
        batch(&json!({})),
        &json!({"deviceId": longest, "batchId": longest}),
    );
    assert_eq!(server.sync(&batch).await.0, 200);
}

#[tokio::test]
async fn unknown_tables_are_refused_under_any_name() {
    let (database, server) = start().await;
    let long = "x".repeat(10_000);
    for name in [
        "fake_table",
        "REALTIME_DATA",
        "realtime_data ",
        "",
        "devices",
        "sync_history",
        "extra_rows",
        "battery_log",
        "power_log",
        "`",
        "'; DROP TABLE devices; --",
        "\u{0}",
        "__proto__",
        "mysql.user",
        &long,
    ] {
        let problems = refused(
            &server,
            &database,
            batch(&json!({name: [{"id": 1}]})).to_string(),
        )
        .await;
        assert_eq!(problems.len(), 1, "{name}");
        assert_eq!(problems[0]["type"], "unknown_table");
        let reported = problems[0]["loc"][2].as_str().unwrap();
        assert!(
            name.starts_with(reported.trim_end_matches('…')) && reported.len() < 200,
            "{reported}"
        );
        let message = problems[0]["msg"].as_str().unwrap();
        for table in [
            "realtime_data",
            "statistics",
            "profiles",
            "vehicle_info",
            "ai_recommendations",
            "connection_log",
            "alert_log",
            "calibration_sessions",
        ] {
            assert!(message.contains(table), "{table} in {message}");
        }
    }
    assert!(database.count("devices", "device_id = 'test-device'").await == 0);
}

#[tokio::test]
async fn the_answer_to_a_thousand_bad_rows_is_short() {
    let (database, server) = start().await;
    let rows: Vec<Value> = (1..=1000)
        .map(|id| with(reading(id), &json!({"value": "x".repeat(1000)})))
        .collect();
    let body = batch(&json!({"realtime_data": rows})).to_string();
    let problems = refused(&server, &database, body).await;
    assert_eq!(problems.len(), 51);
    assert_eq!(problems[50]["msg"], "950 more problems are not listed");
    let length = json!(problems).to_string().len();
    assert!(length < 20_000, "{length} bytes");
}
