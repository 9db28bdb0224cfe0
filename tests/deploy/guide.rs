use std::fs;
use std::net::Ipv4Addr;

use actors::health::RefusedClient;
use actors::health::assess::{Facts, assess};
use actors::health::journal::{FailingTable, Growth, LastError, Record};
use actors::health::probes::OllamaState;
use actors::report::Damage;
use chrono::NaiveDateTime;
use clap::CommandFactory as _;
use eclipse_ai_server::cli::CommandLine;

use super::repository;

#[test]
fn the_setup_guide_has_a_section_for_every_step() {
    let guide = fs::read_to_string(repository("docs/setup-guide.md")).unwrap();
    let sections: Vec<&str> = guide
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .collect();
    for section in [
        "Prerequisites",
        "OS package installation",
        "Installation",
        "MySQL",
        "Ollama",
        ".env",
        "Firewall",
        "Verification",
        "Troubleshooting",
    ] {
        assert!(sections.contains(&section), "{section} in {sections:?}");
    }
}

/// The page has `…` in the place of names and numbers.
#[test]
fn every_reason_of_health_is_explained() {
    let page = fs::read_to_string(repository("docs/operations.md")).unwrap();
    let mut nothing_works = Facts::default();
    nothing_works.sync.failing_tables.push(FailingTable {
        device_id: "car".to_owned(),
        table: "alert_log".to_owned(),
        failures: 3,
        is_unknown: false,
        is_of_server: false,
        error: "no such column".to_owned(),
    });
    let mut two_more = Facts {
        ollama: OllamaState::WithoutModel,
        ..Facts::default()
    };
    two_more.backup.free_bytes = Some(0);
    two_more.backup.wanted_bytes = 1;
    let failing = Record {
        failures_in_a_row: 3,
        last_error: Some(LastError {
            at: NaiveDateTime::default(),
            error: "no answer".to_owned(),
        }),
        ..Record::default()
    };
    let mut failing_work = Facts {
        ollama: OllamaState::Ready,
        refused_clients: vec![RefusedClient {
            address: Ipv4Addr::LOCALHOST.into(),
            route: "POST /api/v1/sync".to_owned(),
            refusals: 4,
            reason: "Invalid API key".to_owned(),
        }],
        ..Facts::default()
    };
    failing_work.mysql.is_up = true;
    failing_work.analysis.growth = Some(Growth {
        from: 3,
        to: 9,
        minutes: 20,
    });
    failing_work.analysis.record = failing.clone();
    failing_work.backup.record = failing;
    failing_work.backup.write_error = Some("Permission denied".to_owned());
    let damage = Damage {
        filename: "obd.db".to_owned(),
        reason: "cut off".to_owned(),
    };
    failing_work.backup.damaged = [("car/database".to_owned(), damage)].into();
    let mut reasons = assess(&nothing_works).reasons;
    reasons.extend(assess(&two_more).reasons);
    reasons.extend(assess(&failing_work).reasons);
    assert!(reasons.len() >= 12, "{reasons:?}");
    for reason in reasons {
        let is_fixed = |word: &&str| !word.bytes().any(|byte| byte.is_ascii_digit());
        let words: Vec<&str> = reason.split(' ').take(4).take_while(is_fixed).collect();
        let start = format!("| `{}", words.join(" "));
        assert!(page.contains(&start), "{reason}");
    }
}

/// The names of all commands, such as `device add`.
fn commands(of: &clap::Command, before: &str) -> Vec<String> {
    let below = of.get_subcommands().flat_map(|command| {
        let name = format!("{before}{}", command.get_name());
        let mut names = commands(command, &format!("{name} "));
        names.push(name);
        names
    });
    below.collect()
}

#[test]
fn every_command_is_in_the_manual() {
    let page = fs::read_to_string(repository("deploy/eclipse-ai-server.8")).unwrap();
    let all = commands(&CommandLine::command(), "");
    assert!(all.len() > 15, "{all:?}");
    for command in all {
        let is_described = page.lines().any(|line| {
            let line = line.trim_start_matches(|c| c != ' ').trim_start();
            let line = line.trim_start_matches('"');
            line == command
                || line
                    .strip_prefix(&command)
                    .is_some_and(|rest| rest.starts_with([' ', '"']))
        });
        assert!(is_described, "{command}");
    }
}
