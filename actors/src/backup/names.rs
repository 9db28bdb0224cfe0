//! Names of backups: which part of a client's file name is kept, and the name of a stored file.
//!
//! Pure functions of their arguments. Every name that leaves this file is one path segment of
//! ASCII letters, digits, `.`, `_` and `-` that does not start with a dot, so it can neither leave
//! its folder nor hide in it.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use chrono::{NaiveDateTime, SubsecRound};

use crate::device_id::DeviceId;

/// The allowed extensions, in any case.
pub const ALLOWED_EXTENSIONS: [&str; 4] = [".db", ".log", ".json", ".gz"];

/// The longest stem. With time, counter, extension and the record's `.json`, a name stays below the 255 bytes that
/// file systems allow.
const STEM_MAX_BYTES: usize = 200;

const TIME_FORMAT: &str = "%Y-%m-%dT%H-%M-%S";
const TIME_BYTES: usize = "2026-02-01T14-30-00".len();
const COUNTER_MAX_DIGITS: usize = 9;

/// A character that means the same in a path, a URL and a shell.
pub(super) fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')
}

/// The longest name of a folder that file systems allow.
const FOLDER_MAX_BYTES: usize = 255;

/// The name of a device's folder: the device id, with every byte beyond plain characters percent-encoded. Where that is
/// too long, characters beyond ASCII are kept, which leaves every device id short enough.
pub(super) fn folder_name(device: &DeviceId) -> String {
    let encoded = percent_encode(device.as_str(), is_plain);
    if encoded.len() <= FOLDER_MAX_BYTES {
        encoded
    } else {
        percent_encode(device.as_str(), |c| is_plain(c) || !c.is_ascii())
    }
}

/// The device whose folder has this name; `None` where the server does not name folders like this.
pub(super) fn device_of_folder(name: &str) -> Option<DeviceId> {
    let device = percent_decode(name)?.parse().ok()?;
    (folder_name(&device) == name).then_some(device)
}

fn percent_encode(text: &str, is_kept: impl Fn(char) -> bool) -> String {
    let mut encoded = String::with_capacity(text.len());
    for c in text.chars() {
        if is_kept(c) {
            encoded.push(c);
        } else {
            for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                let _ = write!(encoded, "%{byte:02X}");
            }
        }
    }
    encoded
}

fn percent_decode(name: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        let byte = if *first == b'%' {
            let (digits, after) = rest.split_at_checked(2)?;
            rest = after;
            u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?
        } else {
            *first
        };
        bytes.push(byte);
    }
    String::from_utf8(bytes).ok()
}

/// A client's file name, reduced to safe characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadName {
    stem: String,
    extension: String,
}

impl FromStr for UploadName {
    type Err = ExtensionNotAllowed;

    /// Keeps the last segment (of either kind of path) and replaces other characters by `_`.
    fn from_str(client_name: &str) -> Result<Self, Self::Err> {
        let segment = client_name.rsplit(['/', '\\']).next().unwrap_or_default();
        let name: String = segment
            .chars()
            .map(|c| if is_plain(c) { c } else { '_' })
            .collect();
        let (stem, extension) = split_extension(&name).ok_or(ExtensionNotAllowed)?;

        let visible = stem.trim_start_matches('.');
        let dots = stem.len() - visible.len();
        let mut stem = "_".repeat(dots) + visible;
        stem.truncate(STEM_MAX_BYTES);
        Ok(Self {
            stem,
            extension: extension.to_owned(),
        })
    }
}

impl fmt::Display for UploadName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.stem, self.extension)
    }
}

/// The client's file name does not end in one of [`ALLOWED_EXTENSIONS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("File extension not allowed. Allowed: .db, .log, .json, .gz")]
pub struct ExtensionNotAllowed;

/// Stem and extension (with its dot), where the extension is allowed and the stem is not empty.
fn split_extension(name: &str) -> Option<(&str, &str)> {
    let (stem, extension) = name.split_at(name.rfind('.')?);
    let allowed = ALLOWED_EXTENSIONS
        .iter()
        .any(|known| known.eq_ignore_ascii_case(extension));
    (allowed && !stem.is_empty()).then_some((stem, extension))
}

/// The name of a stored file: `{stem}-{YYYY-MM-DDTHH-MM-SS}{.ext}`, from the second of one second
/// on `{stem}-{YYYY-MM-DDTHH-MM-SS}-{counter}{.ext}`.
///
/// Ordered by time, then counter: oldest first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct StoredName {
    at: NaiveDateTime,
    counter: u32,
    stem: String,
    extension: String,
}

impl StoredName {
    /// An unused name for an upload.
    ///
    /// It continues from the highest counter instead of filling gaps: rotation leaves gaps at the old end, and a new
    /// file there would be taken for the oldest.
    pub(super) fn next<'a>(
        upload: &UploadName,
        at: NaiveDateTime,
        existing: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let first = Self {
            at: at.trunc_subsecs(0),
            counter: 1,
            stem: upload.stem.clone(),
            extension: upload.extension.clone(),
        };
        let highest = existing
            .into_iter()
            .filter_map(|name| name.parse::<Self>().ok())
            .filter(|name| {
                Self {
                    counter: 1,
                    ..name.clone()
                } == first
            })
            .map(|name| name.counter)
            .max();
        Self {
            counter: highest.unwrap_or(0) + 1,
            ..first
        }
    }

    /// The same name with the next counter.
    pub(super) fn following(self) -> Self {
        Self {
            counter: self.counter + 1,
            ..self
        }
    }

    /// Whether it was given to an upload of that name.
    pub(super) fn is_of(&self, upload: &UploadName) -> bool {
        (&self.stem, &self.extension) == (&upload.stem, &upload.extension)
    }

    /// When the file was stored: UTC, to the second.
    pub(super) fn at(&self) -> NaiveDateTime {
        self.at
    }
}

impl fmt::Display for StoredName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.stem, self.at.format(TIME_FORMAT))?;
        if self.counter > 1 {
            write!(f, "-{}", self.counter)?;
        }
        f.write_str(&self.extension)
    }
}

impl FromStr for StoredName {
    type Err = NotAStoredName;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        parse_stored(name).ok_or(NotAStoredName)
    }
}

/// The name does not have the form of a stored file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a name that this server gives")]
pub(super) struct NotAStoredName;

fn parse_stored(name: &str) -> Option<StoredName> {
    if !name.chars().all(is_plain) || name.starts_with('.') {
        return None;
    }
    let (rest, extension) = split_extension(name)?;
    let (stem, at, counter) = split_time(rest)
        .map(|(stem, at)| (stem, at, 1))
        .or_else(|| {
            let (rest, counter) = split_counter(rest)?;
            let (stem, at) = split_time(rest)?;
            Some((stem, at, counter))
        })?;
    Some(StoredName {
        at,
        counter,
        stem: stem.to_owned(),
        extension: extension.to_owned(),
    })
}

/// `{stem}-{time}`, the time spelt exactly as the server spells it.
fn split_time(rest: &str) -> Option<(&str, NaiveDateTime)> {
    let (stem, time) = rest.split_at(rest.len().checked_sub(TIME_BYTES)?);
    let at = NaiveDateTime::parse_from_str(time, TIME_FORMAT).ok()?;
    let stem = stem.strip_suffix('-').filter(|stem| !stem.is_empty())?;
    (at.format(TIME_FORMAT).to_string() == time).then_some((stem, at))
}

/// `{rest}-{counter}`, where the counter is 2 or more and has no leading zero.
fn split_counter(rest: &str) -> Option<(&str, u32)> {
    let (rest, digits) = rest.rsplit_once('-')?;
    let counter: u32 = digits.parse().ok().filter(|&counter| counter >= 2)?;
    let as_written = digits.len() <= COUNTER_MAX_DIGITS && counter.to_string() == digits;
    as_written.then_some((rest, counter))
}

#[cfg(test)]
mod tests;
