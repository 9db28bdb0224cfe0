use super::*;
use crate::health::journal::LastError;

fn all_well() -> Facts {
    Facts {
        mysql: MysqlState {
            is_up: true,
            schema_version: SchemaVersion::Is(15),
            ..MysqlState::default()
        },
        schema: SchemaFacts {
            state: Some(Ok(Vec::new())),
            latest_version: 15,
        },
        ollama: OllamaState::Ready,
        model: "gemma2:2b".to_owned(),
        uptime: Duration::ZERO,
        sync: SyncFacts::default(),
        analysis: AnalysisFacts::default(),
        backup: BackupFacts {
            free_bytes: Some(3 * GB),
            wanted_bytes: GB,
            ..BackupFacts::default()
        },
        restarts: vec![("sync", 2)],
        refused_clients: Vec::new(),
        full_connections: None,
    }
}

const GB: u64 = 1024 * 1024 * 1024;

fn verdict(change: impl FnOnce(&mut Facts)) -> (Status, Vec<String>) {
    let mut facts = all_well();
    change(&mut facts);
    let verdict = assess(&facts);
    (verdict.status, verdict.reasons)
}

fn failed(times: u32, error: &str) -> Record {
    Record {
        failures_in_a_row: times,
        last_error: Some(LastError {
            at: crate::clock::now(),
            error: error.to_owned(),
        }),
        ..Record::default()
    }
}

#[test]
fn an_unusable_schema_is_unhealthy_and_named() {
    type Fault = fn(&mut Facts);
    let faults: [(Fault, &str); 4] = [
        (
            |facts| facts.mysql.schema_version = SchemaVersion::Is(12),
            "The schema is at version 12 and the server needs version 15.",
        ),
        (
            |facts| facts.mysql.schema_version = SchemaVersion::Missing,
            "The database has no schema yet.",
        ),
        (
            |facts| {
                facts.schema.state = Some(Err("the table devices is missing".to_owned()));
            },
            "The table devices is missing.",
        ),
        (
            |facts| {
                facts.mysql.is_up = false;
                facts.mysql.problem = Some("the database server is read-only".to_owned());
            },
            "The database server is read-only.",
        ),
    ];
    for (fault, reason) in faults {
        assert_eq!(verdict(fault), (Status::Unhealthy, vec![reason.to_owned()]));
    }
}

#[test]
fn the_schema_of_the_next_release_is_healthy_and_later_ones_are_named() {
    for version in [16, 199] {
        let newer = SchemaVersion::Is(version);
        let (status, _) = verdict(|facts| facts.mysql.schema_version = newer);
        assert_eq!(status, Status::Healthy);
    }
    let reason =
        "The schema is at version 200, 2 releases newer than this server, which knows version 15.";
    assert_eq!(
        verdict(|facts| facts.mysql.schema_version = SchemaVersion::Is(200)),
        (Status::Degraded, vec![reason.to_owned()])
    );
}

#[test]
fn tables_that_cannot_be_written_are_unhealthy() {
    let problem = "the account in DATABASE_URL lacks the right INSERT on the table alert_log";
    let (status, reasons) = verdict(|facts| facts.mysql.write_problem = Some(problem.to_owned()));
    let sentence = "The account in DATABASE_URL lacks the right INSERT on the table alert_log.";
    assert_eq!(
        (status, reasons),
        (Status::Unhealthy, vec![sentence.to_owned()])
    );
}

#[test]
fn rows_that_were_quarantined_within_a_day_are_named_with_table_and_count() {
    let table = |rows, is_recent| QuarantinedTable {
        device_id: "pi".to_owned(),
        table: "statistics".to_owned(),
        rows,
        latest_at: "2026-02-01T14:30:05".parse().unwrap(),
        is_recent,
    };
    let reason = |text: &str| (Status::Degraded, vec![text.to_owned()]);
    assert_eq!(
        verdict(|facts| facts.mysql.quarantined = vec![table(1, true)]),
        reason(
            "1 row of statistics from pi is in quarantine, the latest since 2026-02-01T14:30:05."
        )
    );
    assert_eq!(
        verdict(|facts| facts.mysql.quarantined = vec![table(7, true), table(3, false)]),
        reason(
            "7 rows of statistics from pi are in quarantine, the latest since 2026-02-01T14:30:05."
        )
    );
}

#[test]
fn two_failures_in_a_row_are_not_reported_yet() {
    let (status, _) = verdict(|facts| {
        facts.analysis.record = failed(2, "no answer");
        facts.backup.record = failed(2, "no answer");
    });
    assert_eq!(status, Status::Healthy);
}

#[test]
fn all_well_is_healthy_without_a_reason() {
    assert_eq!(verdict(|_| {}), (Status::Healthy, vec![]));
}

#[test]
fn without_mysql_nothing_is_better_than_unhealthy() {
    let reasons = vec!["MySQL does not answer.".to_owned()];
    let without_mysql = verdict(|facts| facts.mysql.is_up = false);
    assert_eq!(without_mysql, (Status::Unhealthy, reasons));
    let (status, reasons) = verdict(|facts| {
        facts.mysql.is_up = false;
        facts.ollama = OllamaState::Down;
    });
    assert_eq!((status, reasons.len()), (Status::Unhealthy, 2));
}

fn failing(table: &str, failures: u32, is_of_server: bool) -> FailingTable {
    FailingTable {
        device_id: "pi".to_owned(),
        table: table.to_owned(),
        failures,
        is_unknown: false,
        is_of_server,
        error: "a reason".to_owned(),
    }
}

#[test]
fn tables_that_fail_for_the_same_reason_are_one_sentence() {
    let tables = [
        ("alert_log", 3),
        ("dtc_log", 3),
        ("statistics", 3),
        ("profiles", 5),
    ];
    let (_, reasons) = verdict(|facts| {
        let failing = tables.map(|(table, failures)| failing(table, failures, false));
        facts.sync.failing_tables = failing.into();
    });
    let expected = [
        "The last 3 batches of pi with rows of alert_log, dtc_log and statistics were not stored: a reason.",
        "The last 5 batches of pi with rows of profiles were not stored: a reason.",
    ];
    assert_eq!(reasons, expected);
}

#[test]
fn without_the_database_its_consequences_are_no_reasons() {
    let outage = |facts: &mut Facts| {
        facts.mysql.is_up = false;
        facts.sync.failing_tables =
            vec![failing("alert_log", 3, true), failing("profiles", 4, true)];
        facts.analysis.record = failed(3, "the database cannot be reached");
        facts.analysis.queue_blocked = Some("the database cannot be reached".to_owned());
        facts.analysis.growth = Some(Growth {
            from: 1,
            to: 4,
            minutes: 16,
        });
    };
    assert_eq!(
        verdict(outage),
        (Status::Unhealthy, vec!["MySQL does not answer.".to_owned()])
    );
    // A batch that is wrong stays wrong.
    let (_, reasons) = verdict(|facts| {
        outage(facts);
        facts
            .sync
            .failing_tables
            .push(failing("statistics", 3, false));
    });
    assert_eq!(reasons.len(), 2, "{reasons:?}");
}

#[test]
fn each_fault_degrades_and_gives_its_reason() {
    type Trouble = fn(&mut Facts);
    let troubles: [(Trouble, &str); 12] = [
        (
            |facts| facts.ollama = OllamaState::Down,
            "Ollama does not answer.",
        ),
        (
            |facts| facts.ollama = OllamaState::WithoutModel,
            "Ollama does not have the model gemma2:2b.",
        ),
        (
            |facts| {
                facts.sync.failing_tables = vec![FailingTable {
                    device_id: "pi".to_owned(),
                    table: "statistics".to_owned(),
                    failures: 3,
                    is_unknown: false,
                    is_of_server: false,
                    error: "no such column.".to_owned(),
                }];
            },
            "The last 3 batches of pi with rows of statistics were not stored: no such column.",
        ),
        (
            |facts| {
                facts.refused_clients = vec![RefusedClient {
                    address: std::net::Ipv4Addr::LOCALHOST.into(),
                    route: "POST /api/v1/sync".to_owned(),
                    refusals: 30,
                    reason: "Invalid API key".to_owned(),
                }];
            },
            "The last 30 requests of 127.0.0.1 to POST /api/v1/sync were refused: Invalid API key.",
        ),
        (
            |facts| facts.full_connections = Some(128),
            "All 128 connections are in use, so more clients wait.",
        ),
        (
            |facts| facts.analysis.record = failed(14, "pi: no answer"),
            "The last 14 analyses failed: pi: no answer.",
        ),
        (
            |facts| facts.backup.record = failed(10, "BACKUP_DIR cannot be written"),
            "The last 10 uploads failed: BACKUP_DIR cannot be written.",
        ),
        (
            |facts| {
                let damage = Damage {
                    filename: "obd-2026-02-01T14-30-00.db".to_owned(),
                    reason: "it is cut off".to_owned(),
                };
                facts
                    .backup
                    .damaged
                    .insert("pi/database".to_owned(), damage);
            },
            "The newest backup in pi/database is damaged: obd-2026-02-01T14-30-00.db: it is cut off.",
        ),
        (
            |facts| facts.backup.write_error = Some("Read-only file system".to_owned()),
            "The backup folder (BACKUP_DIR) is not writable: Read-only file system.",
        ),
        (
            |facts| {
                facts.analysis.growth = Some(Growth {
                    from: 1,
                    to: 4,
                    minutes: 16,
                });
            },
            "The queue of drives has only grown for 16 minutes, from 1 to 4.",
        ),
        (
            |facts| facts.backup.free_bytes = Some(GB - 1),
            "The disk of the backup folder is nearly full: 1023 MB free, 1024 MB wanted.",
        ),
        (
            |facts| facts.backup.free_bytes = None,
            "The free space of the backup folder cannot be read.",
        ),
    ];
    for (trouble, sentence) in troubles {
        assert_eq!(
            verdict(trouble),
            (Status::Degraded, vec![sentence.to_owned()])
        );
    }
}

#[test]
fn a_restarted_actor_and_old_failures_alone_do_not_degrade() {
    let (status, _) = verdict(|facts| {
        facts.sync.record.recent_failures = 2;
        facts.restarts = vec![("sync", 5)];
    });
    assert_eq!(status, Status::Healthy);
}
