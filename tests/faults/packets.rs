//! Statements fit into the packets that the database server accepts.

use serde_json::{Value, json};

use crate::support::{PrivateDatabase, TestServer, batch, effort, kinds_and_places, reading, with};

const MIB: usize = 1024 * 1024;

fn places(refusal: &Value) -> Vec<String> {
    let problems = kinds_and_places(refusal["detail"].as_array().unwrap());
    let problems = problems.into_iter();
    problems
        .map(|(kind, place)| format!("{kind} {place}"))
        .collect()
}

async fn server_that_accepts(
    bytes: usize,
    variables: &[(&str, &str)],
) -> (PrivateDatabase, TestServer) {
    let packet = format!("--max-allowed-packet={bytes}");
    let database = PrivateDatabase::start_with(&[&packet]).await;
    let server = TestServer::start_with(&database.url(), variables).await;
    (database, server)
}

#[tokio::test]
async fn every_row_that_fits_into_a_packet_is_stored_and_a_larger_one_is_named() {
    for mib in [1, 4, 16].into_iter().take(effort(1, 3)) {
        stores_what_fits(mib).await;
    }
}

async fn stores_what_fits(mib: usize) {
    let payload_mb = (20 * mib).to_string();
    let variables = [
        ("EXTRA_TABLES", "dtc_log"),
        ("MAX_SYNC_PAYLOAD_MB", &payload_mb),
    ];
    let packet = mib * MIB;
    let (database, server) = server_that_accepts(packet, &variables).await;
    let long = |bytes: usize| "ü".repeat(bytes / 2);
    // Several times the packet, in each of the ways that a text can come.
    let readings: Vec<Value> = (1..=8)
        .map(|id| {
            with(
                reading(id),
                &json!({"note": long(500_000 * mib + usize::try_from(id).unwrap())}),
            )
        })
        .collect();
    let sessions: Vec<Value> = (1..=20)
        .map(|id| json!({"session_id": id, "start_time": "2026-02-01T10:00:00", "notes": long(3_000 * id)}))
        .collect();
    let others: Vec<Value> = (1..=5)
        .map(|id| json!({"id": id, "text": long(400_000 * mib)}))
        .collect();
    let mut rows = batch(
        &json!({"realtime_data": readings, "calibration_sessions": sessions, "dtc_log": others}),
    );
    rows["driveCounter"] = Value::from(long(900_000 * mib));
    let (status, receipt) = server.sync(&rows).await;
    assert_eq!(status, 200, "{receipt}");
    assert_eq!(
        database
            .count(
                "realtime_data",
                &format!("CHAR_LENGTH(extra) > {}", 250_000 * mib)
            )
            .await,
        8
    );
    assert_eq!(database.count("calibration_sessions", "true").await, 20);
    assert_eq!(database.count("extra_rows", "true").await, 5);
    assert_eq!(
        database
            .count(
                "devices",
                &format!("CHAR_LENGTH(extra) > {}", 450_000 * mib)
            )
            .await,
        1
    );

    let rows = [
        with(reading(101), &json!({})),
        with(reading(102), &json!({"note": long(packet)})),
    ];
    let (status, refusal) = server.sync(&batch(&json!({"realtime_data": rows}))).await;
    assert_eq!(status, 422, "{refusal}");
    assert_eq!(places(&refusal), ["too_long tables.realtime_data.rows.1"]);
    let message = refusal["detail"][0]["msg"].as_str().unwrap();
    assert!(
        message.contains("max_allowed_packet") && message.ends_with("(row with id 102)"),
        "{message}"
    );
    let mut rows = batch(&json!({}));
    rows["driveCounter"] = Value::from(long(packet));
    let (status, refusal) = server.sync(&rows).await;
    assert_eq!(status, 422, "{refusal}");
    assert_eq!(places(&refusal), ["too_long driveCounter"]);
}

#[tokio::test]
async fn a_row_that_no_packet_can_carry_is_quarantined_without_its_content() {
    let (database, server) = server_that_accepts(MIB, &[("BAD_ROWS", "quarantine")]).await;
    let rows = [
        with(reading(1), &json!({"note": "x".repeat(MIB)})),
        reading(2),
    ];
    let (status, receipt) = server.sync(&batch(&json!({"realtime_data": rows}))).await;
    assert_eq!(status, 200, "{receipt}");
    assert_eq!(receipt["quarantined"][0]["id"], 1);
    assert_eq!(database.count("realtime_data", "source_id = 2").await, 1);
    let kept = "row_json = 'null' AND reason LIKE '%max_allowed_packet%'";
    assert_eq!(database.count("quarantined_rows", kept).await, 1);
}

/// A control character of a name is six bytes in JSON. A batch that the driver divided had the receipt of its last part.
#[tokio::test]
async fn names_count_as_they_are_written() {
    let (_database, server) = server_that_accepts(MIB, &[]).await;
    let name = |length| "\u{1}".repeat(length);
    let readings: Vec<Value> = (1..=600)
        .map(|id| with(reading(id), &json!({ name(300): null })))
        .collect();
    for (inserted, updated) in [(600, 0), (0, 600)] {
        let (status, receipt) = server
            .sync(&batch(&json!({"realtime_data": readings})))
            .await;
        assert_eq!(status, 200, "{receipt}");
        let counts = &receipt["tablesProcessed"]["realtime_data"];
        assert_eq!(counts["inserted"], inserted);
        assert_eq!(counts["updated"], updated);
    }
    let mut wide = reading(601);
    for more in 0..6 {
        wide[name(60_000 + more)] = Value::Null;
    }
    let (status, refusal) = server.sync(&batch(&json!({"realtime_data": [wide]}))).await;
    assert_eq!(status, 422, "{refusal}");
    let message = refusal["detail"][0]["msg"].as_str().unwrap();
    assert!(message.contains("max_allowed_packet"), "{message}");
}
