//! An analysis on request. It ends early when its requester is gone or the server stops.

use std::pin::pin;
use std::time::{Duration, Instant};

use chrono::NaiveDateTime;
use mysql_async::Conn;
use tokio_util::sync::CancellationToken;

use super::error::{AnalysisError, Interruption};
use super::messages::{Analysis, Analyze, Scope};
use super::service::AnalysisService;
use super::subject::{Subject, part_of_window};
use super::window;
use crate::database::{Database, DatabaseError};
use crate::drives;

/// The time limit of finding the readings.
const SEARCH_LIMIT: Duration = Duration::from_secs(15);

/// Analyses what a request names; `silence` is the longest pause within a drive, and
/// `stopping` is cancelled when the server stops.
pub(super) async fn answer(
    service: AnalysisService,
    request: Analyze,
    silence: Duration,
    stopping: CancellationToken,
) -> Result<Analysis, AnalysisError> {
    let mut interruption = pin!(interruption(&request.cancelled, &stopping));
    let began = Instant::now();
    let subject = tokio::select! {
        biased;
        why = &mut interruption => return Err(AnalysisError::Interrupted(why)),
        subject = subject(&service.database, &request, silence) => subject?,
    };
    let Some(subject) = subject else {
        return Ok(service.without_data(began.elapsed()));
    };
    // No other server works on a request.
    let is_still_ours = async |_: &mut Conn, _: &str| Ok(true);
    service.analyze(subject, is_still_ours, interruption).await
}

/// What a request wants analysed; nothing where there are no such readings.
async fn subject(
    database: &Database,
    request: &Analyze,
    silence: Duration,
) -> Result<Option<Subject>, AnalysisError> {
    let device_id = request
        .device_id
        .as_ref()
        .map(|device| device.as_str().to_owned());
    let parameters = request.parameters.as_deref();
    let subject = match request.scope {
        Scope::Window { start, end } => {
            let device_id = match device_id {
                Some(named) => Some(named),
                None => only_device(database, start, end, parameters).await?,
            };
            let Some(device_id) = device_id else {
                return Ok(None);
            };
            let part = part_of_window(&device_id, start, end);
            Subject {
                device_id,
                drive: None,
                drive_id: None,
                start,
                end,
                part,
                profile_id: request.profile_id.clone(),
                is_queued: false,
                parameters: request.parameters.clone(),
                focus_areas: request.focus_areas.clone(),
            }
        }
        Scope::Drive { drive_id } => {
            let found = database.run(SEARCH_LIMIT, async |connection| {
                let Some(device_id) = &device_id else {
                    return Ok(None);
                };
                let Some(drive) =
                    drives::latest_with_number(connection, device_id, drive_id).await?
                else {
                    return Ok(None);
                };
                let Some(readings) = drives::readings_of(connection, drive, silence).await? else {
                    return Ok(None);
                };
                let last = readings.count(connection).await?.last;
                Ok::<_, DatabaseError>(Some((drive, readings, last)))
            });
            let Some((drive, readings, last)) = found.await? else {
                return Ok(None);
            };
            Subject {
                drive: Some(drive),
                drive_id: readings.drive_id,
                start: readings.start,
                end: readings.end.or(last).unwrap_or(readings.start),
                part: readings.part(),
                device_id: readings.device_id,
                profile_id: request.profile_id.clone(),
                is_queued: false,
                parameters: request.parameters.clone(),
                focus_areas: request.focus_areas.clone(),
            }
        }
    };
    Ok(Some(subject))
}

async fn interruption(requester: &CancellationToken, stopping: &CancellationToken) -> Interruption {
    tokio::select! {
        () = requester.cancelled() => Interruption::RequesterGone,
        () = stopping.cancelled() => Interruption::ServerStops,
    }
}

/// The device that has readings in a window, where there is one.
async fn only_device(
    database: &Database,
    start: NaiveDateTime,
    end: NaiveDateTime,
    parameters: Option<&[String]>,
) -> Result<Option<String>, AnalysisError> {
    let devices = database.run(SEARCH_LIMIT, async |connection| {
        window::devices_with_any(connection, start, end, parameters).await
    });
    let mut devices = devices.await?;
    if devices.len() > 1 {
        return Err(AnalysisError::AmbiguousDevice { devices });
    }
    Ok(devices.pop())
}
