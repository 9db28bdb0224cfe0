//! What `status` knows, from the tables and the folder that the API answers from.

use std::collections::BTreeSet;

use actors::analysis::DiagnosisSummary;
use actors::backup::Backup;
use actors::drives::{self, DriveState, KnownDrive, StateCount};
use actors::sync::devices::{self, Device};
use actors::sync::status::{DeviceSyncStatus, read_status};
use chrono::NaiveDateTime;

use crate::cli::stored::{self, LIMIT};
use crate::cli::{Failure, backups, drives as drive_lists};
use crate::config::Settings;

/// Drives of each device that are shown.
const DRIVES: u32 = 3;

/// Drives with a problem that are named.
const NAMED: u32 = 100;

pub(super) struct Facts {
    /// UTC.
    pub now: NaiveDateTime,
    /// The address of the database.
    pub place: String,
    /// Those that have sent something, the latest contact first.
    pub devices: Vec<DeviceSyncStatus>,
    /// All that are registered.
    pub registered: Vec<Device>,
    pub states: Vec<StateCount>,
    /// The latest of each device.
    pub latest_drives: Vec<(KnownDrive, Option<DiagnosisSummary>)>,
    pub failed_drives: Vec<KnownDrive>,
    /// Drives that an error keeps from being analysed.
    pub delayed_drives: Vec<KnownDrive>,
    /// The newest of each device and type; or why they cannot be read.
    pub newest_backups: Result<Vec<Backup>, String>,
}

pub(super) fn gather(settings: &Settings) -> Result<Facts, Failure> {
    let timing = settings.queue_timing();
    stored::read(settings, async |database| {
        let (devices, registered, states) = database
            .run(LIMIT, async |connection| {
                Ok((
                    read_status(connection, None).await?,
                    devices::all_devices(connection).await?,
                    drives::count_by_state(connection).await?,
                ))
            })
            .await?;
        let (failed_drives, mut delayed_drives) = database
            .run(LIMIT, async |connection| {
                let failed = drives::in_state(connection, DriveState::Failed, NAMED, &timing);
                let failed = failed.await?;
                let mut delayed = Vec::new();
                for state in [DriveState::Waiting, DriveState::Queued] {
                    delayed.extend(drives::in_state(connection, state, NAMED, &timing).await?);
                }
                Ok((failed, delayed))
            })
            .await?;
        delayed_drives.retain(|drive| drive.reason.is_some());
        let mut latest_drives = Vec::new();
        for device in &devices {
            let of_device = Some(device.contact.device_id.as_str());
            let drives = drive_lists::latest(database, settings, of_device, DRIVES);
            latest_drives.extend(drives.await?);
        }
        Ok(Facts {
            now: actors::clock::now(),
            place: settings.database_url.place(),
            devices,
            registered,
            states,
            latest_drives,
            failed_drives,
            delayed_drives,
            newest_backups: newest_backups(settings).map_err(|error| error.to_string()),
        })
    })
}

fn newest_backups(settings: &Settings) -> Result<Vec<Backup>, Failure> {
    let mut folders = BTreeSet::new();
    let mut backups = backups::find(settings, None, None)?;
    backups.retain(|backup| folders.insert(backup.folder.clone()));
    Ok(backups)
}
