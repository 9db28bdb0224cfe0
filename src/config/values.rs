//! Parsers of the values. Pure; an error says what is allowed.

use std::fmt::Display;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use actix_web::http::Uri;
use actors::database::DatabaseUrl;
use actors::sync::tables::Table;
use actors::sync::{BadRows, UnknownBadRows};
use log::LevelFilter;
use secrecy::SecretString;

use super::BaseUrl;

pub(super) fn database_url(text: &str) -> Result<DatabaseUrl, String> {
    DatabaseUrl::parse(text).map_err(|error| error.to_string())
}

/// The key is sent in a header, so it may contain only what a header can carry.
pub(super) fn api_key(text: &str) -> Result<SecretString, String> {
    if text.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(SecretString::from(text))
    } else {
        Err("must be ASCII letters, digits and signs, without blanks".to_owned())
    }
}

#[expect(clippy::unnecessary_wraps, reason = "same signature as the others")]
pub(super) fn text(text: &str) -> Result<String, String> {
    Ok(text.to_owned())
}

#[expect(clippy::unnecessary_wraps, reason = "same signature as the others")]
pub(super) fn path(text: &str) -> Result<PathBuf, String> {
    Ok(PathBuf::from(text))
}

/// The file's own problems are all named.
pub(super) fn thresholds(text: &str) -> Result<actors::diagnosis::Settings, String> {
    let file = std::fs::read_to_string(text).map_err(|error| format!("{text}: {error}"))?;
    actors::diagnosis::Settings::parse(&file)
        .map_err(|problems| format!("{text}: {}", problems.join("; ")))
}

/// Returned without a slash at its end, so that a path can be appended.
pub(super) fn http_url(text: &str) -> Result<BaseUrl, String> {
    let url = text.trim_end_matches('/');
    match Uri::from_str(url) {
        Ok(uri)
            if uri.scheme_str() == Some("http")
                && uri.host().is_some()
                && uri.query().is_none() =>
        {
            Ok(BaseUrl::new(url.to_owned()))
        }
        _ => Err("must be a URL such as http://localhost:11434".to_owned()),
    }
}

pub(super) fn address(text: &str) -> Result<IpAddr, String> {
    let named = if text == "localhost" {
        "127.0.0.1"
    } else {
        text
    };
    named
        .parse()
        .map_err(|_| "must be an IP address such as 0.0.0.0 or 127.0.0.1".to_owned())
}

/// A whole number between two limits, both included.
pub(super) fn number<T>(least: T, most: T) -> impl FnOnce(&str) -> Result<T, String>
where
    T: FromStr + PartialOrd + Display,
{
    move |text| match text.parse() {
        Ok(number) if number >= least && number <= most => Ok(number),
        _ => Err(format!("must be a whole number from {least} to {most}")),
    }
}

pub(super) fn seconds(least: u64, most: u64) -> impl FnOnce(&str) -> Result<Duration, String> {
    move |text| number(least, most)(text).map(Duration::from_secs)
}

/// The names of `log` and those of Python.
pub(super) fn log_level(text: &str) -> Result<LevelFilter, String> {
    Ok(match text.to_ascii_uppercase().as_str() {
        "TRACE" => LevelFilter::Trace,
        "DEBUG" => LevelFilter::Debug,
        "INFO" => LevelFilter::Info,
        "WARNING" | "WARN" => LevelFilter::Warn,
        "ERROR" | "CRITICAL" | "FATAL" => LevelFilter::Error,
        _ => return Err("must be DEBUG, INFO, WARNING, ERROR or CRITICAL".to_owned()),
    })
}

pub(super) fn bad_rows(text: &str) -> Result<BadRows, String> {
    text.parse()
        .map_err(|error: UnknownBadRows| error.to_string())
}

pub(super) fn extra_tables(text: &str) -> Result<Vec<String>, String> {
    let names = text
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty());
    names
        .map(|name| {
            let fits = name.len() <= 64
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            match (fits, Table::named(name)) {
                (true, None) => Ok(name.to_owned()),
                (true, Some(_)) => Err(format!("{name} is a table that the server always accepts")),
                (false, _) => {
                    Err("must be names of letters, digits and _, with commas between".to_owned())
                }
            }
        })
        .collect()
}
