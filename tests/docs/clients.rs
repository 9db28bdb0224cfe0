//! Clients that are generated from the OpenAPI document do a sync, an analysis and a backup. A longer proof.

use std::path::{Path, PathBuf};
use std::process::Command;

use eclipse_ai_server::http;
use tempfile::TempDir;
use tokio::task::spawn_blocking;

use crate::support::{API_KEY, Fixture, effort};

const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/docs/clients");

/// The folder of the generators; none in the usual run.
fn tools() -> Option<PathBuf> {
    effort(None, Some(())).map(|()| {
        let folder = std::env::var_os("API_TOOLS");
        PathBuf::from(folder.expect("deploy/test.sh --long sets API_TOOLS"))
    })
}

/// A folder with the document.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let document = serde_json::to_vec(&http::document()).unwrap();
    std::fs::write(folder.path().join("openapi.json"), document).unwrap();
    folder
}

/// Runs a program of the tools in a folder, with the tools in `PATH`; returns its output.
async fn run(tools: &Path, folder: &TempDir, program: &str, arguments: &[&str]) -> String {
    let path = std::env::var("PATH").unwrap();
    let mut command = Command::new(tools.join(program));
    command
        .args(arguments)
        .current_dir(folder.path())
        .env("PATH", format!("{}/bin:{path}", tools.display()))
        .env("NO_PROXY", "127.0.0.1");
    let ended = spawn_blocking(move || command.output())
        .await
        .unwrap()
        .unwrap();
    let output = String::from_utf8_lossy(&ended.stdout).into_owned();
    let errors = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(ended.status.success(), "{program}: {output}{errors}");
    output
}

#[tokio::test]
async fn a_generated_python_client_syncs_analyses_and_backs_up() {
    let Some(tools) = tools() else {
        return;
    };
    let (fixture, folder) = (Fixture::start().await, folder());
    let generate = [
        "generate",
        "--path",
        "openapi.json",
        "--output-path",
        "generated",
        "--meta",
        "none",
    ];
    run(&tools, &folder, "bin/openapi-python-client", &generate).await;
    let script = format!("{SCRIPTS}/client.py");
    let arguments = [script.as_str(), &fixture.server.url, API_KEY, "python-car"];
    let output = run(&tools, &folder, "bin/python3", &arguments).await;
    assert_eq!(output, "done\n");
}

#[tokio::test]
async fn a_generated_typescript_client_syncs_analyses_and_backs_up() {
    let Some(tools) = tools() else {
        return;
    };
    let (fixture, folder) = (Fixture::start().await, folder());
    let modules = tools.join("node_modules");
    std::os::unix::fs::symlink(&modules, folder.path().join("node_modules")).unwrap();
    for file in ["client.ts", "tsconfig.json"] {
        std::fs::copy(format!("{SCRIPTS}/{file}"), folder.path().join(file)).unwrap();
    }
    let generator = "node_modules/.bin/openapi-typescript";
    run(
        &tools,
        &folder,
        generator,
        &["openapi.json", "--output", "schema.ts"],
    )
    .await;
    run(
        &tools,
        &folder,
        "node_modules/.bin/tsc",
        &["--project", "."],
    )
    .await;
    let arguments = ["client.js", &fixture.server.url, API_KEY, "typescript-car"];
    let output = run(&tools, &folder, "bin/node", &arguments).await;
    assert_eq!(output, "done\n");
}
