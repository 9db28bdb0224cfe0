//! `doctor`: checks everything that the server needs, and names the command that fixes what is wrong.
//!
//! Each part first finds out (`probe`, under a time limit, never changing anything) and then judges what was found
//! (`judge`, pure). Nothing here shows a secret.

use std::time::Duration;

use super::host::Host;
use super::{Failure, block_on};
use crate::config::{InvalidSettings, Settings};

mod backups;
mod clock;
mod database;
mod devices;
mod finding;
mod ollama;
mod port;
mod settings;

pub(super) use finding::size;
use finding::{Finding, Verdict};

/// The time limit of each check.
const LIMIT: Duration = Duration::from_secs(5);

/// Prints what was found, a line each; fails where an error is among it.
pub(super) fn run(settings: &Result<Settings, InvalidSettings>) -> Result<(), Failure> {
    let host = Host::find();
    let findings = block_on(async { Ok(examine(settings, &host).await) })?;
    for finding in &findings {
        say!("{}", finding.render(&host))?;
    }
    let errors = findings
        .iter()
        .filter(|finding| finding.verdict == Verdict::Error)
        .count();
    match errors {
        0 => Ok(()),
        1 => Err("doctor has found an error".into()),
        _ => Err(format!("doctor has found {errors} errors").into()),
    }
}

async fn examine(settings: &Result<Settings, InvalidSettings>, host: &Host) -> Vec<Finding> {
    let mut findings = settings::judge(settings, &settings::probe(), host);
    let Ok(settings) = settings else {
        let clock = clock::probe().await;
        findings.extend(clock::judge(&clock, None));
        findings.push(Finding::warning(
            "the rest",
            "is checked once the settings are fixed",
            host.own("doctor"),
        ));
        return findings;
    };
    let (database, ollama, backups, clock, port) = tokio::join!(
        database::probe(settings),
        ollama::probe(settings),
        backups::probe(settings),
        clock::probe(),
        port::probe(settings),
    );
    let databases_clock = database.as_ref().ok().map(|found| found.inspection.clock);
    findings.extend(database::judge(settings, &database, host));
    if let Ok(database) = &database {
        findings.extend(devices::judge(&database.contacts, host));
    }
    findings.push(ollama::judge(settings, &ollama));
    findings.extend(backups::judge(settings, backups.as_ref(), host));
    findings.extend(clock::judge(&clock, databases_clock));
    findings.push(port::judge(settings, &port, host));
    if let port::Found::Ours { health, .. } = &port {
        findings.extend(devices::unknown_tables(settings, health, host));
    }
    findings
}
