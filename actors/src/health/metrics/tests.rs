use super::*;
use crate::report::{BatchFailure, Counts};

fn stored(table: &str, inserted: u64, updated: u64) -> Report {
    let tables = [(table.to_owned(), Counts { inserted, updated })];
    batch(BatchOutcome::Stored(tables.into()))
}

fn batch(outcome: BatchOutcome) -> Report {
    Report::Batch {
        device_id: Some("pi".to_owned()),
        outcome,
        took: Duration::from_millis(30),
    }
}

fn failure() -> BatchFailure {
    BatchFailure {
        tables: vec!["statistics".to_owned()],
        unknown_tables: Vec::new(),
        error: "the database cannot be reached".to_owned(),
    }
}

fn gauges() -> Gauges<'static> {
    Gauges {
        queue_lengths: [
            ("batches", Some(0)),
            ("analyses", Some(0)),
            ("uploads", Some(0)),
            ("drives", None),
        ],
        analysis_running: false,
        restarts: Vec::new(),
        failing_tables: 0,
        contacts: &[],
        last_successes: [("sync", None), ("analysis", None), ("backup", None)],
    }
}

/// The text after these reports.
fn text_after(reports: impl IntoIterator<Item = Report>) -> String {
    let mut metrics = Metrics::default();
    for report in reports {
        metrics.count(&report);
    }
    metrics.text(&gauges()).unwrap()
}

#[track_caller]
fn assert_lines(text: &str, expected: &[&str]) {
    for line in expected {
        assert!(
            text.lines().any(|found| found == *line),
            "no {line} in\n{text}"
        );
    }
}

#[test]
fn rows_are_counted_by_table_and_outcome() {
    let text = text_after([
        stored("realtime_data", 500, 0),
        stored("realtime_data", 20, 480),
        stored("statistics", 0, 7),
    ]);
    assert_lines(
        &text,
        &[
            r#"eclipse_ai_sync_rows_total{table="realtime_data",outcome="inserted"} 520"#,
            r#"eclipse_ai_sync_rows_total{table="realtime_data",outcome="updated"} 480"#,
            r#"eclipse_ai_sync_rows_total{table="statistics",outcome="updated"} 7"#,
        ],
    );
}

#[test]
fn batches_are_counted_by_outcome_and_their_time_is_measured() {
    let text = text_after([
        stored("statistics", 1, 0),
        batch(BatchOutcome::Refused(failure())),
        batch(BatchOutcome::Refused(failure())),
        batch(BatchOutcome::Failed(failure())),
    ]);
    assert_lines(
        &text,
        &[
            r#"eclipse_ai_sync_batches_total{outcome="success"} 1"#,
            r#"eclipse_ai_sync_batches_total{outcome="refused"} 2"#,
            r#"eclipse_ai_sync_batches_total{outcome="failed"} 1"#,
            r#"eclipse_ai_sync_batch_duration_seconds_bucket{le="0.025"} 0"#,
            r#"eclipse_ai_sync_batch_duration_seconds_bucket{le="0.05"} 4"#,
            "eclipse_ai_sync_batch_duration_seconds_count 4",
        ],
    );
}

#[test]
fn analyses_are_counted_and_measured_by_outcome() {
    let analysis = |outcome, seconds| Report::Analysis {
        device_id: None,
        outcome,
        took: Duration::from_secs(seconds),
    };
    let text = text_after([
        analysis(Ok(()), 8),
        analysis(Err("Ollama does not answer".to_owned()), 90),
    ]);
    assert_lines(
        &text,
        &[
            r#"eclipse_ai_analyses_total{outcome="success"} 1"#,
            r#"eclipse_ai_analyses_total{outcome="failed"} 1"#,
            r#"eclipse_ai_analysis_duration_seconds_sum{outcome="success"} 8.0"#,
            r#"eclipse_ai_analysis_duration_seconds_sum{outcome="failed"} 90.0"#,
        ],
    );
}

#[test]
fn the_bytes_of_stored_backups_are_summed() {
    let backup = |outcome| Report::Backup {
        outcome,
        took: Duration::from_secs(2),
    };
    let text = text_after([
        backup(Ok(1000)),
        backup(Ok(24)),
        backup(Err("no space is left for backups".to_owned())),
    ]);
    assert_lines(
        &text,
        &[
            "eclipse_ai_backup_stored_bytes_total 1024",
            r#"eclipse_ai_backups_total{outcome="success"} 2"#,
            r#"eclipse_ai_backups_total{outcome="failed"} 1"#,
            "eclipse_ai_backup_duration_seconds_count 3",
        ],
    );
}

#[test]
fn queue_lengths_and_a_running_analysis_are_exported_as_they_are_now() {
    let metrics = Metrics::default();
    let mut now = gauges();
    now.analysis_running = true;
    now.queue_lengths[1].1 = Some(2);
    now.queue_lengths[3].1 = Some(7);
    assert_lines(
        &metrics.text(&now).unwrap(),
        &[
            "eclipse_ai_analysis_running 1",
            r#"eclipse_ai_queue_length{queue="analyses"} 2"#,
            r#"eclipse_ai_queue_length{queue="batches"} 0"#,
            r#"eclipse_ai_queue_length{queue="drives"} 7"#,
        ],
    );
    now.analysis_running = false;
    assert_lines(
        &metrics.text(&now).unwrap(),
        &["eclipse_ai_analysis_running 0"],
    );
}

#[test]
fn a_queue_of_unknown_length_is_left_out() {
    let text = text_after([]);
    assert!(!text.contains(r#"queue="drives""#), "{text}");
}

#[test]
fn restarts_failing_tables_and_last_successes_are_shown() {
    let metrics = Metrics::default();
    let mut now = gauges();
    now.restarts = vec![("sync", 2), ("backup", 0)];
    now.failing_tables = 3;
    let at = chrono::DateTime::from_timestamp_millis(1_769_956_205_250).unwrap();
    now.last_successes[0].1 = Some(at.naive_utc());
    let text = metrics.text(&now).unwrap();
    assert_lines(
        &text,
        &[
            r#"eclipse_ai_actor_restarts_total{actor="sync"} 2"#,
            r#"eclipse_ai_actor_restarts_total{actor="backup"} 0"#,
            "eclipse_ai_sync_failing_tables 3",
            r#"eclipse_ai_last_success_timestamp_seconds{work="sync"} 1769956205.25"#,
        ],
    );
    assert!(!text.contains(r#"work="backup""#), "it never succeeded");
}

#[test]
fn outcomes_that_never_came_are_shown_as_zero() {
    assert_lines(
        &text_after([]),
        &[
            r#"eclipse_ai_sync_batches_total{outcome="failed"} 0"#,
            r#"eclipse_ai_analyses_total{outcome="failed"} 0"#,
            r#"eclipse_ai_backups_total{outcome="failed"} 0"#,
        ],
    );
}

#[test]
fn the_contacts_of_listed_devices_are_shown() {
    let at = "2026-02-01T14:30:05".parse().unwrap();
    let contact = |device_id: &str, usual: Option<u64>| DeviceContact {
        device_id: device_id.to_owned(),
        last_contact_at: at,
        usual_interval: usual.map(Duration::from_secs),
        is_silent: usual.is_some(),
    };
    let metrics = Metrics::default();
    let mut contacts = vec![contact("pi", Some(90)), contact("new-pi", None)];
    let text = metrics
        .text(&Gauges {
            contacts: &contacts,
            ..gauges()
        })
        .unwrap();
    assert_lines(
        &text,
        &[
            "eclipse_ai_device_last_contact_timestamp_seconds{device=\"pi\"} 1769956205.0",
            "eclipse_ai_device_usual_interval_seconds{device=\"pi\"} 90.0",
            "eclipse_ai_device_silent{device=\"pi\"} 1",
            "eclipse_ai_device_silent{device=\"new-pi\"} 0",
        ],
    );
    assert!(!text.contains("usual_interval_seconds{device=\"new-pi\"}"));
    contacts.remove(0);
    let text = metrics
        .text(&Gauges {
            contacts: &contacts,
            ..gauges()
        })
        .unwrap();
    assert!(!text.contains("device=\"pi\""), "{text}");
}
