use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{repository, run};

/// Scripts for the owner of a server; the others are for developers.
const FOR_OWNERS: [&str; 3] = [
    "install-service.sh",
    "setup-mysql.sh",
    "uninstall-service.sh",
];

/// Every shell script below a folder: by its name, or by its first line.
fn scripts_in(folder: &Path) -> Vec<PathBuf> {
    let mut scripts = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            scripts.extend(scripts_in(&path));
        } else {
            let text = fs::read_to_string(&path).unwrap();
            let first = text.lines().next().unwrap_or_default();
            let is_script = first.starts_with("#!") && first.ends_with("sh");
            if is_script || path.extension().is_some_and(|extension| extension == "sh") {
                scripts.push(path);
            }
        }
    }
    scripts
}

#[test]
fn shellcheck_finds_nothing_in_any_script() {
    let scripts: Vec<PathBuf> = ["deploy", ".ci"]
        .iter()
        .flat_map(|folder| scripts_in(&repository(folder)))
        .collect();
    assert!(scripts.len() > 15, "{scripts:?}");
    let mut shellcheck = Command::new("shellcheck");
    let ran = run(shellcheck.current_dir(repository("")).args(scripts));
    assert!(ran.succeeded, "{}{}", ran.stdout, ran.stderr);
}

#[test]
fn every_script_is_executable_and_has_a_help_text() {
    for entry in fs::read_dir(repository("deploy")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "sh") {
            continue;
        }
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o111, 0o111, "{} is executable", path.display());
        let ran = run(Command::new(&path).arg("--help"));
        let explains = ran.stdout.starts_with("Usage: ");
        assert!(
            ran.succeeded && explains,
            "{}: {}",
            path.display(),
            ran.stdout
        );
    }
}

#[test]
fn a_dry_run_prints_what_would_be_done() {
    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join("env");
    fs::write(&settings, "API_KEY=x\n").unwrap();
    let program = env!("CARGO_BIN_EXE_eclipse-ai-server");
    for name in FOR_OWNERS {
        let mut script = Command::new(repository("deploy").join(name));
        script.arg("--dry-run").env_remove("DATABASE_URL");
        match name {
            "install-service.sh" => script.args(["--binary", program]),
            "setup-mysql.sh" => script
                .arg("--settings")
                .arg(&settings)
                .env("MYSQL_CLIENT", "true"),
            _ => &mut script,
        };
        let ran = run(&mut script);
        assert!(ran.succeeded, "{name}: {}{}", ran.stdout, ran.stderr);
        let output = ran.stdout + &ran.stderr;
        assert!(output.contains("would "), "{name}: {output}");
    }
    assert_eq!(fs::read_to_string(&settings).unwrap(), "API_KEY=x\n");
}

#[test]
fn an_unknown_option_is_refused() {
    for name in FOR_OWNERS {
        // If it is not refused, it must not change this machine.
        let arguments = ["--dry-run", "--no-such-option"];
        let ran = run(Command::new(repository("deploy").join(name)).args(arguments));
        assert!(
            !ran.succeeded && ran.stderr.contains("--help"),
            "{name}: {}",
            ran.stderr
        );
    }
}
