use chrono::{NaiveDate, TimeDelta};

use super::*;
use crate::report::{BatchFailure, Counts};

fn noon() -> NaiveDateTime {
    NaiveDate::from_ymd_opt(2026, 2, 1)
        .unwrap()
        .and_hms_opt(12, 0, 0)
        .unwrap()
}

fn after_minutes(minutes: i64) -> NaiveDateTime {
    noon() + TimeDelta::minutes(minutes)
}

fn batch(device: &str, outcome: BatchOutcome) -> Report {
    Report::Batch {
        device_id: Some(device.to_owned()),
        outcome,
        took: std::time::Duration::ZERO,
    }
}

fn stored(device: &str, table: &str, rows: u64) -> Report {
    let counts = Counts {
        inserted: rows,
        updated: 0,
    };
    let tables = [(table.to_owned(), counts)];
    batch(device, BatchOutcome::Stored(tables.into()))
}

fn failed(device: &str, table: &str) -> Report {
    let failure = BatchFailure {
        tables: vec![table.to_owned()],
        unknown_tables: Vec::new(),
        error: "no such column".to_owned(),
    };
    batch(device, BatchOutcome::Failed(failure))
}

fn names(journal: &Journal, now: NaiveDateTime) -> Vec<(String, String, u32)> {
    let tables = journal.failing_tables(now).into_iter();
    tables
        .map(|failing| (failing.device_id, failing.table, failing.failures))
        .collect()
}

#[test]
fn a_table_fails_after_three_failures_in_a_row_and_recovers_with_one_success() {
    let mut journal = Journal::default();
    for _ in 0..2 {
        journal.enter(&failed("pi", "statistics"), noon());
        journal.enter(&stored("pi", "alert_log", 5), noon());
    }
    assert_eq!(names(&journal, noon()), []);
    journal.enter(&failed("pi", "statistics"), noon());
    let failing = ("pi".to_owned(), "statistics".to_owned(), 3);
    assert_eq!(names(&journal, noon()), [failing]);
    journal.enter(&stored("pi", "statistics", 1), noon());
    assert_eq!(names(&journal, noon()), []);
}

#[test]
fn the_success_of_another_device_or_without_rows_does_not_hide_a_failing_table() {
    let mut journal = Journal::default();
    for _ in 0..3 {
        journal.enter(&failed("pi", "statistics"), noon());
        journal.enter(&stored("other-pi", "statistics", 5), noon());
        journal.enter(&stored("pi", "statistics", 0), noon());
    }
    assert_eq!(names(&journal, noon()).len(), 1);
}

#[test]
fn a_failing_device_that_stopped_sending_is_dropped_after_a_week() {
    let mut journal = Journal::default();
    for _ in 0..3 {
        journal.enter(&failed("pi", "statistics"), noon());
    }
    let days = |days| noon() + TimeDelta::days(days);
    assert_eq!(names(&journal, days(6)).len(), 1);
    assert_eq!(names(&journal, days(7)), []);
}

#[test]
fn devices_that_only_ever_fail_take_bounded_memory_and_the_latest_are_kept() {
    let mut journal = Journal::default();
    for number in 0..10_000 {
        for _ in 0..3 {
            let device = format!("device-{number}");
            journal.enter(&failed(&device, "statistics"), after_minutes(number / 10));
        }
    }
    let failing = names(&journal, after_minutes(1000));
    assert_eq!(failing.len(), 256);
    assert!(failing.iter().any(|(device, ..)| device == "device-9999"));
}

#[test]
fn failures_count_for_an_hour_and_the_last_error_stays() {
    let mut journal = Journal::default();
    for minute in 0..120 {
        journal.enter(&failed("pi", "statistics"), after_minutes(minute));
        journal.enter(&failed("pi", "statistics"), after_minutes(minute));
    }
    let record = journal.batches(after_minutes(120));
    assert_eq!(record.recent_failures, 120);
    let later = journal.batches(after_minutes(300));
    assert_eq!(later.recent_failures, 0);
    let error = later.last_error.unwrap();
    assert_eq!(
        (error.at, error.error.as_str()),
        (after_minutes(119), "no such column")
    );
    assert_eq!(later.last_success, None);
}

#[test]
fn a_table_that_the_server_does_not_know_is_listed_as_such() {
    let mut journal = Journal::default();
    for _ in 0..3 {
        let failure = BatchFailure {
            tables: Vec::new(),
            unknown_tables: vec!["dtc_log".to_owned()],
            error: "Table is not known".to_owned(),
        };
        journal.enter(&batch("pi", BatchOutcome::Refused(failure)), noon());
    }
    let [failing] = &journal.failing_tables(noon())[..] else {
        panic!("one table fails");
    };
    assert_eq!(failing.table, "dtc_log");
    assert!(failing.is_unknown);
    assert_eq!(failing.error, "Table is not known");
}

#[test]
fn failures_in_a_row_end_with_a_success() {
    let mut journal = Journal::default();
    let took = std::time::Duration::ZERO;
    for failures in 1..=14 {
        let outcome = Err("no answer".to_owned());
        let device_id = Some("pi".to_owned());
        let report = Report::Analysis {
            device_id,
            outcome,
            took,
        };
        journal.enter(&report, noon());
        let record = journal.analyses(noon());
        assert_eq!(record.failures_in_a_row, failures);
        assert_eq!(record.last_error.unwrap().error, "pi: no answer");
    }
    let report = Report::Analysis {
        device_id: None,
        outcome: Ok(()),
        took,
    };
    journal.enter(&report, noon());
    assert_eq!(journal.analyses(noon()).failures_in_a_row, 0);
}

#[test]
fn a_damaged_newest_backup_is_kept_until_a_newer_one_is_sound() {
    let mut journal = Journal::default();
    let folder = "pi/database".to_owned();
    let damage = Damage {
        filename: "obd.db".to_owned(),
        reason: "cut off".to_owned(),
    };
    let report = |damage| Report::NewestBackup {
        folder: folder.clone(),
        damage,
    };
    journal.enter(&report(Some(damage.clone())), noon());
    assert_eq!(journal.damaged_backups().get(&folder), Some(&damage));
    journal.enter(&report(None), noon());
    assert!(journal.damaged_backups().is_empty());
}

#[test]
fn analyses_and_backups_have_records_of_their_own() {
    let mut journal = Journal::default();
    let took = std::time::Duration::ZERO;
    let outcome = Err("the answer is not usable".to_owned());
    let report = Report::Analysis {
        device_id: None,
        outcome,
        took,
    };
    journal.enter(&report, noon());
    let outcome = Ok(1024);
    journal.enter(&Report::Backup { outcome, took }, noon());
    assert_eq!(journal.analyses(noon()).recent_failures, 1);
    assert_eq!(journal.analyses(noon()).last_success, None);
    assert_eq!(journal.backups(noon()).recent_failures, 0);
    assert_eq!(journal.backups(noon()).last_success, Some(noon()));
    assert_eq!(journal.batches(noon()), Record::default());
}

#[test]
fn a_jump_of_the_clock_is_a_note_for_a_week() {
    let mut journal = Journal::default();
    assert!(journal.backup_notes(noon()).is_empty());
    let jump = ClockJump {
        from: "2031-02-01T12:00:00".parse().unwrap(),
        to: noon(),
    };
    journal.enter(&Report::ClockJumped(jump), noon());
    let [note] = journal.backup_notes(noon()).try_into().unwrap();
    assert!(
        note.contains("jumped from 2031-02-01T12:00:00 to "),
        "{note}"
    );
    assert!(journal.backup_notes(noon() + NOTE_AGE).is_empty());
}

#[test]
fn a_queue_of_drives_that_only_grows_is_stuck_after_a_quarter_of_an_hour() {
    let mut journal = Journal::default();
    for (minute, waiting) in [(0, 2), (1, 1), (5, 2), (10, 4)] {
        journal.enter(&Report::DrivesWaiting(waiting), after_minutes(minute));
    }
    assert_eq!(journal.drives_growth(after_minutes(15)), None);
    let growth = Growth {
        from: 1,
        to: 4,
        minutes: 16,
    };
    assert_eq!(journal.drives_growth(after_minutes(17)), Some(growth));
    // One finished analysis shows that the queue moves.
    journal.enter(&Report::DrivesWaiting(3), after_minutes(18));
    assert_eq!(journal.drives_growth(after_minutes(30)), None);
}

#[test]
fn a_few_drives_that_wait_are_no_queue() {
    let mut journal = Journal::default();
    journal.enter(&Report::DrivesWaiting(0), noon());
    journal.enter(&Report::DrivesWaiting(2), noon());
    assert_eq!(journal.drives_waiting(), Some(2));
    assert_eq!(journal.drives_growth(after_minutes(60)), None);
}
