//! Answers conform to the OpenAPI document: schemathesis generates some thousand valid and invalid requests from the
//! document, and compares the answers with it.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep};

use crate::support::{API_KEY, FakeOllama, TestDatabase, TestServer, tool};

/// The checks of each answer. Whether a request should be accepted or rejected is not among them: schemathesis does
/// not know that a batch accepts `true` for 1, or which names a file may have.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
    response_headers_conformance,response_schema_conformance,unsupported_method,\
    allow_header_conformance,ignored_auth,missing_required_header";

/// Test cases for each endpoint and phase.
const CASES: &str = "150";

const SEED: &str = "20260201";

/// Many times the usual duration.
const LIMIT: Duration = Duration::from_mins(15);

#[tokio::test]
async fn every_answer_conforms_to_the_openapi_document() {
    let folder = tempfile::tempdir().unwrap();
    let backups = folder.path().join("backups");
    // The device that the document has as its example.
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

/// Makes schemathesis send the bytes of a partial upload as they are.
const HOOKS: &str = r#"
import schemathesis

@schemathesis.serializer("application/partial-upload")
def partial_upload(context, value):
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")
"#;

/// Whether schemathesis finds no fault, and its output.
async fn examine(url: &str, folder: &Path) -> (bool, String) {
    let output = folder.join("output");
    fs::write(folder.join("hooks.py"), HOOKS).unwrap();
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
        .env("SCHEMATHESIS_HOOKS", "hooks")
        // It stores earlier findings in its working directory.
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

/// The number of requests, from its output.
fn cases(said: &str) -> u64 {
    let count = said.lines().find_map(|line| {
        let (count, _) = line.trim().split_once(" generated")?;
        count.parse().ok()
    });
    count.unwrap_or_default()
}
