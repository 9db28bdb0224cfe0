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
    assert_eq!(ended.status.code(), Some(1));
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
