//! US-CMP-007: backups. They need no database, so these tests have none, except for keys of devices.

mod clock;
mod cut;
mod device_keys;
mod download;
mod durability;
mod faults;
mod large;
mod listing;
mod names;
mod place;
mod python_client;
mod raw_client;
mod refusals;
mod resumable;
mod shutdown;
mod storing;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::{Form, ServerProcess, TestServer, answer};

/// An unreachable database.
const NO_DATABASE: &str = "mysql://nobody@127.0.0.1:9/none";

const MEGABYTE: usize = 1024 * 1024;

/// A process that keeps its backups in `root`.
async fn start_process(root: &Path) -> ServerProcess {
    let backup_dir = [("BACKUP_DIR", root.to_str().unwrap())];
    ServerProcess::start(NO_DATABASE, &backup_dir).await
}

/// A server that has no database.
async fn start() -> TestServer {
    start_with(&[]).await
}

async fn start_with(variables: &[(&str, &str)]) -> TestServer {
    TestServer::start_unready(NO_DATABASE, variables).await
}

impl TestServer {
    /// Posts a form; returns the status and the body.
    async fn upload(&self, form: Form) -> (u16, Value) {
        let request = self.post("/api/v1/backup");
        answer(
            request
                .header("Content-Type", Form::CONTENT_TYPE)
                .body(form.finish()),
        )
        .await
    }

    /// Stores a file as the device `test-pi`; returns its receipt.
    async fn store(&self, kind: &str, filename: &str, content: impl AsRef<[u8]>) -> Value {
        let form = form(kind).file(filename, content);
        let (status, receipt) = self.upload(form).await;
        assert_eq!(status, 200, "{receipt}");
        receipt
    }

    async fn list(&self, query: &str) -> Vec<Value> {
        let path = format!("/api/v1/backups{query}");
        let (status, mut list) = answer(self.get(&path)).await;
        assert_eq!(status, 200, "{list}");
        serde_json::from_value(list["backups"].take()).unwrap()
    }

    /// The names in `test-pi`'s folder of a type.
    fn stored(&self, kind: &str) -> Vec<String> {
        names_in(&self.backup_dir().join("test-pi").join(kind))
    }
}

/// The fields beside the file.
fn form(kind: &str) -> Form {
    Form::default()
        .text("type", kind)
        .text("deviceId", "test-pi")
}

fn names_in(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// In every backup folder that was used.
const MARKER: &str = ".eclipse-ai-backups";

/// Every file below a folder, at any depth, including hidden ones, except for the folder's marker.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let below = |path: PathBuf| {
        if path.is_dir() {
            files_below(&path)
        } else {
            vec![path]
        }
    };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .filter(|path| !path.ends_with(MARKER))
        .flat_map(below)
        .collect()
}

/// Bytes without a pattern.
fn noise(size_bytes: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    })
    .flatten()
    .take(size_bytes)
    .collect()
}

/// SHA-256 in lower-case hex.
fn sha256(content: &[u8]) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, content);
    let digits: Vec<String> = digest
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    digits.concat()
}
