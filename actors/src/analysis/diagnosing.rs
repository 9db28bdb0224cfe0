//! Diagnoses stored drives: as soon as a drive is ready, whatever Ollama does.
//!
//! The worker looks for drives without a diagnosis, or with an outdated one, one after the other. It shares nothing with
//! the queue of the model but the table `drives`, so a drive has its diagnosis before the model has seen it. Two servers
//! may diagnose the same drive: they store the same diagnosis.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use mysql_async::prelude::Queryable as _;
use mysql_async::{Conn, Params, from_row_opt};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::STATEMENT_LIMIT;
use super::diagnoses;
use super::messages::DriveReport;
use super::readings::{Row, is_real};
use super::results;
use super::vehicle;
use crate::causes;
use crate::database::{Database, DatabaseError};
use crate::diagnosis::{
    Diagnoser, Diagnosis, Doubt, DoubtKind, Reading, Settings, Traces, VehicleFacts,
};
use crate::drives::{self, DriveReadings};

/// The time limit of one diagnosis, reading its readings included.
pub const DIAGNOSIS_LIMIT: Duration = Duration::from_mins(2);

/// The pause between two looks at the table when nothing is due.
const PAUSE: Duration = Duration::from_secs(5);

/// A drive whose diagnosis failed is left alone for this long.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_mins(10);

/// One server's worker.
pub(super) struct DiagnosisWorker {
    pub database: Database,
    pub settings: Settings,
    /// The longest pause within a drive.
    pub silence: Duration,
    /// Rings when drives have become ready.
    pub ready: Arc<Notify>,
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
                    Ok(None) => self.rest().await,
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

    async fn rest(&self) {
        tokio::select! {
            () = sleep(PAUSE) => {}
            () = self.ready.notified() => {}
        }
    }

    async fn due(&self, except: &[i64]) -> Result<Option<i64>, DatabaseError> {
        let due = self.database.run(STATEMENT_LIMIT, async |connection| {
            diagnoses::due(connection, except).await
        });
        due.await
    }

    /// Whether the drive has been diagnosed.
    async fn diagnose(&self, drive: i64) -> bool {
        let began = Instant::now();
        match diagnose_stored(&self.database, &self.settings, self.silence, drive).await {
            Ok(diagnosed) => {
                let grade = diagnosed
                    .as_ref()
                    .and_then(|(diagnosis, _)| diagnosis.grade);
                let grade = grade.map_or("none", crate::diagnosis::Grade::label);
                let findings = diagnosed.map_or(0, |(diagnosis, _)| diagnosis.findings.len());
                let took_ms = began.elapsed().as_millis();
                log::info!(drive, grade, findings, took_ms; "drive diagnosed");
                true
            }
            Err(error) => {
                log::warn!(drive, error = causes(&error); "drive not diagnosed");
                false
            }
        }
    }
}

/// Diagnoses a stored drive and stores the result; nothing without such a drive. `silence` is the longest pause within a
/// drive.
pub async fn diagnose_stored(
    database: &Database,
    settings: &Settings,
    silence: Duration,
    drive: i64,
) -> Result<Option<(Diagnosis, Traces)>, DatabaseError> {
    let diagnosed = Box::pin(database.run(DIAGNOSIS_LIMIT, async |connection| {
        let Some(readings) = drives::readings_of(connection, drive, silence).await? else {
            return Ok(None);
        };
        let began_at = diagnoses::now(connection).await?;
        let (diagnosis, traces) = compute(connection, settings, drive, &readings).await?;
        diagnoses::store(connection, drive, &readings, began_at, &diagnosis).await?;
        Ok(Some((diagnosis, traces)))
    }));
    diagnosed.await
}

/// The stored diagnosis of a drive with what its report shows besides: the drive at the resolution of a plot, and the
/// recommendations of its latest analysis.
pub(super) async fn report(
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
    let (computed, traces) = compute(connection, settings, drive, &readings).await?;
    let query = "SELECT analysis_id FROM drives WHERE id = ? AND analysis_id IS NOT NULL";
    let analysis: Option<String> = connection.exec_first(query, (drive,)).await?;
    let recommendations = match analysis {
        Some(analysis) => results::of_analysis(connection, &analysis).await?,
        None => Vec::new(),
    };
    Ok(Some(DriveReport {
        // Only one of another version cannot be read.
        diagnosis: serde_json::from_str(&stored.diagnosis).unwrap_or(computed),
        device_id: stored.device_id,
        drive,
        traces,
        recommendations,
    }))
}

async fn compute(
    connection: &mut Conn,
    settings: &Settings,
    drive: i64,
    readings: &DriveReadings,
) -> Result<(Diagnosis, Traces), DatabaseError> {
    let settings = with_vehicle(connection, settings, &readings.device_id).await?;
    let history = diagnoses::history(connection, drive, readings).await?;
    let mut diagnoser = Diagnoser::new(&settings, history);
    read(connection, readings, &mut diagnoser).await?;
    let end = readings.end.unwrap_or(readings.window_end);
    let device_id = &readings.device_id;
    if drives::overlaps(connection, device_id, drive, readings.start, end).await? {
        diagnoser.doubt(Doubt {
            kind: DoubtKind::Overlap,
            channel: None,
            explanation: "Another drive of the device was under way at the same time: readings of the two may be mixed up.".to_owned(),
            span: None,
        });
    }
    Ok(diagnoser.finish())
}

/// The settings with what the device says of its car; the thresholds file has the last word.
async fn with_vehicle(
    connection: &mut Conn,
    settings: &Settings,
    device_id: &str,
) -> Result<Settings, DatabaseError> {
    let mut settings = settings.clone();
    if let Some(vehicle) = vehicle::of_device(connection, device_id).await? {
        let described = VehicleFacts::described(
            vehicle.make.as_deref(),
            vehicle.model.as_deref(),
            vehicle.engine.as_deref(),
        );
        settings.vehicle = settings.vehicle.or(described);
    }
    Ok(settings)
}

/// Streams the readings of a drive in the order in which the device took them.
async fn read(
    connection: &mut Conn,
    readings: &DriveReadings,
    diagnoser: &mut Diagnoser,
) -> Result<(), DatabaseError> {
    let part = readings.part();
    let query = format!(
        "SELECT timestamp, parameter_name, value, unit, data_source {} ORDER BY {}",
        part.from_where, part.order_by
    );
    let mut rows = connection
        .exec_iter(query, Params::Positional(part.values))
        .await?;
    while let Some(row) = rows.next().await? {
        let (at, channel, value, unit, data_source): Row = from_row_opt(row)?;
        diagnoser.push(Reading {
            at_ms: at.and_utc().timestamp_millis(),
            channel: &channel,
            value,
            unit: unit.as_deref(),
            real: is_real(data_source.as_deref()),
        });
    }
    Ok(())
}
