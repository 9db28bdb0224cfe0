//! The server answers as its OpenAPI document says, whatever comes: schemathesis makes up some thousand requests from the
//! document, good and bad ones, and compares the answers with it.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep};

use crate::support::{API_KEY, FakeOllama, TestDatabase, TestServer, tool};

/// What each answer is looked at for. What schemathesis thinks should be accepted or refused is not asked for: it does
/// not know that a batch takes `true` for 1, or which names a file may have.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
    response_headers_conformance,response_schema_conformance,unsupported_method,\
    allow_header_conformance,ignored_auth,missing_required_header";

/// Of test cases for each endpoint and phase.
const CASES: &str = "150";

const SEED: &str = "20260201";

/// Many times what it takes.
const LIMIT: Duration = Duration::from_mins(15);

#[tokio::test]
async fn every_answer_conforms_to_the_openapi_document() {
    let folder = tempfile::tempdir().unwrap();
    let backups = folder.path().join("backups");
    // The one that the document has for an example.
    let kept = backups.join("chi-eclipse-tuner/database");
    fs::create_dir_all(&kept).unwrap();
    fs::write(kept.join("obd-2026-02-01T14-30-00.db"), [7; 4000]).unwrap();
    let database = TestDatabase::create().await;
    let ollama = FakeOllama::start();
    let variables = [
        ("BACKUP_DIR", backups.to_str().unwrap()),
        ("OLLAMA_BASE_URL", ollama.url.as_str()),
    ];
    let server = TestServer::start_with(&database.url(), &variables).await;

    let (is_content, said) = examine(&server.url, folder.path()).await;
    assert!(is_content, "{said}");
    assert!(cases(&said) > 1000, "{said}");
}

/// Whether schemathesis has nothing to say against the server, and what it says.
async fn examine(url: &str, folder: &Path) -> (bool, String) {
    let output = folder.join("output");
    let mut schemathesis = Command::new(tool("schemathesis"))
        .args(["run", &format!("{url}/openapi.json"), "--no-color"])
        .args(["--checks", CHECKS, "--max-examples", CASES, "--seed", SEED])
        .args(["--phases", "examples,coverage,fuzzing,stateful"])
        .args([
            "--continue-on-failure",
            "--header",
            &format!("X-API-Key: {API_KEY}"),
        ])
        .env("NO_PROXY", "*")
        // It remembers what it has found before where it runs.
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(File::create(&output).unwrap())
        .stderr(Stdio::null())
        .spawn()
        .expect("schemathesis starts");
    let began = Instant::now();
    let status = loop {
        if let Some(status) = schemathesis.try_wait().unwrap() {
            break status;
        }
        if began.elapsed() > LIMIT {
            schemathesis.kill().unwrap();
        }
        sleep(Duration::from_millis(200)).await;
    };
    let said = spawn_blocking(move || fs::read_to_string(output).unwrap());
    (status.success(), said.await.unwrap())
}

/// How many requests it has made, as it says in the end.
fn cases(said: &str) -> u64 {
    let count = said.lines().find_map(|line| {
        let (count, _) = line.trim().split_once(" generated")?;
        count.parse().ok()
    });
    count.unwrap_or_default()
}
