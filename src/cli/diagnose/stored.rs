//! Drives from the database: one, the latest, or all of them again.

use std::path::Path;
use std::time::Duration;

use actors::analysis::{diagnose_stored, diagnoses};
use actors::database::Database;
use actors::device_id::DeviceId;
use actors::schema;
use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use clap::Args;

use super::{Diagnosed, output};
use crate::cli::{Failure, block_on, settings_and_log};
use crate::config::Settings;

const LIMIT: Duration = Duration::from_secs(10);

#[derive(Debug, Args)]
pub(super) struct StoredArguments {
    /// Diagnoses a stored drive: the server's number of it.
    #[arg(long, value_name = "N", conflicts_with = "files")]
    drive: Option<i64>,
    /// Diagnoses the latest stored drive.
    #[arg(long, conflicts_with_all = ["files", "drive"])]
    last: bool,
    /// The device of the latest drive.
    #[arg(long, requires = "last", value_parser = str::parse::<DeviceId>)]
    device: Option<DeviceId>,
    /// Diagnoses all stored drives again, the oldest first: after a change of thresholds, rules or baseline.
    #[arg(long, conflicts_with_all = ["files", "drive", "last", "json", "html"])]
    recompute: bool,
    /// Only drives that began on this day or later.
    #[arg(long, requires = "recompute", value_name = "DATE")]
    since: Option<NaiveDate>,
}

impl StoredArguments {
    pub(super) fn are_given(&self) -> bool {
        self.drive.is_some() || self.last || self.recompute
    }
}

pub(super) fn run(
    arguments: &StoredArguments,
    json: bool,
    html: Option<&Path>,
) -> Result<(), Failure> {
    let settings = settings_and_log()?;
    block_on(async {
        let database = Database::open(&settings.database_url, 2);
        schema::migrate(&database).await?;
        if arguments.recompute {
            let since = arguments.since.map(|day| day.and_time(NaiveTime::MIN));
            return recompute(&database, &settings, since).await;
        }
        let device = arguments.device.as_ref().map(DeviceId::as_str);
        let drive = match arguments.drive {
            Some(drive) => drive,
            None => database
                .run(LIMIT, async |connection| {
                    diagnoses::latest(connection, device).await
                })
                .await?
                .ok_or("no drive is diagnosed yet")?,
        };
        let Some((diagnosis, traces)) =
            diagnose_stored(&database, &settings.diagnosis, drive).await?
        else {
            return Err(format!("there is no drive {drive}").into());
        };
        let diagnosed = Diagnosed {
            title: format!("Drive {drive}"),
            has_date: true,
            diagnosis,
            traces,
            summary: None,
        };
        if json {
            output::json(&[diagnosed])
        } else {
            output::show(&diagnosed, html)
        }
    })
}

async fn recompute(
    database: &Database,
    settings: &Settings,
    since: Option<NaiveDateTime>,
) -> Result<(), Failure> {
    let drives = database
        .run(LIMIT, async |connection| {
            diagnoses::diagnosed_since(connection, since).await
        })
        .await?;
    for drive in &drives {
        let diagnosed = diagnose_stored(database, &settings.diagnosis, *drive).await?;
        if let Some((diagnosis, _)) = diagnosed {
            println!("Drive {drive}: {}", diagnosis.grade_reason);
        }
    }
    println!("{} drives diagnosed again.", drives.len());
    Ok(())
}
