//! `backups` lists and fetches what the server has stored.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::support::{API_KEY, Form, TestServer, answer};

/// An unreachable database: backups need none.
const NO_DATABASE: &str = "mysql://nobody@127.0.0.1:9/none";

struct Backups {
    server: TestServer,
    folder: tempfile::TempDir,
}

impl Backups {
    async fn start() -> Self {
        Self {
            server: TestServer::start_unready(NO_DATABASE, &[]).await,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// Uploads a file of `car-1`; returns its path on the server.
    async fn store(&self, name: &str, content: &[u8]) -> PathBuf {
        let form = Form::default()
            .text("type", "config")
            .text("deviceId", "car-1")
            .file(name, content);
        let request = self.server.post("/api/v1/backup");
        let request = request.header("Content-Type", Form::CONTENT_TYPE);
        let (status, receipt) = answer(request.body(form.finish())).await;
        assert_eq!(status, 200, "{receipt}");
        receipt["storedAt"].as_str().unwrap().into()
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_eclipse-ai-server"))
            .arg("backups")
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .envs([("DATABASE_URL", NO_DATABASE), ("API_KEY", API_KEY)])
            .env("BACKUP_DIR", self.server.backup_dir())
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn backups_are_listed_as_the_api_lists_them() {
    let backups = Backups::start().await;
    assert!(text(&backups.run(&[]).stdout).starts_with("There is no backup in "));
    let path = backups.store("settings.json", b"{}").await;
    crate::support::eventually("it is checked", async || {
        let (_, list) = answer(backups.server.get("/api/v1/backups")).await;
        list["backups"][0]["verified"] == true
    })
    .await;
    let list = backups.run(&["list"]);
    let line = text(&list.stdout).lines().nth(1).unwrap().to_owned();
    let name = path.file_name().unwrap().to_str().unwrap();
    assert!(
        line.starts_with("car-1   config  20") && line.ends_with(name),
        "{line}"
    );
    assert!(line.contains("  sound  "), "{line}");
    let json: Value = serde_json::from_slice(&backups.run(&["--json"]).stdout).unwrap();
    let (_, served) = answer(backups.server.get("/api/v1/backups")).await;
    assert_eq!(json, served);
    let others = backups.run(&["list", "--device", "car-2"]);
    assert!(text(&others.stdout).starts_with("There is no backup in "));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fetched_backup_is_what_the_device_sent() {
    let backups = Backups::start().await;
    let path = backups.store("settings.json", br#"{"a": 1}"#).await;
    let name = path.file_name().unwrap().to_str().unwrap();
    let fetched = backups.run(&["fetch", "car-1", "config"]);
    assert!(fetched.status.success(), "{}", text(&fetched.stderr));
    assert!(text(&fetched.stdout).contains("its checksum is that of the upload"));
    let copy = backups.folder.path().join(name);
    assert_eq!(fs::read(&copy).unwrap(), br#"{"a": 1}"#);
    let piped = backups.run(&["fetch", "car-1", "config", name, "--output", "-"]);
    assert_eq!(piped.stdout, br#"{"a": 1}"#);

    fs::write(&copy, "mine").unwrap();
    let again = backups.run(&["fetch", "car-1", "config"]);
    assert!(!again.status.success());
    assert!(
        text(&again.stderr).contains("File exists"),
        "{}",
        text(&again.stderr)
    );
    assert_eq!(fs::read(&copy).unwrap(), b"mine");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_backup_is_no_copy() {
    let backups = Backups::start().await;
    let path = backups.store("settings.json", br#"{"a": 1}"#).await;
    let name = path.file_name().unwrap().to_str().unwrap();
    let stored_at = fs::metadata(&path).unwrap().modified().unwrap();
    fs::write(&path, br#"{"a": 2}"#).unwrap();
    let file = fs::File::options().write(true).open(&path).unwrap();
    file.set_modified(stored_at).unwrap();
    let fetched = backups.run(&["fetch", "car-1", "config", name]);
    assert!(!fetched.status.success());
    let error = text(&fetched.stderr);
    assert!(
        error.contains("the content differs from what the device sent"),
        "{error}"
    );
    assert!(!backups.folder.path().join(name).exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_exist_is_answered_with_what_does() {
    let backups = Backups::start().await;
    let path = backups.store("settings.json", b"{}").await;
    let name = path.file_name().unwrap().to_str().unwrap();
    let of_file = format!("car-1/config has no file other.json; its newest is {name}");
    let of_type = "device car-1 has no backups of type logs; of these types it has: config";
    let of_device = "device nobody has no backups; these devices have: car-1";
    for (arguments, expected) in [
        (vec!["nobody", "config"], of_device),
        (vec!["nobody", "config", name], of_device),
        (vec!["car-1", "logs"], of_type),
        (vec!["car-1", "logs", name], of_type),
        (vec!["car-1", "config", "other.json"], &of_file),
    ] {
        let ended = backups.run(&[&["fetch"], arguments.as_slice()].concat());
        assert!(!ended.status.success());
        assert_eq!(
            text(&ended.stderr),
            format!("eclipse-ai-server: {expected}\n")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_reported_once() {
    let backups = Backups::start().await;
    backups.store("settings.json", b"{}").await;
    let piped = Command::new("sh")
        .args([
            "-c",
            r#""$0" backups fetch car-1 config --output - >/dev/full"#,
        ])
        .arg(env!("CARGO_BIN_EXE_eclipse-ai-server"))
        .env_clear()
        .envs([("DATABASE_URL", NO_DATABASE), ("API_KEY", API_KEY)])
        .env("BACKUP_DIR", backups.server.backup_dir())
        .output()
        .unwrap();
    assert_eq!(
        text(&piped.stderr),
        "eclipse-ai-server: No space left on device (os error 28)\n"
    );
}
