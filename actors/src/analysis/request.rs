//! An analysis that somebody waits for. It ends when nobody does any more, or when the server is to stop.

use std::pin::pin;
use std::time::{Duration, Instant};

use chrono::NaiveDateTime;
use mysql_async::Conn;
use tokio_util::sync::CancellationToken;

use super::error::{AnalysisError, Interruption};
use super::messages::{Analysis, AnalyzeWindow};
use super::readings;
use super::service::AnalysisService;
use super::subject::{Part, Subject};
use crate::database::Database;

/// How long finding the device of a window may take.
const SEARCH_LIMIT: Duration = Duration::from_secs(15);

/// Analyses what a request has named; `stopping` is cancelled when the server stops.
pub(super) async fn answer(
    service: AnalysisService,
    request: AnalyzeWindow,
    stopping: CancellationToken,
) -> Result<Analysis, AnalysisError> {
    let AnalyzeWindow {
        device_id,
        profile_id,
        window_start: start,
        window_end: end,
        parameters,
        focus_areas,
        cancelled,
        turn: _turn,
    } = request;
    let mut interruption = pin!(interruption(&cancelled, &stopping));
    let began = Instant::now();
    let search = async {
        match device_id {
            Some(named) => Ok(Some(named.into_string())),
            None => only_device(&service.database, start, end, parameters.as_deref()).await,
        }
    };
    let device_id = tokio::select! {
        biased;
        why = &mut interruption => return Err(AnalysisError::Interrupted(why)),
        found = search => found?,
    };
    let Some(device_id) = device_id else {
        return Ok(service.without_data(began.elapsed()));
    };
    let subject = Subject {
        parts: vec![Part::of_window(&device_id, start, end)],
        device_id,
        profile_id,
        drive: None,
        start,
        end,
        parameters,
        focus_areas,
    };
    // Nobody else works on a request.
    let is_still_ours = async |_: &mut Conn, _: &str| Ok(true);
    service.analyze(subject, is_still_ours, interruption).await
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
        readings::devices_with_any(connection, start, end, parameters).await
    });
    let mut devices = devices.await?;
    if devices.len() > 1 {
        return Err(AnalysisError::AmbiguousDevice { devices });
    }
    Ok(devices.pop())
}
