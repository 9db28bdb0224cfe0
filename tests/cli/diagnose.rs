//! `diagnose` on logs: no database, no server, no settings.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use eclipse_ai_server::simulation::Drive;
use serde_json::Value;
use tempfile::TempDir;

fn diagnose(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_eclipse-ai-server"))
        .arg("diagnose")
        .args(arguments)
        .env_clear()
        .output()
        .unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A log of a simulated drive, one reading a line.
fn log(folder: &TempDir, name: &str) -> PathBuf {
    let drive = Drive::new(1, "2026-04-19T07:18:50".parse().unwrap(), 12);
    let rows = drive.readings();
    let lines = rows.iter().map(|row| {
        let [at, parameter, unit] =
            ["timestamp", "parameter_name", "unit"].map(|key| row[key].as_str().unwrap());
        format!("{at},{parameter},{},\"{unit}\"\n", row["value"])
    });
    let text = format!(
        "timestamp,parameter,value,unit\n{}",
        lines.collect::<String>()
    );
    file(folder, name, &text)
}

fn file(folder: &TempDir, name: &str, text: &str) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    path
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_log_is_diagnosed_for_the_terminal() {
    let folder = TempDir::new().unwrap();
    let output = diagnose(&[text(&log(&folder, "drive.csv"))]);
    assert!(output.status.success(), "{}", stderr(&output));
    let text = stdout(&output);
    assert!(text.starts_with("drive.csv\n2026-04-19 07:18 · "), "{text}");
    assert!(text.contains("rade"), "{text}");
    assert!(!text.contains('\x1b'), "no colours without a terminal");
}

#[test]
fn json_is_an_array_with_one_element_a_log() {
    let folder = TempDir::new().unwrap();
    let [first, second] = ["a.csv", "b.csv"].map(|name| log(&folder, name));
    let output = diagnose(&["--json", text(&first), text(&second)]);
    let drives: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&drives[0]["title"], &drives[1]["title"]),
        (&"a.csv".into(), &"b.csv".into())
    );
    assert!(
        drives[0]["diagnosis"]["figures"]["readings"]
            .as_u64()
            .unwrap()
            > 1_000
    );
    assert_eq!(
        drives[0]["diagnosis"], drives[1]["diagnosis"],
        "the same readings, the same diagnosis"
    );
}

#[test]
fn html_is_written_to_the_file_named() {
    let folder = TempDir::new().unwrap();
    let page = folder.path().join("report.html");
    let output = diagnose(&["--html", text(&page), text(&log(&folder, "drive.csv"))]);
    assert!(output.status.success(), "{}", stderr(&output));
    let page = std::fs::read_to_string(page).unwrap();
    assert!(
        page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>"),
        "{page}"
    );
}

#[test]
fn a_log_that_cannot_be_read_is_named_with_line_and_column_and_the_others_are_diagnosed() {
    let folder = TempDir::new().unwrap();
    let broken = file(&folder, "broken.csv", "time,RPM\n0,800\n1,810\n2x,820\n");
    let output = diagnose(&[text(&broken), text(&log(&folder, "drive.csv"))]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).starts_with("drive.csv\n"));
    let errors = stderr(&output);
    assert!(
        errors.contains("broken.csv: line 4, column \"time\": cannot read \"2x\""),
        "{errors}"
    );
    assert!(
        errors.contains("1 of 2 logs cannot be diagnosed"),
        "{errors}"
    );
}

#[test]
fn a_file_that_is_missing_and_a_page_for_two_logs_are_failures() {
    let missing = diagnose(&["/nowhere/drive.csv"]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(
        stderr(&missing).contains("/nowhere/drive.csv: No such file"),
        "{}",
        stderr(&missing)
    );
    let two = diagnose(&["--html", "page.html", "a.csv", "b.csv"]);
    assert!(
        stderr(&two).contains("--html takes one log at a time"),
        "{}",
        stderr(&two)
    );
}
