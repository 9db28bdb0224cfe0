//! `status`: how the cars, their drives and their backups stand, and what needs the owner.

mod facts;
mod problems;
mod text;

use clap::Args;
use serde::Serialize;

use super::Failure;
use super::host::Host;
use super::page;
use crate::config::Settings;
use crate::http::{BackupList, DriveList, SyncStatus};
use problems::Problem;

#[derive(Debug, Args)]
pub(super) struct StatusArguments {
    /// Prints JSON, with lists as GET /api/v1/sync/status, /drives and /backups answer.
    #[arg(long)]
    json: bool,
}

/// The status, for programs.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StatusBody<'a> {
    /// Whether nothing needs the owner.
    ok: bool,
    problems: &'a [Problem],
    #[serde(flatten)]
    sync: SyncStatus,
    drive_states: Vec<StateBody>,
    /// The latest of each device.
    #[serde(flatten)]
    drives: DriveList,
    /// The newest of each device and type.
    #[serde(flatten)]
    backups: BackupList,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StateBody {
    device_id: String,
    state: &'static str,
    drives: u64,
}

/// Prints the status. Fails if something needs the owner.
pub(super) fn run(arguments: &StatusArguments, settings: &Settings) -> Result<(), Failure> {
    let facts = facts::gather(settings)?;
    let problems = problems::find(&facts, &settings.extra_tables, &Host::find());
    if arguments.json {
        let states = facts.states.into_iter().map(|count| StateBody {
            device_id: count.device_id,
            state: count.state.as_str(),
            drives: count.drives,
        });
        page::json(&StatusBody {
            ok: problems.is_empty(),
            problems: &problems,
            sync: facts.devices.into(),
            drive_states: states.collect(),
            drives: facts.latest_drives.into(),
            backups: facts.newest_backups.unwrap_or_default().into(),
        })?;
    } else {
        page::print(&text::render(&facts, &problems))?;
    }
    match problems.len() {
        0 => Ok(()),
        1 => Err("status: one problem needs the owner".into()),
        count => Err(format!("status: {count} problems need the owner").into()),
    }
}
