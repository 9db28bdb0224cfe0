//! What is on the disk when an answer goes out, from the system calls of the server.

use std::io::Write as _;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use super::cut::{answer, header, open, patch};
use super::resumable::repr_digest;
use super::{MARKER, MEGABYTE, NO_DATABASE, form, noise};
use crate::support::{self, Call, Form, ServerProcess, Trace, eventually};

const SYNCS: [&str; 2] = ["fsync", "fdatasync"];
const WRITES: [&str; 6] = [
    "write", "writev", "pwrite64", "pwritev", "sendto", "sendmsg",
];
const RENAMES: [&str; 5] = ["rename", "renameat", "renameat2", "link", "linkat"];
const CREATIONS: [&str; 4] = ["mkdir", "mkdirat", "open", "openat"];

/// A server whose system calls are observed, and whose backup folder does not exist yet.
struct Observed {
    server: ServerProcess,
    trace: Trace,
    disk: TempDir,
}

impl Observed {
    async fn start() -> Self {
        let trace = Trace::new();
        let disk = tempfile::tempdir().unwrap();
        let root = disk.path().canonicalize().unwrap().join("disk/backups");
        let calls = [&SYNCS[..], &WRITES, &RENAMES, &CREATIONS].concat();
        let command = trace.command(env!("CARGO_BIN_EXE_eclipse-ai-server"), &calls);
        let variables = [("BACKUP_DIR", root.to_str().unwrap())];
        Self {
            server: ServerProcess::run(command, NO_DATABASE, &variables).await,
            trace,
            disk,
        }
    }

    /// Asserts that each new name below the disk was on it before the next answer, and before that what has the name.
    async fn assert_durable(&self, answers: usize, receipt: &Value) {
        eventually("the last answer is in the trace", async || {
            self.trace
                .calls()
                .iter()
                .filter(|call| is_answer(call))
                .count()
                == answers
        })
        .await;
        let calls = Calls(self.trace.calls());
        let disk = self.disk.path().canonicalize().unwrap();
        let mut names = Vec::new();
        for call in calls.0.iter().filter(|call| creates(call)) {
            let name = call.path();
            if !name.starts_with(&disk) {
                continue;
            }
            let is_rename = RENAMES.contains(&call.name());
            if is_rename {
                let source = Path::new(call.texts()[0]);
                calls.assert_content(source, call.began);
            }
            let is_temporary = name.parent().unwrap().ends_with(".staging");
            // The record of a check replaces another one whenever the check ends.
            let is_replaced = call.name().starts_with("rename") && !call.says("RENAME_NOREPLACE");
            let Some(answer) = calls.answer_after(call) else {
                continue;
            };
            if is_temporary || is_replaced {
                continue;
            }
            calls.assert_synced(name.parent().unwrap(), call.ended, answer.began);
            // The bytes of an upload that has just begun have yet to come.
            let is_part = name.extension().is_some_and(|kind| kind == "part");
            if call.says("O_CREAT") && !is_part {
                calls.assert_content(&name, answer.began);
            }
            names.push(name);
        }
        let root = disk.join("disk/backups");
        let stored = Path::new(receipt["storedAt"].as_str().unwrap());
        let relative = stored.strip_prefix(&root).unwrap().to_str().unwrap();
        let record = root.join(format!(".records/{relative}.json"));
        for expected in [&root, &root.join(MARKER), stored, &record] {
            assert!(
                names.iter().any(|name| name == expected),
                "{} is new: {names:#?}",
                expected.display()
            );
        }
    }
}

struct Calls(Vec<Call>);

impl Calls {
    fn answer_after(&self, call: &Call) -> Option<&Call> {
        let mut answers = self.0.iter().filter(|call| is_answer(call));
        answers.find(|answer| answer.began > call.ended)
    }

    fn assert_synced(&self, path: &Path, after: usize, before: usize) {
        let is_synced = self.0.iter().any(|call| {
            let is_within = after < call.began && call.ended < before;
            SYNCS.contains(&call.name()) && call.file() == Some(path) && is_within
        });
        let calls = &self.0;
        assert!(
            is_synced,
            "{} is not synced between lines {after} and {before} of {calls:#?}",
            path.display()
        );
    }

    /// Asserts that what is written to a file before a line is synced before it.
    fn assert_content(&self, path: &Path, before: usize) {
        let writes = self
            .0
            .iter()
            .filter(|call| WRITES.contains(&call.name()) && call.file() == Some(path));
        let written = writes.map(|call| call.ended).filter(|end| *end < before);
        let written = written.max();
        let written = written.unwrap_or_else(|| panic!("nothing is written to {}", path.display()));
        self.assert_synced(path, written, before);
    }
}

fn is_answer(call: &Call) -> bool {
    WRITES.contains(&call.name()) && call.says("\"HTTP/1.1 2")
}

/// Whether a call creates a name.
fn creates(call: &Call) -> bool {
    let name = call.name();
    let is_opening = ["open", "openat"].contains(&name);
    RENAMES.contains(&name) || (CREATIONS.contains(&name) && (!is_opening || call.says("O_CREAT")))
}

#[tokio::test]
async fn a_file_and_its_name_are_on_the_disk_before_the_answer() {
    let observed = Observed::start().await;
    let server = &observed.server;
    let content = noise(MEGABYTE);
    let request = server
        .post("/api/v1/backup")
        .header("Content-Type", Form::CONTENT_TYPE);
    let form = form("logs").file("obd.log", content).finish();
    let (status, receipt) = support::answer(request.body(form)).await;
    assert_eq!(status, 200, "{receipt}");
    observed.assert_durable(1, &receipt).await;
}

#[tokio::test]
async fn a_file_in_parts_and_its_name_are_on_the_disk_before_the_answer() {
    let observed = Observed::start().await;
    let server = &observed.server;
    let content = noise(MEGABYTE);
    let created = format!(
        "POST /api/v1/backup/uploads?deviceId=test-pi&type=logs&filename=obd.log\r\nContent-Length: 0\r\n\
         Upload-Length: {}\r\nRepr-Digest: {}",
        content.len(),
        repr_digest(&content)
    );
    let (head, _) = answer(open(server.address(), &created));
    let upload = header(&head, "location").to_owned();
    let mut stream = open(server.address(), &patch(&upload, 0, content.len()));
    stream.write_all(&content).unwrap();
    let (head, receipt) = answer(stream);
    assert!(head.starts_with("http/1.1 200"), "{head} {receipt}");
    let receipt = serde_json::from_str(&receipt).unwrap();
    observed.assert_durable(2, &receipt).await;
}
