//! US-CMP-009: the service unit, the scripts and the guide, tested with the programs that use them.

use std::path::{Path, PathBuf};
use std::process::Command;

mod guide;
mod journal;
mod monitoring;
mod notify;
mod quickstart;
mod scripts;
mod setup_mysql;
mod unit_file;
mod upgrade;

/// A file of the repository.
fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The outcome of a program.
struct Ran {
    succeeded: bool,
    stdout: String,
    stderr: String,
}

/// Runs a program to its end.
fn run(command: &mut Command) -> Ran {
    let program = command.get_program().to_owned();
    let ended = command.output().unwrap_or_else(|error| {
        panic!(
            "{} cannot be run: {error}; deploy/test.sh installs it",
            program.display()
        )
    });
    Ran {
        succeeded: ended.status.success(),
        stdout: String::from_utf8(ended.stdout).unwrap(),
        stderr: String::from_utf8(ended.stderr).unwrap(),
    }
}
