use std::fs;
use std::process::Command;

use super::{repository, run};

const UNIT: &str = "deploy/eclipse-ai-server.service";

/// The values that a section gives a directive.
fn values(section: &str, directive: &str) -> Vec<String> {
    let unit = fs::read_to_string(repository(UNIT)).unwrap();
    let mut is_inside = false;
    let mut values = Vec::new();
    for line in unit.lines() {
        if line.starts_with('[') {
            is_inside = line == format!("[{section}]");
        } else if let Some((name, value)) = line.split_once('=')
            && is_inside
            && name == directive
        {
            values.push(value.to_owned());
        }
    }
    values
}

/// The value of a directive such as `RestartSec=10`, in seconds.
fn seconds(directive: &str) -> u64 {
    values("Service", directive)[0].parse().unwrap()
}

#[test]
fn the_service_starts_the_server_with_its_settings_in_its_folder() {
    assert_eq!(
        values("Service", "ExecStart"),
        ["/usr/bin/eclipse-ai-server serve"]
    );
    assert_eq!(
        values("Service", "EnvironmentFile"),
        ["/etc/eclipse-ai-server/env"]
    );
    assert_eq!(
        values("Service", "WorkingDirectory"),
        ["/var/lib/eclipse-ai-server"]
    );
    assert_eq!(values("Service", "StateDirectory"), ["eclipse-ai-server"]);
    assert_eq!(values("Install", "WantedBy"), ["multi-user.target"]);
}

#[test]
fn it_starts_after_the_database_under_any_of_its_names() {
    let after = values("Unit", "After").join(" ");
    let after: Vec<&str> = after.split(' ').collect();
    for unit in [
        "network.target",
        "mysql.service",
        "mysqld.service",
        "mariadb.service",
    ] {
        assert!(after.contains(&unit), "{unit} in {after:?}");
    }
    assert!(
        values("Unit", "Requires").is_empty(),
        "it can wait for its database"
    );
}

#[test]
fn it_restarts_after_every_failure_without_limit() {
    assert_eq!(values("Service", "Restart"), ["on-failure"]);
    assert_eq!(values("Service", "RestartSec"), ["10"]);
    assert_eq!(values("Unit", "StartLimitIntervalSec"), ["0"]);
}

#[test]
fn it_has_a_watchdog_and_time_to_drain() {
    assert_eq!(values("Service", "Type"), ["notify"]);
    assert!(seconds("WatchdogSec") > 0);
    assert!(
        seconds("TimeoutStopSec") > 10,
        "the server drains for at most 10 s"
    );
}

#[test]
fn it_runs_as_a_user_of_its_own() {
    assert_eq!(values("Service", "User"), ["eclipse-ai"]);
    assert_eq!(values("Service", "CapabilityBoundingSet"), [""]);
}

#[test]
fn systemd_finds_nothing_wrong_with_it() {
    // The program must exist.
    let unit = fs::read_to_string(repository(UNIT)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("eclipse-ai-server.service");
    let program = env!("CARGO_BIN_EXE_eclipse-ai-server");
    let here = unit.replace("/usr/bin/eclipse-ai-server", program);
    fs::write(&path, here).unwrap();
    let ran = run(Command::new("systemd-analyze")
        .args(["verify", "--man=no"])
        .arg(&path));
    // An unknown directive is only a warning.
    let about_it: Vec<&str> = ran
        .stderr
        .lines()
        .filter(|line| line.contains("eclipse-ai-server.service"))
        .collect();
    assert!(ran.succeeded && about_it.is_empty(), "{}", ran.stderr);
}

#[test]
fn its_sandbox_is_strict() {
    let mut security = Command::new("systemd-analyze");
    security.args(["security", "--offline=true", "--no-pager", "--threshold=20"]);
    let ran = run(security.arg(repository(UNIT)));
    assert!(
        ran.succeeded,
        "an exposure of 2.0 at most: {}{}",
        ran.stdout, ran.stderr
    );
}
