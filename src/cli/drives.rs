//! `drives`, `show` and `reanalyse`: the drives that are stored, and what was found out about each.

use std::path::PathBuf;

use actors::analysis::{DiagnosisSummary, diagnose_stored, diagnoses, find_drive, report};
use actors::database::Database;
use actors::device_id::DeviceId;
use actors::diagnosis::Grade;
use actors::drives::{self, DriveState, KnownDrive};
use actors::page::Page;
use clap::Args;

use super::Failure;
use super::host::Host;
use super::page::{self, Form};
use super::stored::{self, LIMIT};
use super::table::table;
use crate::config::Settings;
use crate::http::{DiagnosedDrive, DriveList};
use crate::report::{Recommendation, Subject};

const HEADINGS: [&str; 7] = [
    "DRIVE", "DEVICE", "BEGAN", "LENGTH", "STATE", "GRADE", "REASON",
];

#[derive(Debug, Args)]
pub(super) struct DrivesArguments {
    /// Only drives of this device.
    #[arg(long, value_name = "ID", value_parser = str::parse::<DeviceId>)]
    device: Option<DeviceId>,
    /// The largest number of drives.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
    /// Prints JSON, as GET /api/v1/drives answers.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct ShowArguments {
    /// The server's number of the drive (the first column of `drives`).
    drive: i64,
    /// Prints JSON, as GET /api/v1/drives/DRIVE answers.
    #[arg(long, conflicts_with = "html")]
    json: bool,
    /// Writes the report as one self-contained HTML page; `-` writes to standard output.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct ReanalyseArguments {
    /// The server's number of the drive (the first column of `drives`).
    drive: i64,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Lists drives.
pub(super) fn list(arguments: &DrivesArguments, settings: &Settings) -> Result<(), Failure> {
    let device = arguments.device.as_ref().map(DeviceId::as_str);
    let drives = stored::read(settings, async |database| {
        latest(database, settings, device, arguments.limit).await
    })?;
    if arguments.json {
        return page::json(&DriveList::from(drives));
    }
    if drives.is_empty() {
        say!("There is no drive yet.")?;
        return Ok(());
    }
    say!("{}", table(HEADINGS, drives.iter().map(cells)).trim_end())?;
    Ok(())
}

/// The latest drives of one device or of all, each with its diagnosis if it has one.
pub(super) async fn latest(
    database: &Database,
    settings: &Settings,
    device: Option<&str>,
    limit: u32,
) -> Result<Vec<(KnownDrive, Option<DiagnosisSummary>)>, Failure> {
    let timing = settings.queue_timing();
    let found = database.run(LIMIT, async |connection| {
        let drives = drives::list(
            connection,
            device,
            &Page::first(limit),
            &timing,
            drives::COUNTING,
        )
        .await?;
        diagnoses::summarized(connection, drives).await
    });
    Ok(found.await?)
}

fn cells((drive, diagnosis): &(KnownDrive, Option<DiagnosisSummary>)) -> [String; 7] {
    let length = drive.end.map_or_else(
        || "under way".to_owned(),
        |end| format!("{} min", (end - drive.start).num_minutes()),
    );
    let grade = diagnosis.as_ref().and_then(|found| found.grade.clone());
    let reason = diagnosis.as_ref().map(|found| found.grade_reason.clone());
    [
        drive.id.to_string(),
        drive.device_id.clone(),
        drive.start.format("%Y-%m-%d %H:%M").to_string(),
        length,
        drive.state.to_string(),
        grade.unwrap_or_else(|| "-".to_owned()),
        drive.reason.clone().or(reason).unwrap_or_default(),
    ]
}

/// Shows the diagnosis of a drive, and what the model recommends.
pub(super) fn show(arguments: &ShowArguments, settings: &Settings) -> Result<(), Failure> {
    let drive = arguments.drive;
    stored::read(settings, async |database| {
        if arguments.json {
            let found = database
                .run(LIMIT, async |connection| {
                    find_drive(connection, drive, None).await
                })
                .await?;
            return match found {
                Some(found) => page::json(&DiagnosedDrive::try_from(found)?),
                None => Err(not_diagnosed(database, settings, drive).await?),
            };
        }
        let found = Box::pin(database.run(LIMIT, async |connection| {
            report(
                connection,
                &settings.diagnosis,
                settings.drive_silence,
                drive,
            )
            .await
        }))
        .await?;
        let Some(found) = found else {
            return Err(not_diagnosed(database, settings, drive).await?);
        };
        let recommendations: Vec<Recommendation> = found
            .recommendations
            .iter()
            .map(Recommendation::from)
            .collect();
        let subject = Subject {
            title: &found.title(),
            has_date: true,
            diagnosis: &found.diagnosis,
            traces: &found.traces,
            recommendations: &recommendations,
        };
        page::show(&subject, &Form::of(arguments.html.as_deref()))
    })
}

/// Why there is nothing to show: the drive does not exist, or how it stands.
async fn not_diagnosed(
    database: &Database,
    settings: &Settings,
    drive: i64,
) -> Result<Failure, Failure> {
    Ok(match find(database, settings, drive).await? {
        None => no_such_drive(drive),
        Some(found) => {
            let reason = found
                .reason
                .map_or_else(String::new, |reason| format!(": {reason}"));
            format!(
                "drive {drive} is not diagnosed yet; it is {}{reason}",
                found.state
            )
            .into()
        }
    })
}

fn no_such_drive(drive: i64) -> Failure {
    format!("there is no drive {drive}; see: drives").into()
}

async fn find(
    database: &Database,
    settings: &Settings,
    drive: i64,
) -> Result<Option<KnownDrive>, Failure> {
    let timing = settings.queue_timing();
    let found = database.run(LIMIT, async |connection| {
        drives::find(connection, drive, &timing).await
    });
    Ok(found.await?)
}

/// Diagnoses a drive again, and queues it for the model.
pub(super) fn reanalyse(
    arguments: &ReanalyseArguments,
    settings: &Settings,
) -> Result<(), Failure> {
    let drive = arguments.drive;
    stored::read(settings, async |database| {
        refuse_unless_ended(database, settings, drive).await?;
        let silence = settings.drive_silence;
        let diagnosed = diagnose_stored(database, &settings.diagnosis, silence, drive).await?;
        let (diagnosis, _) = stored::new_diagnosis(drive, diagnosed)?;
        let queued = database
            .run(LIMIT, async |connection| {
                drives::reanalyse(connection, drive).await
            })
            .await?;
        if !queued {
            return Err(format!("drive {drive} has changed in the meantime: try again").into());
        }
        let grade = diagnosis.grade.map(Grade::label);
        if arguments.json {
            return page::json(&serde_json::json!({
                "drive": drive,
                "state": DriveState::Queued.as_str(),
                "grade": grade,
                "gradeReason": diagnosis.grade_reason,
            }));
        }
        let grade = grade.map_or(String::new(), |grade| format!("Grade {grade}. "));
        say!(
            "Drive {drive} is diagnosed again. {grade}{}",
            diagnosis.grade_reason
        )?;
        say!(
            "It is queued for the model. The running server analyses it; see: {}",
            Host::find().own(&format!("show {drive}"))
        )?;
        Ok(())
    })
}

/// An error where the drive does not exist, is open or is being analysed.
async fn refuse_unless_ended(
    database: &Database,
    settings: &Settings,
    drive: i64,
) -> Result<(), Failure> {
    match find(database, settings, drive).await? {
        None => Err(no_such_drive(drive)),
        Some(found) => match found.state {
            DriveState::Open => Err(format!("drive {drive} has not ended yet").into()),
            DriveState::Running => {
                Err(format!("drive {drive} is running: wait for the end of that").into())
            }
            _ => Ok(()),
        },
    }
}
