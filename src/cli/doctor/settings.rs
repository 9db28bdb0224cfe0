//! Whether the settings are complete, and who can read them.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use secrecy::ExposeSecret as _;

use super::Host;
use super::finding::Finding;
use crate::config::{self, InvalidSettings, Settings, Sources};

/// A key that is shorter can be guessed, in characters.
const LEAST_KEY_CHARACTERS: usize = 16;

pub(super) struct Found {
    file: Option<&'static Path>,
    /// Permission bits of the file.
    mode: u32,
    is_root: bool,
}

pub(super) fn probe() -> Found {
    let file = config::settings_file();
    let of_file = file.and_then(|path| fs::metadata(path).ok());
    Found {
        file,
        mode: of_file.map_or(0, |metadata| metadata.mode()),
        is_root: fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0),
    }
}

pub(super) fn judge(
    settings: &Result<Settings, InvalidSettings>,
    found: &Found,
    host: &Host,
) -> Vec<Finding> {
    let mut findings = match settings {
        Ok(settings) => complete(settings, host),
        Err(invalid) => incomplete(invalid, host),
    };
    if let Some(path) = found.file.filter(|_| found.mode & 0o007 != 0) {
        findings.push(Finding::warning(
            "settings",
            "hold secrets, and every user of this machine can read them",
            format!("chmod o= {}", path.display()),
        ));
    }
    if found.is_root && found.file.is_some_and(Path::is_absolute) {
        findings.push(Finding::warning(
            "user",
            "is root, who may more than the service: folder and port are not really tested",
            host.own("doctor"),
        ));
    }
    findings
}

fn complete(settings: &Settings, host: &Host) -> Vec<Finding> {
    let sources = sources(&host.settings_source(), &Sources::find());
    let mut findings = vec![Finding::ok("settings", format!("are complete: {sources}"))];
    if settings.api_key.expose_secret().len() < LEAST_KEY_CHARACTERS {
        findings.push(Finding::warning(
            "settings",
            format!(
                "API_KEY is shorter than {LEAST_KEY_CHARACTERS} characters, and can be guessed"
            ),
            "openssl rand -hex 32",
        ));
    }
    findings
}

/// Where each setting comes from.
fn sources(file: &str, sources: &Sources) -> String {
    let mut parts = Vec::new();
    if !sources.file.is_empty() {
        parts.push(format!("{} from {file}", sources.file.join(", ")));
    }
    if !sources.environment.is_empty() {
        let names = sources.environment.join(", ");
        parts.push(format!("{names} from the environment"));
    }
    parts.push("defaults for the others".to_owned());
    let mut text = parts.join("; ");
    if !sources.overridden.is_empty() {
        let names = sources.overridden.join(", ");
        text = format!("{text}. The values of {file} for {names} have no effect");
    }
    text
}

fn incomplete(invalid: &InvalidSettings, host: &Host) -> Vec<Finding> {
    let problems = invalid.problems().iter();
    problems
        .map(|problem| Finding::error("settings", problem, host.edit_settings()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_setting_is_named_with_its_source() {
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        let mixed = Sources {
            file: names(&["API_KEY", "DATABASE_URL"]),
            environment: names(&["PORT"]),
            overridden: names(&["PORT"]),
        };
        assert_eq!(
            sources(".env", &mixed),
            "API_KEY, DATABASE_URL from .env; PORT from the environment; defaults for the others. \
             The values of .env for PORT have no effect"
        );
    }
}
