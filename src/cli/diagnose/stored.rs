//! Drives in the database.

use actors::analysis::{StoredDrive, diagnose_stored, diagnoses};
use actors::database::Database;
use actors::device_id::DeviceId;
use actors::diagnosis::Grade;
use chrono::{NaiveDate, NaiveTime};

use super::{Diagnosed, Failure};
use crate::cli::progress::Progress;
use crate::cli::stored::{self, LIMIT};
use crate::config::Settings;

/// Diagnoses a drive, or the latest one, and stores the result.
pub(super) fn diagnose(
    settings: &Settings,
    drive: Option<i64>,
    device: Option<&DeviceId>,
) -> Result<Diagnosed, Failure> {
    stored::write(settings, async |database| {
        let drive = match drive {
            Some(drive) => drive,
            None => latest(database, device).await?,
        };
        let diagnosed =
            diagnose_stored(database, &settings.diagnosis, settings.drive_silence, drive).await?;
        let (diagnosis, traces) = stored::new_diagnosis(drive, diagnosed)?;
        Ok(Diagnosed {
            title: format!("Drive {drive}"),
            has_date: true,
            diagnosis,
            traces,
            summary: None,
        })
    })
}

/// Diagnoses all drives again, the oldest first: each is part of the history of those after it.
pub(super) fn recompute(settings: &Settings, since: Option<NaiveDate>) -> Result<(), Failure> {
    stored::write(settings, async |database| {
        let since = since.map(|since| since.and_time(NaiveTime::MIN));
        let drives = database
            .run(LIMIT, async |connection| {
                diagnoses::diagnosed_since(connection, since).await
            })
            .await?;
        let (mut count, mut progress) = (0, Progress::new("drives", drives.len()));
        for (number, drive) in (1..).zip(&drives) {
            let diagnosed = diagnose_stored(
                database,
                &settings.diagnosis,
                settings.drive_silence,
                *drive,
            )
            .await?;
            match diagnosed {
                StoredDrive::Diagnosed(diagnosed) => {
                    let (diagnosis, _) = *diagnosed;
                    let grade = diagnosis.grade.map_or("none", Grade::label);
                    let reason = &diagnosis.grade_reason;
                    progress.suspend(|| say!("Drive {drive}: grade {grade}. {reason}"))?;
                    count += 1;
                }
                StoredDrive::ReadingsGone => progress.suspend(|| {
                    say!("Drive {drive}: unchanged, for its readings are no longer stored")
                })?,
                StoredDrive::Unknown => {}
            }
            progress.set(number);
        }
        drop(progress);
        say!("Drives diagnosed: {count}")?;
        Ok(())
    })
}

async fn latest(database: &Database, device: Option<&DeviceId>) -> Result<i64, Failure> {
    let found = database
        .run(LIMIT, async |connection| {
            diagnoses::latest(connection, device.map(DeviceId::as_str)).await
        })
        .await?;
    found.ok_or_else(|| match device {
        Some(device) => format!("no drive of {device} is diagnosed yet").into(),
        None => "no drive is diagnosed yet".into(),
    })
}
