//! The clock of the server, or of the database, is set back and forward by days while it runs.

use std::path::PathBuf;
use std::process::Command;

use chrono::{NaiveDateTime, TimeDelta};
use tempfile::TempDir;

use crate::support::{
    API_KEY, Drive, FakeOllama, Form, Pi, PrivateDatabase, ServerProcess, answer, effort,
    eventually,
};

/// As `libfaketime` reads them: beside the true time, or the time of a computer without a battery.
const CLOCKS: [&str; 6] = ["+0", "-3d", "+400d", "@1970-01-01 00:00:10", "+5d", "+0"];

/// A clock of some programs. Their pauses and time limits are true.
struct Clock(TempDir);

impl Clock {
    fn new() -> Self {
        let clock = Self(tempfile::tempdir().unwrap());
        clock.set(CLOCKS[0]);
        clock
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("clock")
    }

    fn set(&self, time: &str) {
        std::fs::write(self.file(), time).unwrap();
    }

    /// A program that sees this clock if it finds the library in `LD_PRELOAD`.
    fn shown_to(&self, program: &str, library_variable: &str) -> Command {
        let folders = std::fs::read_dir("/usr/lib").unwrap();
        let library = folders
            .map(|folder| folder.unwrap().path().join("faketime/libfaketimeMT.so.1"))
            .find(|library| library.exists())
            .expect("libfaketime is installed: run ./deploy/test.sh --long");
        let mut program = Command::new(program);
        program
            .env(library_variable, library)
            .env("FAKETIME_TIMESTAMP_FILE", self.file())
            .env("FAKETIME_NO_CACHE", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        program
    }
}

/// A log of its own for each upload; returns where it is stored.
async fn upload(server: &ServerProcess, content: &str) -> PathBuf {
    let form = Form::default()
        .text("type", "logs")
        .text("deviceId", "car")
        .file("obd.log", content.as_bytes());
    let request = server
        .http
        .post(format!("{}/api/v1/backup", server.url))
        .header("X-API-Key", API_KEY)
        .header("Content-Type", Form::CONTENT_TYPE)
        .body(form.finish());
    let (status, receipt) = answer(request).await;
    assert_eq!(status, 200, "{receipt}");
    receipt["storedAt"].as_str().unwrap().into()
}

/// Sends a drive and a backup at each of the times, and checks that all of it is there at the end.
async fn work_at_each_time(
    clock: &Clock,
    database: &PrivateDatabase,
    program: Command,
) -> ServerProcess {
    let ollama = FakeOllama::start();
    let backups = tempfile::tempdir().unwrap();
    let variables = [
        ("BACKUP_DIR", backups.path().to_str().unwrap()),
        ("OLLAMA_BASE_URL", ollama.url.as_str()),
        ("AUTO_ANALYSIS_QUIET_SECONDS", "0"),
    ];
    let mut server = ServerProcess::run(program, &database.url(), &variables).await;
    server.logs("schema is up to date").await;
    let start: NaiveDateTime = "2026-04-18T07:18:50".parse().unwrap();
    let (mut pi, mut stored) = (Pi::new("car"), Vec::new());
    for (number, time) in (1..).zip(CLOCKS) {
        clock.set(time);
        pi.record_drive(&Drive {
            interval: TimeDelta::seconds(15),
            ..Drive::new(number, start + TimeDelta::hours(number), 5)
        });
        pi.sync_all(&server.url, 3).await;
        let content = format!("with the clock at {time} in step {number}");
        stored.push((upload(&server, &content).await, content));
        eventually("the drive is analysed", async || {
            let analysed = database.count("drives", "state = 'analysed'").await;
            analysed == u64::try_from(number).unwrap()
        })
        .await;
    }
    for (path, content) in stored {
        assert_eq!(std::fs::read_to_string(&path).unwrap(), content);
    }
    let drives = CLOCKS.len() as u64;
    let analyses = "status = 'success'";
    assert_eq!(database.count("analysis_history", analyses).await, drives);
    eventually("each drive is diagnosed", async || {
        database.count("drive_diagnoses", "TRUE").await == drives
    })
    .await;
    let errors = server.lines(" ERROR ");
    assert!(errors.is_empty(), "{errors:?}");
    server.signal("TERM");
    assert_eq!(server.ends_in_time().await.code(), Some(0));
    server
}

#[tokio::test]
async fn a_server_whose_clock_is_set_keeps_all_backups_and_analyses_each_drive_once() {
    if effort(true, false) {
        return;
    }
    let (clock, database) = (Clock::new(), PrivateDatabase::start().await);
    let program = clock.shown_to(env!("CARGO_BIN_EXE_eclipse-ai-server"), "LD_PRELOAD");
    let server = work_at_each_time(&clock, &database, program).await;
    // It was really set: the line of a request is written by the server's clock.
    assert!(!server.lines("[1970-01-01T").is_empty());
}

#[tokio::test]
async fn a_database_whose_clock_is_set_keeps_all_rows_and_has_each_drive_analysed_once() {
    if effort(true, false) {
        return;
    }
    let clock = Clock::new();
    let shell = clock.shown_to("bash", PrivateDatabase::PRELOAD);
    let database = PrivateDatabase::start_by(shell).await;
    let program = Command::new(env!("CARGO_BIN_EXE_eclipse-ai-server"));
    work_at_each_time(&clock, &database, program).await;
    // It was really set: rows have their time of arrival by the database's clock.
    let in_1970 = "YEAR(synced_at) = 1970";
    assert!(database.count("realtime_data", in_1970).await > 0);
}
