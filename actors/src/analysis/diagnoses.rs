//! The table `drive_diagnoses`: one diagnosis a drive.

use std::collections::BTreeMap;

use chrono::NaiveDateTime;
use mysql_async::prelude::{FromRow, Queryable as _};
use mysql_async::{Conn, FromRowError, Row, Value};

use super::baselines::earlier;
use crate::database::{DatabaseError, Statement, read_columns};
use crate::diagnosis::{Diagnosis, Tier};
use crate::drives::{DriveReadings, KnownDrive};
use crate::text::line;

/// The length of `grade_reason`.
const REASON_CHARACTERS: usize = 255;

/// No version of the rules: the diagnosis is to be made again.
const OUTDATED: u32 = 0;

/// Earlier drives that a diagnosis is compared with.
pub(super) const EARLIER: u32 = 5;

/// A stored diagnosis.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredDiagnosis {
    /// `drives.id`.
    pub drive: i64,
    /// Whose drive it is.
    pub device_id: String,
    /// The device's number of it.
    pub drive_id: Option<i64>,
    /// When it began, by the device's clock.
    pub start: NaiveDateTime,
    /// When it ended, where that is logged.
    pub end: Option<NaiveDateTime>,
    /// When it was diagnosed, UTC.
    pub diagnosed_at: NaiveDateTime,
    /// A [`Diagnosis`] as JSON, as it was computed.
    pub diagnosis: String,
}

impl FromRow for StoredDiagnosis {
    fn from_row_opt(row: Row) -> Result<Self, FromRowError> {
        read_columns(row, |columns| {
            Some(Self {
                drive: columns.take("drive")?,
                device_id: columns.take("source_device")?,
                drive_id: columns.take("drive_id")?,
                start: columns.take("drive_start")?,
                end: columns.take("drive_end")?,
                diagnosed_at: columns.take("diagnosed_at")?,
                diagnosis: columns.take("diagnosis")?,
            })
        })
    }
}

/// What a list of drives says of a diagnosis.
#[derive(Clone, Debug, PartialEq)]
pub struct DiagnosisSummary {
    /// `drives.id`.
    drive: i64,
    /// The letter; none where too little could be judged.
    pub grade: Option<String>,
    /// Why this grade, or why none.
    pub grade_reason: String,
    /// How many findings there are of each tier, from watch to stop.
    pub findings: [u32; 5],
    /// From the speed, where it is logged.
    pub distance_km: Option<f64>,
    /// Seconds covered by readings.
    pub covered_seconds: f64,
}

impl FromRow for DiagnosisSummary {
    fn from_row_opt(row: Row) -> Result<Self, FromRowError> {
        read_columns(row, |columns| {
            Some(Self {
                drive: columns.take("drive")?,
                grade: columns.take("grade")?,
                grade_reason: columns.take("grade_reason")?,
                findings: [
                    columns.take("watch")?,
                    columns.take("alert")?,
                    columns.take("investigate")?,
                    columns.take("warning")?,
                    columns.take("stop")?,
                ],
                distance_km: columns.take("distance_km")?,
                covered_seconds: columns.take("covered_seconds")?,
            })
        })
    }
}

/// The drives, each with its diagnosis if it has one.
pub async fn summarized(
    connection: &mut Conn,
    drives: Vec<KnownDrive>,
) -> Result<Vec<(KnownDrive, Option<DiagnosisSummary>)>, DatabaseError> {
    let mut summaries: BTreeMap<i64, DiagnosisSummary> = BTreeMap::new();
    if !drives.is_empty() {
        let query = format!(
            "SELECT drive, grade, grade_reason, watch, alert, investigate, warning, stop, distance_km, covered_seconds \
             FROM drive_diagnoses WHERE drive IN ({})",
            vec!["?"; drives.len()].join(", ")
        );
        let numbers = drives.iter().map(|drive| drive.id);
        let found: Vec<DiagnosisSummary> =
            Statement::new(query, numbers).fetch_all(connection).await?;
        summaries.extend(found.into_iter().map(|summary| (summary.drive, summary)));
    }
    Ok(drives
        .into_iter()
        .map(|drive| {
            let summary = summaries.remove(&drive.id);
            (drive, summary)
        })
        .collect())
}

/// The diagnosis of a drive.
pub async fn find(
    connection: &mut Conn,
    drive: i64,
) -> Result<Option<StoredDiagnosis>, DatabaseError> {
    let query = "SELECT drive, source_device, drive_id, drive_start, drive_end, diagnosed_at, diagnosis \
                 FROM drive_diagnoses WHERE drive = ?";
    Statement::new(query, [drive]).fetch_first(connection).await
}

/// How many readings a drive was diagnosed with.
pub(super) async fn readings(connection: &mut Conn, drive: i64) -> Result<u64, DatabaseError> {
    let query = "SELECT readings FROM drive_diagnoses WHERE drive = ?";
    let found = Statement::new(query, [drive])
        .fetch_first(connection)
        .await?;
    Ok(found.unwrap_or_default())
}

/// Stores a diagnosis in place of the one before. `last_reading_at` was read before the readings were: what arrives later
/// changes it, and makes the diagnosis outdated.
pub(super) async fn store(
    connection: &mut Conn,
    drive: i64,
    readings: &DriveReadings,
    last_reading_at: Option<NaiveDateTime>,
    diagnosis: &Diagnosis,
) -> Result<(), DatabaseError> {
    const COLUMNS: [&str; 19] = [
        "drive",
        "source_device",
        "drive_id",
        "drive_start",
        "drive_end",
        "grade",
        "grade_reason",
        "watch",
        "alert",
        "investigate",
        "warning",
        "stop",
        "readings",
        "distance_km",
        "covered_seconds",
        "rules_version",
        "thresholds_version",
        "diagnosis",
        "last_reading_at",
    ];
    let count = |tier: Tier| {
        diagnosis
            .findings
            .iter()
            .filter(|finding| finding.tier == tier)
            .count()
    };
    let figures = &diagnosis.figures;
    let values: [Value; 19] = [
        drive.into(),
        (&readings.device_id).into(),
        readings.drive_id.into(),
        readings.start.into(),
        readings.end.into(),
        diagnosis.grade.map(crate::diagnosis::Grade::label).into(),
        line(&diagnosis.grade_reason, REASON_CHARACTERS).into(),
        count(Tier::Watch).into(),
        count(Tier::Alert).into(),
        count(Tier::Investigate).into(),
        count(Tier::Warning).into(),
        count(Tier::Stop).into(),
        figures.readings.into(),
        figures.distance_km.into(),
        figures.covered_seconds.into(),
        diagnosis.rules_version.into(),
        (&diagnosis.thresholds_version).into(),
        json(diagnosis)?.into(),
        last_reading_at.into(),
    ];
    let updates: Vec<String> = COLUMNS[1..]
        .iter()
        .map(|column| format!("{column} = VALUES({column})"))
        .collect();
    let places = vec!["?"; COLUMNS.len()].join(", ");
    let query = format!(
        "INSERT INTO drive_diagnoses ({}, diagnosed_at) VALUES ({places}, NOW(6)) \
         ON DUPLICATE KEY UPDATE {}, diagnosed_at = VALUES(diagnosed_at)",
        COLUMNS.join(", "),
        updates.join(", ")
    );
    let before = find(connection, drive).await?;
    Statement::new(query, values).run(connection).await?;
    let before = before.and_then(|before| earlier((drive, before.diagnosis)));
    if before.is_none_or(|before| before.figures != diagnosis.figures) {
        outdate_later(connection, readings).await?;
    }
    Ok(())
}

/// The drives that this one is part of the history of are diagnosed again: drives may become ready in any order.
async fn outdate_later(
    connection: &mut Conn,
    readings: &DriveReadings,
) -> Result<(), DatabaseError> {
    let query = "UPDATE drive_diagnoses SET rules_version = ? WHERE source_device = ? AND drive_start > ? \
                 ORDER BY drive_start LIMIT ?";
    let values: [Value; 4] = [
        OUTDATED.into(),
        (&readings.device_id).into(),
        readings.start.into(),
        EARLIER.into(),
    ];
    Statement::new(query, values).run(connection).await
}

fn json(diagnosis: &Diagnosis) -> Result<String, DatabaseError> {
    serde_json::to_string(diagnosis).map_err(|_| DatabaseError::Closed)
}

/// When the latest reading of a drive arrived. Compared for equality only: the database's clock may have been set.
pub(super) async fn last_reading_at(
    connection: &mut Conn,
    drive: i64,
) -> Result<Option<NaiveDateTime>, DatabaseError> {
    let query = "SELECT last_reading_at FROM drives WHERE id = ?";
    let found: Option<Option<NaiveDateTime>> = connection.exec_first(query, (drive,)).await?;
    Ok(found.flatten())
}

/// The oldest drive that is ready and has no diagnosis, or one without its latest readings, with other boundaries or
/// with another history. Left out are `except` and those whose readings are no longer stored.
pub(super) async fn due(
    connection: &mut Conn,
    except: &[i64],
) -> Result<Option<i64>, DatabaseError> {
    let excluded = if except.is_empty() {
        String::new()
    } else {
        format!(" AND d.id NOT IN ({})", vec!["?"; except.len()].join(", "))
    };
    let query = format!(
        "SELECT d.id FROM drives d LEFT JOIN drive_diagnoses x ON x.drive = d.id \
         WHERE d.state IN ('queued', 'running', 'analysed', 'failed') AND d.readings_gone_at IS NULL AND (x.drive IS NULL \
         OR x.rules_version = {OUTDATED} \
         OR NOT x.last_reading_at <=> d.last_reading_at OR NOT x.drive_start <=> d.drive_start \
         OR NOT x.drive_end <=> d.drive_end OR NOT x.drive_id <=> d.drive_id){excluded} \
         ORDER BY d.drive_start, d.id LIMIT 1"
    );
    Statement::new(query, except.iter().copied())
        .fetch_first(connection)
        .await
}

/// The drives that have a diagnosis and began at `since` or later, the oldest first.
pub async fn diagnosed_since(
    connection: &mut Conn,
    since: Option<NaiveDateTime>,
) -> Result<Vec<i64>, DatabaseError> {
    let query = "SELECT drive FROM drive_diagnoses WHERE drive_start >= COALESCE(?, '1000-01-01') ORDER BY drive_start, drive";
    Statement::new(query, [since]).fetch_all(connection).await
}

/// The latest drive that has a diagnosis.
pub async fn latest(
    connection: &mut Conn,
    device_id: Option<&str>,
) -> Result<Option<i64>, DatabaseError> {
    let query = "SELECT drive FROM drive_diagnoses WHERE source_device = COALESCE(?, source_device) \
                 ORDER BY drive_start DESC, drive DESC LIMIT 1";
    Statement::new(query, [device_id])
        .fetch_first(connection)
        .await
}
