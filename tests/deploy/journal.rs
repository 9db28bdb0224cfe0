use std::fs::File;
use std::os::unix::fs::MetadataExt as _;
use std::process::{Command, Stdio};

use tempfile::NamedTempFile;

/// Lets the server fail, with its log in a file; returns the log. `is_journal` declares the file to be the journal.
fn log_of_a_failure(is_journal: bool) -> String {
    let log = NamedTempFile::new().unwrap();
    let file = log.as_file().metadata().unwrap();
    let inode = if is_journal {
        file.ino()
    } else {
        file.ino() + 1
    };
    let folder = tempfile::tempdir().unwrap();
    let ended = Command::new(env!("CARGO_BIN_EXE_eclipse-ai-server"))
        .current_dir(folder.path())
        .env("JOURNAL_STREAM", format!("{}:{inode}", file.dev()))
        .env("DATABASE_URL", "mysql://nobody@127.0.0.1:9/nothing")
        .env("API_KEY", "some-key-that-is-long-enough")
        .env("OLLAMA_BASE_URL", "http://127.0.0.1:9")
        // Not an address of this machine: the server starts and cannot listen.
        .env("HOST", "192.0.2.1")
        .stdin(Stdio::null())
        .stderr(File::create(log.path()).unwrap())
        .status()
        .unwrap();
    assert_eq!(ended.code(), Some(1));
    std::fs::read_to_string(log.path()).unwrap()
}

#[test]
fn the_journal_gets_priorities_instead_of_times() {
    let log = log_of_a_failure(true);
    assert!(log.starts_with("<6>server starts version="), "{log}");
    assert!(
        log.contains("\n<3>eclipse-ai-server: cannot listen on 192.0.2.1:8000: "),
        "{log}"
    );
}

#[test]
fn any_other_log_has_times() {
    let log = log_of_a_failure(false);
    assert!(!log.contains("<6>") && !log.contains("<3>"), "{log}");
    assert!(log.starts_with("[20"), "{log}");
}
