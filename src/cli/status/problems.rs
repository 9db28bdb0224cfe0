//! What needs the owner, and the command that repairs it or shows more. Pure.

use std::collections::{BTreeMap, BTreeSet};

use actors::drives::KnownDrive;
use actors::sync::status::{BatchError, DeviceSyncStatus, TableSyncStatus};
use actors::sync::tables::Table;
use chrono::{NaiveDateTime, TimeDelta};
use serde::Serialize;

use super::facts::Facts;
use crate::cli::backups;
use crate::cli::host::Host;

/// A failure that is older is not repeated any more: the device sends the table no longer.
const FORGOTTEN_AFTER: TimeDelta = TimeDelta::days(7);

/// Something that does not go away without the owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Problem {
    /// Whose problem it is; none where it is the server's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_id: Option<String>,
    /// What is wrong.
    #[serde(rename = "problem")]
    pub says: String,
    /// What repairs it, or shows more.
    pub command: String,
}

/// All problems. `extra_tables` are the further tables that the server accepts.
pub(super) fn find(facts: &Facts, extra_tables: &[String], host: &Host) -> Vec<Problem> {
    let database = facts.place.rsplit('/').next().unwrap_or_default();
    let mut problems = Vec::new();
    for device in &facts.devices {
        problems.extend(silence(device, host));
        let mut seen = BTreeSet::new();
        let tables: Vec<&TableSyncStatus> = device
            .tables
            .iter()
            // A table has an entry for each epoch.
            .filter(|table| seen.insert(&table.table))
            .collect();
        problems.extend(refused(facts.now, device, &tables, extra_tables, host));
        for table in tables {
            problems.extend(quarantined(device, table, database, host));
        }
    }
    problems.extend(facts.failed_drives.iter().map(|drive| Problem {
        device_id: Some(drive.device_id.clone()),
        says: format!(
            "the analysis of drive {} failed{}",
            drive.id,
            because(drive.reason.as_deref())
        ),
        command: host.own(&format!("reanalyse {}", drive.id)),
    }));
    problems.extend(delayed(&facts.delayed_drives, host));
    problems.extend(damaged(facts, host));
    problems
}

fn because(reason: Option<&str>) -> String {
    reason.map_or_else(String::new, |reason| format!(": {reason}"))
}

fn silence(device: &DeviceSyncStatus, host: &Host) -> Option<Problem> {
    let id = &device.contact.device_id;
    device.contact.is_silent.then(|| Problem {
        device_id: Some(id.clone()),
        says: format!(
            "no contact since {} UTC, more than three times its usual interval",
            device.contact.last_contact_at.format("%Y-%m-%d %H:%M")
        ),
        command: host.log(&format!(
            "--since '{}' -p warning # at home? address and key in its logger right?",
            device.contact.last_contact_at.format("%Y-%m-%d %H:%M UTC")
        )),
    })
}

/// Tables whose latest batch was not stored. Those of one batch are one problem.
fn refused(
    now: NaiveDateTime,
    device: &DeviceSyncStatus,
    tables: &[&TableSyncStatus],
    extra_tables: &[String],
    host: &Host,
) -> Vec<Problem> {
    let mut by_batch: BTreeMap<(&str, String), Vec<&str>> = BTreeMap::new();
    for table in tables {
        let Some(failed) = unresolved(now, table) else {
            continue;
        };
        let name = table.table.as_str();
        let is_known = Table::named(name).is_some() || extra_tables.iter().any(|it| it == name);
        let change = if is_known {
            "correct the row on the car, or set BAD_ROWS=quarantine".to_owned()
        } else {
            format!("add {name} to EXTRA_TABLES")
        };
        by_batch
            .entry((&failed.error, change))
            .or_default()
            .push(name);
    }
    let problems = by_batch
        .into_iter()
        .map(|((error, change), names)| Problem {
            device_id: Some(device.contact.device_id.clone()),
            says: format!(
                "{}: the latest batch was not stored: {error}",
                names.join(", ")
            ),
            command: format!(
                "{} # {change}, then: {}",
                host.edit_settings(),
                host.restart_server()
            ),
        });
    problems.collect()
}

/// The failure of the latest batch with rows of a table, if it was not stored later.
fn unresolved(now: NaiveDateTime, table: &TableSyncStatus) -> Option<&BatchError> {
    let failed = table.last_error.as_ref()?;
    let was_stored = table
        .last_batch
        .as_ref()
        .is_some_and(|stored| stored.at >= failed.at);
    (now - failed.at <= FORGOTTEN_AFTER && !was_stored).then_some(failed)
}

fn quarantined(
    device: &DeviceSyncStatus,
    table: &TableSyncStatus,
    database: &str,
    host: &Host,
) -> Option<Problem> {
    let (rows, name) = (table.quarantined, &table.table);
    (rows > 0).then(|| Problem {
        device_id: Some(device.contact.device_id.clone()),
        says: match rows {
            1 => format!("{name}: 1 row is in quarantine"),
            rows => format!("{name}: {rows} rows are in quarantine"),
        },
        command: host.adapt(&format!(
            "sudo mysql {database} --execute=\"SELECT row_key, reason, row_json FROM quarantined_rows WHERE table_name = '{name}'\""
        )),
    })
}

/// Drives that the same error keeps from being analysed are one problem.
fn delayed(drives: &[KnownDrive], host: &Host) -> Vec<Problem> {
    let mut by_reason: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for drive in drives {
        let reason = drive.reason.as_deref().unwrap_or_default();
        by_reason
            .entry(reason)
            .or_default()
            .push(drive.id.to_string());
    }
    let problems = by_reason.into_iter().map(|(reason, ids)| Problem {
        device_id: None,
        says: format!("not analysed yet: drive {}: {reason}", ids.join(", ")),
        command: host.own("doctor"),
    });
    problems.collect()
}

fn damaged(facts: &Facts, host: &Host) -> Vec<Problem> {
    let newest = match &facts.newest_backups {
        Ok(newest) => newest,
        Err(error) => {
            return vec![Problem {
                device_id: None,
                says: error.clone(),
                command: host.own("doctor"),
            }];
        }
    };
    let damaged = newest
        .iter()
        .filter(|backup| backup.verified == Some(false));
    let problems = damaged.map(|backup| {
        let (device, kind) = (backup.folder.device.as_str(), backup.folder.kind.as_str());
        Problem {
            device_id: Some(device.to_owned()),
            says: format!(
                "its newest backup of type {kind}, {}, is {}",
                backup.filename,
                backups::state(backup)
            ),
            command: format!(
                "{} # those before; send it again from the car",
                host.own(&format!("backups list --device '{device}' --type {kind}"))
            ),
        }
    });
    problems.collect()
}
