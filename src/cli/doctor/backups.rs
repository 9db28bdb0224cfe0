//! Whether backups can be written, and for how long.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf, absolute};

use actors::backup::{MARKER, is_unmounted};
use actors::health::probes::{free_bytes, wanted_bytes};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::finding::{Finding, size};
use super::{Host, LIMIT};
use crate::config::Settings;

/// The service's own folder, where it notes which backup folder it used.
const SERVICE_STATE: &str = "/var/lib/eclipse-ai-server";

pub(super) struct Found {
    /// The folder for backups, from the root on.
    wanted: PathBuf,
    /// The same, or the one that it will be created in.
    existing: PathBuf,
    is_unmounted: bool,
    /// What became of a file that was written there, and removed again.
    written: io::Result<()>,
    free_bytes: Option<u64>,
}

/// `None`: the disk does not answer in time.
pub(super) async fn probe(settings: &Settings) -> Option<Found> {
    let folder = settings.backup_dir.clone();
    // A command has no STATE_DIRECTORY: systemd sets it for the service.
    let state = settings.state_directory.clone();
    let state = state.unwrap_or_else(|| SERVICE_STATE.into());
    let looking = spawn_blocking(move || look(&folder, &state));
    timeout(LIMIT, looking).await.ok()?.ok()
}

fn look(folder: &Path, state: &Path) -> Found {
    let wanted = absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let existing = wanted.ancestors().find(|folder| folder.exists());
    let existing = existing.unwrap_or(&wanted).to_owned();
    let is_unmounted = is_unmounted(&wanted, state);
    Found {
        written: if is_unmounted {
            Ok(())
        } else {
            write(&existing)
        },
        free_bytes: free_bytes(&existing),
        wanted,
        existing,
        is_unmounted,
    }
}

fn write(folder: &Path) -> io::Result<()> {
    let path = folder.join(format!(".doctor-{}", std::process::id()));
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&path)?;
    let written = file.write_all(b"x").and_then(|()| file.sync_all());
    fs::remove_file(&path)?;
    written
}

pub(super) fn judge(settings: &Settings, found: Option<&Found>, host: &Host) -> Vec<Finding> {
    let shown = settings.backup_dir.display();
    let Some(found) = found else {
        let says = format!("{shown} does not answer: is it on another machine?");
        return vec![Finding::error("backups", says, format!("df {shown}"))];
    };
    let wanted_bytes = wanted_bytes(settings.max_backup_size_mb * 1024 * 1024);
    vec![
        writing(found, host),
        disk(found.free_bytes, wanted_bytes, &found.existing),
    ]
}

fn writing(found: &Found, host: &Host) -> Finding {
    const SUBJECT: &str = "backups";
    let (wanted, existing) = (found.wanted.display(), found.existing.display());
    match &found.written {
        Ok(()) if found.is_unmounted => Finding::error(
            SUBJECT,
            format!("{wanted} was in use and has no {MARKER} now: its disk is not mounted"),
            host.mount(&found.wanted, MARKER),
        ),
        Ok(()) if found.existing == found.wanted => {
            Finding::ok(SUBJECT, format!("{wanted} can be written"))
        }
        Ok(()) => Finding::ok(
            SUBJECT,
            format!("{wanted} will be created with the first backup"),
        ),
        Err(error) => {
            let says = format!("{existing} cannot be written: {error}");
            let mend = match error.kind() {
                io::ErrorKind::PermissionDenied => host.create_folder(&found.wanted),
                io::ErrorKind::ReadOnlyFilesystem => format!("findmnt --target {existing}"),
                _ => format!("df {existing}"),
            };
            Finding::error(SUBJECT, says, mend)
        }
    }
}

fn disk(free_bytes: Option<u64>, wanted_bytes: u64, folder: &Path) -> Finding {
    let folder = folder.display();
    match free_bytes {
        None => Finding::warning(
            "disk",
            format!("the free space of {folder} cannot be read"),
            format!("df {folder}"),
        ),
        Some(free) if free < wanted_bytes => Finding::warning(
            "disk",
            format!(
                "{} are free for backups; there should be {}",
                size(free),
                size(wanted_bytes)
            ),
            format!("sudo du -h -d 2 {folder} # a smaller BACKUP_RETENTION_COUNT needs less"),
        ),
        Some(free) => Finding::ok("disk", format!("{} are free for backups", size(free))),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Verdict;
    use super::*;

    #[test]
    fn a_disk_with_too_little_room_is_a_warning() {
        let verdict = |free| disk(free, 1000, Path::new("/backups")).verdict;
        assert_eq!(verdict(Some(1000)), Verdict::Ok);
        assert_eq!(verdict(Some(999)), Verdict::Warning);
        assert_eq!(verdict(None), Verdict::Warning);
    }

    #[test]
    fn looking_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let found = look(&folder.path().join("not/there"), Path::new("/nonexistent"));
        assert!(found.written.is_ok() && found.existing == folder.path());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
