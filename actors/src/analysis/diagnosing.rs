//! Diagnoses stored drives: as soon as a drive is ready, whatever Ollama does.
//!
//! The worker looks for drives without a diagnosis, or with an outdated one, one after the other. It shares nothing with
//! the queue of the model but the table `drives`, so a drive has its diagnosis however long the model takes. Two servers
//! may diagnose the same drive: they store the same diagnosis.

use std::collections::BTreeMap;
use std::time::Duration;

use mysql_async::Conn;
use mysql_async::prelude::Queryable as _;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::STATEMENT_LIMIT;
use super::compute::{Computed, Target, compute};
use super::diagnoses;
use super::messages::DriveReport;
use super::results;
use super::wakeup::Wakeup;
use crate::causes;
use crate::database::{Database, DatabaseError};
use crate::diagnosis::{Diagnosis, Grade, Settings, Traces};
use crate::drives::{self, DriveReadings};

/// The time limit of one diagnosis, reading its readings included.
pub const DIAGNOSIS_LIMIT: Duration = Duration::from_mins(2);

/// The pause between two checks of the table when nothing is due.
const PAUSE: Duration = Duration::from_secs(5);

/// A drive whose diagnosis failed is left alone for this long.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_mins(10);

/// One server's worker.
pub(super) struct DiagnosisWorker {
    pub database: Database,
    pub settings: Settings,
    /// The longest pause within a drive.
    pub silence: Duration,
    pub wakeup: Wakeup,
    /// Cancelled when the server stops.
    pub stopping: CancellationToken,
}

impl DiagnosisWorker {
    /// Runs until the server stops.
    pub(super) async fn run(self) {
        let mut failed: BTreeMap<i64, Instant> = BTreeMap::new();
        loop {
            failed.retain(|_, at| at.elapsed() < PAUSE_AFTER_FAILURE);
            let except: Vec<i64> = failed.keys().copied().collect();
            let work = async {
                match self.due(&except).await {
                    Ok(Some(drive)) => {
                        if !self.diagnose(drive).await {
                            failed.insert(drive, Instant::now());
                        }
                    }
                    Ok(None) => self.wakeup.until_ready(PAUSE).await,
                    Err(error) => {
                        // The schema may not exist yet; an unreachable database is reported by its users.
                        log::debug!(error = causes(&error); "diagnosis worker turn failed");
                        sleep(PAUSE).await;
                    }
                }
            };
            tokio::select! {
                biased;
                () = self.stopping.cancelled() => return,
                () = work => {}
            }
        }
    }

    async fn due(&self, except: &[i64]) -> Result<Option<i64>, DatabaseError> {
        let due = self.database.run(STATEMENT_LIMIT, async |connection| {
            diagnoses::due(connection, except).await
        });
        due.await
    }

    /// Whether the drive needs no further attempt.
    async fn diagnose(&self, drive: i64) -> bool {
        let began = Instant::now();
        match diagnose_stored(&self.database, &self.settings, self.silence, drive).await {
            Ok(StoredDrive::Diagnosed(diagnosed)) => {
                let (diagnosis, _) = *diagnosed;
                let grade = diagnosis.grade.map_or("none", Grade::label);
                let reason = diagnosis.grade_reason.as_str();
                let findings = diagnosis.findings.len();
                let took_ms = began.elapsed().as_millis();
                log::info!(drive, grade, reason, findings, took_ms; "drive diagnosed");
                true
            }
            Ok(StoredDrive::ReadingsGone) => {
                log::info!(drive; "drive not diagnosed again: its readings are no longer stored");
                true
            }
            Ok(StoredDrive::Unknown) => true,
            // Another server of a cluster has diagnosed it meanwhile. If not, it is still due.
            Err(error) if error.is_contention() => {
                log::debug!(drive, error = causes(&error); "drive not diagnosed");
                true
            }
            Err(error) => {
                log::warn!(drive, error = causes(&error); "drive not diagnosed");
                false
            }
        }
    }
}

/// The outcome of diagnosing a stored drive.
#[derive(Debug)]
pub enum StoredDrive {
    /// Its diagnosis, which is stored now, and the drive at the resolution of a plot.
    Diagnosed(Box<(Diagnosis, Traces)>),
    /// Readings of it are no longer stored. The diagnosis before stays, if there is one.
    ReadingsGone,
    /// There is no such drive.
    Unknown,
}

/// Diagnoses a stored drive and stores the result. `silence` is the longest pause within a drive.
pub async fn diagnose_stored(
    database: &Database,
    settings: &Settings,
    silence: Duration,
    drive: i64,
) -> Result<StoredDrive, DatabaseError> {
    let diagnosed = Box::pin(database.run(DIAGNOSIS_LIMIT, async |connection| {
        let last_reading_at = diagnoses::last_reading_at(connection, drive).await?;
        let Some(readings) = drives::readings_of(connection, drive, silence).await? else {
            return Ok(StoredDrive::Unknown);
        };
        let (computed, are_gone) = compute_drive(connection, settings, drive, &readings).await?;
        if are_gone {
            drives::note_readings_gone(connection, drive).await?;
            return Ok(StoredDrive::ReadingsGone);
        }
        let diagnosed = (computed.diagnosis, computed.traces);
        diagnoses::store(connection, drive, &readings, last_reading_at, &diagnosed.0).await?;
        Ok(StoredDrive::Diagnosed(Box::new(diagnosed)))
    }));
    diagnosed.await
}

/// Diagnoses a drive. True where readings of it are no longer stored.
async fn compute_drive(
    connection: &mut Conn,
    settings: &Settings,
    drive: i64,
    readings: &DriveReadings,
) -> Result<(Computed, bool), DatabaseError> {
    // Counted first: what arrives in between is no loss.
    let counted = readings.count(connection).await?.readings;
    let computed = compute(connection, settings, &Target::drive(drive, readings)).await?;
    let are_gone = computed.readings < counted
        || computed.readings == 0 && diagnoses::readings(connection, drive).await? > 0;
    Ok((computed, are_gone))
}

/// The stored diagnosis of a drive with what its report shows besides: the drive at the resolution of a plot, and the
/// recommendations of its latest analysis. Nothing without a diagnosis.
pub async fn report(
    connection: &mut Conn,
    settings: &Settings,
    silence: Duration,
    drive: i64,
) -> Result<Option<DriveReport>, DatabaseError> {
    let stored = diagnoses::find(connection, drive).await?;
    let readings = drives::readings_of(connection, drive, silence).await?;
    let Some((stored, readings)) = stored.zip(readings) else {
        return Ok(None);
    };
    let (computed, are_gone) = compute_drive(connection, settings, drive, &readings).await?;
    // Only a diagnosis of another version cannot be read.
    let read = serde_json::from_str(&stored.diagnosis).ok();
    let Some(diagnosis) = read.or((!are_gone).then_some(computed.diagnosis)) else {
        return Ok(None);
    };
    let query = "SELECT analysis_id FROM drives WHERE id = ? AND analysis_id IS NOT NULL";
    let analysis: Option<String> = connection.exec_first(query, (drive,)).await?;
    let recommendations = match analysis {
        Some(analysis) => results::of_analysis(connection, &analysis).await?,
        None => Vec::new(),
    };
    Ok(Some(DriveReport {
        diagnosis,
        device_id: stored.device_id,
        drive,
        are_readings_gone: are_gone,
        traces: computed.traces,
        recommendations,
    }))
}
