//! `backups`: lists what the cars have backed up, and fetches a file.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use actors::backup::{Backup, BackupError, BackupType, Folder, Sha256, list_backups, open_backup};
use actors::device_id::DeviceId;
use clap::{Args, Subcommand};
use ring::digest::{Context, SHA256};

use super::Failure;
use super::doctor::size;
use super::page;
use super::table::table;
use crate::config::Settings;
use crate::hex::hex;
use crate::http::BackupList;

const HEADINGS: [&str; 6] = ["DEVICE", "TYPE", "STORED (UTC)", "SIZE", "STATE", "FILE"];

const BLOCK_BYTES: usize = 64 * 1024;

#[derive(Debug, Args)]
pub(super) struct BackupsArguments {
    #[command(subcommand)]
    command: Option<BackupsCommand>,
    #[command(flatten)]
    list: ListArguments,
}

#[derive(Debug, Subcommand)]
enum BackupsCommand {
    /// Lists backups, the newest of each device and type first (the default).
    List(ListArguments),
    /// Copies a backup, and compares the copy with the checksum of what the device sent.
    Fetch(FetchArguments),
}

#[derive(Debug, Args)]
struct ListArguments {
    /// Only backups of this device.
    #[arg(long, value_name = "ID", value_parser = str::parse::<DeviceId>)]
    device: Option<DeviceId>,
    /// Only backups of this type: database, logs or config.
    #[arg(long = "type", value_name = "TYPE", value_parser = str::parse::<BackupType>)]
    kind: Option<BackupType>,
    /// Prints JSON, as GET /api/v1/backups answers.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct FetchArguments {
    /// The device.
    #[arg(value_parser = str::parse::<DeviceId>)]
    device: DeviceId,
    /// database, logs or config.
    #[arg(value_name = "TYPE", value_parser = str::parse::<BackupType>)]
    kind: BackupType,
    /// The name of the file, as listed; by default the newest that is not damaged.
    file: Option<String>,
    /// Where the copy goes: a new file, or a folder; `-` is standard output.
    #[arg(long, short, value_name = "PATH", default_value = ".")]
    output: PathBuf,
    /// Prints JSON about the copy.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: BackupsArguments, settings: &Settings) -> Result<(), Failure> {
    match arguments.command {
        None => list(&arguments.list, settings),
        Some(BackupsCommand::List(wanted)) => list(&wanted, settings),
        Some(BackupsCommand::Fetch(wanted)) => fetch(wanted, settings),
    }
}

/// The backups of a device and a type (`None`: of all), the newest of each first.
pub(super) fn find(
    settings: &Settings,
    device: Option<&DeviceId>,
    kind: Option<BackupType>,
) -> Result<Vec<Backup>, Failure> {
    list_backups(&settings.backup_dir, device, kind).map_err(|error| {
        let folder = settings.backup_dir.display();
        let why = actors::causes(&error);
        format!("the backups in {folder} cannot be read: {why}").into()
    })
}

fn list(wanted: &ListArguments, settings: &Settings) -> Result<(), Failure> {
    let backups = find(settings, wanted.device.as_ref(), wanted.kind)?;
    if wanted.json {
        return page::json(&BackupList::from(backups));
    }
    if backups.is_empty() {
        say!("There is no backup in {}.", settings.backup_dir.display())?;
        return Ok(());
    }
    say!("{}", table(HEADINGS, backups.iter().map(cells)).trim_end())?;
    Ok(())
}

fn cells(backup: &Backup) -> [String; 6] {
    [
        backup.folder.device.to_string(),
        backup.folder.kind.as_str().to_owned(),
        backup.created_at.format("%Y-%m-%d %H:%M:%S").to_string(),
        size(backup.size_bytes),
        state(backup),
        backup.filename.clone(),
    ]
}

/// Whether it is sound, in a few words.
pub(super) fn state(backup: &Backup) -> String {
    let note = backup.note.as_deref();
    match (backup.verified, note) {
        (Some(true), None) => "sound".to_owned(),
        (Some(true), Some(note)) => format!("sound; {note}"),
        (Some(false), note) => {
            format!("damaged: {}", note.unwrap_or("changed since it was stored"))
        }
        (None, note) => note.unwrap_or("not checked").to_owned(),
    }
}

fn fetch(wanted: FetchArguments, settings: &Settings) -> Result<(), Failure> {
    let folder = Folder {
        device: wanted.device,
        kind: wanted.kind,
    };
    let file = match wanted.file {
        Some(file) => file,
        None => newest(settings, &folder)?,
    };
    let opened = open_backup(&settings.backup_dir, folder.clone(), file.clone())
        .map_err(|error| unopened(settings, &folder, &file, &error))?;
    let expected = opened.backup.sha256;
    if wanted.output == Path::new("-") {
        return copy(opened.file, &mut io::stdout(), expected);
    }
    let path = if wanted.output.is_dir() {
        wanted.output.join(&file)
    } else {
        wanted.output
    };
    let cannot = |error: io::Error| format!("cannot write {}: {error}", path.display());
    let mut new = File::create_new(&path).map_err(cannot)?;
    let copied =
        copy(opened.file, &mut new, expected).and_then(|()| Ok(new.sync_all().map_err(cannot)?));
    if let Err(failure) = copied {
        // A part of a backup must not pass for one.
        let _ = fs::remove_file(&path);
        return Err(format!("cannot write {}: {failure}", path.display()).into());
    }
    if wanted.json {
        return page::json(&serde_json::json!({
            "path": path,
            "sizeBytes": opened.backup.size_bytes,
            "sha256": expected.map(|digest| digest.to_string()),
        }));
    }
    let checked = match expected {
        Some(_) => "its checksum is that of the upload",
        None => "the server has no checksum of it",
    };
    say!(
        "{}: {}, {checked}",
        path.display(),
        size(opened.backup.size_bytes)
    )?;
    Ok(())
}

fn newest(settings: &Settings, folder: &Folder) -> Result<String, Failure> {
    let backups = find(settings, Some(&folder.device), Some(folder.kind))?;
    if backups.is_empty() {
        return Err(absence(folder, &find(settings, None, None)?).into());
    }
    let newest = backups
        .into_iter()
        .find(|backup| backup.verified != Some(false));
    newest
        .map(|backup| backup.filename)
        .ok_or_else(|| format!("all backups of {folder} are damaged; see: backups list").into())
}

/// Why a file cannot be opened, with the files that there are.
fn unopened(settings: &Settings, folder: &Folder, file: &str, error: &BackupError) -> Failure {
    let found = match error {
        BackupError::NotFound => find(settings, None, None).unwrap_or_default(),
        _ => return format!("{folder}/{file}: {}", actors::causes(error)).into(),
    };
    match found.iter().find(|backup| backup.folder == *folder) {
        Some(newest) => {
            let newest = &newest.filename;
            format!("{folder} has no file {file}; its newest is {newest}").into()
        }
        None => absence(folder, &found).into(),
    }
}

/// Says which part of the name of an empty folder has no backups, and which ones have.
fn absence(folder: &Folder, all: &[Backup]) -> String {
    let Folder { device, kind } = folder;
    let devices: BTreeSet<&str> = all.iter().map(|it| it.folder.device.as_str()).collect();
    let own = all.iter().filter(|it| it.folder.device == *device);
    let kinds: BTreeSet<&str> = own.map(|it| it.folder.kind.as_str()).collect();
    let list = |names: BTreeSet<&str>| names.into_iter().collect::<Vec<_>>().join(", ");
    if devices.is_empty() {
        "there are no backups".to_owned()
    } else if kinds.is_empty() {
        let devices = list(devices);
        format!("device {device} has no backups; these devices have: {devices}")
    } else {
        let (kind, kinds) = (kind.as_str(), list(kinds));
        format!("device {device} has no backups of type {kind}; of these types it has: {kinds}")
    }
}

/// Copies a file block by block. A copy with another digest than the upload is a failure.
fn copy(mut from: File, to: &mut impl io::Write, expected: Option<Sha256>) -> Result<(), Failure> {
    let mut digest = Context::new(&SHA256);
    let mut block = vec![0; BLOCK_BYTES];
    loop {
        let length = from.read(&mut block)?;
        if length == 0 {
            break;
        }
        digest.update(&block[..length]);
        to.write_all(&block[..length])?;
    }
    to.flush()?;
    let actual = hex(digest.finish().as_ref());
    match expected {
        Some(expected) if expected.to_string() != actual => {
            Err("the content differs from what the device sent".into())
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn backup(device: &str, kind: BackupType) -> Backup {
        let device = device.parse().unwrap();
        Backup {
            folder: Folder { device, kind },
            filename: "a.json".to_owned(),
            path: PathBuf::new(),
            size_bytes: 1,
            created_at: chrono::NaiveDateTime::default(),
            sha256: None,
            verified: None,
            note: None,
        }
    }

    #[test]
    fn a_folder_without_backups_is_answered_with_those_that_have_some() {
        let all = [
            backup("car-1", BackupType::Config),
            backup("car-1", BackupType::Database),
            backup("car-2", BackupType::Logs),
        ];
        let says = |device: &str, kind, all: &[Backup]| absence(&backup(device, kind).folder, all);
        assert_eq!(
            says("nobody", BackupType::Logs, &all),
            "device nobody has no backups; these devices have: car-1, car-2"
        );
        assert_eq!(
            says("car-1", BackupType::Logs, &all),
            "device car-1 has no backups of type logs; of these types it has: config, database"
        );
        assert_eq!(says("car-1", BackupType::Logs, &[]), "there are no backups");
    }
}
