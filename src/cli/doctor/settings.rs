//! Whether the settings are complete, and who can read them.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use secrecy::ExposeSecret as _;

use super::finding::Finding;
use crate::config::{self, InvalidSettings, Settings};

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

pub(super) fn judge(settings: &Result<Settings, InvalidSettings>, found: &Found) -> Vec<Finding> {
    let source = found.file.map_or_else(
        || "the environment".to_owned(),
        |path| path.display().to_string(),
    );
    let mut findings = match settings {
        Ok(settings) => complete(settings, &source),
        Err(invalid) => incomplete(invalid, found.file),
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
            "sudo -u eclipse-ai eclipse-ai-server doctor",
        ));
    }
    findings
}

fn complete(settings: &Settings, source: &str) -> Vec<Finding> {
    let mut findings = vec![Finding::ok(
        "settings",
        format!("are complete, from {source}"),
    )];
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

fn incomplete(invalid: &InvalidSettings, file: Option<&Path>) -> Vec<Finding> {
    let mend = match file {
        None => "cp .env.example .env && chmod 600 .env && editor .env".to_owned(),
        Some(path) if path.is_absolute() => format!("sudo -e {}", path.display()),
        Some(path) => format!("editor {}", path.display()),
    };
    let problems = invalid.problems().iter();
    problems
        .map(|problem| Finding::error("settings", problem, &mend))
        .collect()
}
