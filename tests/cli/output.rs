//! Commands whose output is not read, or cannot be written.

use std::fs::OpenOptions;
use std::process::{Command, Stdio};

fn openapi() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_eclipse-ai-server"));
    command.arg("openapi");
    command
}

#[test]
fn a_closed_pipe_ends_a_command_without_a_word() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let ended = openapi()
        .stdout(writer)
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(ended.stderr).unwrap(), "");
    assert_eq!(ended.status.code(), Some(141));
}

#[test]
fn a_full_disk_is_an_error_and_no_panic() {
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let ended = openapi().stdout(full).output().unwrap();
    let error = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(
        error,
        "eclipse-ai-server: No space left on device (os error 28)\n"
    );
    assert_eq!(ended.status.code(), Some(1));
}

#[test]
fn completions_exist_for_three_shells_and_name_every_command() {
    for shell in ["bash", "zsh", "fish"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_eclipse-ai-server"));
        let ended = command.args(["completions", shell]).output().unwrap();
        let script = String::from_utf8(ended.stdout).unwrap();
        for name in ["status", "reanalyse", "backups", "rotate-key", "env-file"] {
            assert!(script.contains(name), "{name} in {shell}");
        }
    }
}

#[test]
fn the_version_names_the_commit_that_it_was_built_from() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_eclipse-ai-server"));
    let ended = command.arg("--version").output().unwrap();
    let version = String::from_utf8(ended.stdout).unwrap();
    let version = version.trim_end();
    let number = format!("eclipse-ai-server {}", env!("CARGO_PKG_VERSION"));
    let commit = version.strip_prefix(&number).unwrap();
    let digits = commit
        .strip_prefix(" (")
        .and_then(|rest| rest.strip_suffix(')'));
    let is_commit =
        |digits: &str| digits.len() >= 12 && digits.bytes().all(|c| c.is_ascii_hexdigit());
    // Sources from a tarball have no commit.
    assert!(
        commit.is_empty() || digits.is_some_and(is_commit),
        "{version}"
    );
}

#[test]
fn an_env_file_takes_the_place_of_the_usual_one() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(".env"), "PORT=eighty\n").unwrap();
    let other = folder.path().join("other");
    std::fs::write(&other, "PORT=ninety\nAPI_KEY=k\n").unwrap();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_eclipse-ai-server"));
        let ended = command
            .args(arguments)
            .current_dir(folder.path())
            .env_clear();
        String::from_utf8(ended.output().unwrap().stderr).unwrap()
    };
    let other = other.to_str().unwrap();
    let error = run(&["--env-file", other, "status"]);
    assert!(
        error.contains(&format!(
            "PORT: must be a whole number from 0 to 65535 (in {other})"
        )),
        "{error}"
    );
    assert!(error.contains("DATABASE_URL: is required"), "{error}");
    let usual = run(&["status"]);
    assert!(
        usual.contains("(in .env)") && usual.contains("API_KEY: is required"),
        "{usual}"
    );
    let missing = run(&["status", "--env-file", "/no/such/file"]);
    assert!(missing.contains("/no/such/file: "), "{missing}");
}
