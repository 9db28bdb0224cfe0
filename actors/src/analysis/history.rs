//! What is remembered of every analysis for which a model was asked.

use std::collections::HashMap;
use std::time::Duration;

use chrono::NaiveDateTime;
use mysql_async::prelude::Queryable as _;
use mysql_async::{Conn, Params, Row, Value, params};

use super::messages::{AnalysisStatus, PastAnalysis};
use super::subject::Subject;
use crate::database::{DatabaseError, Statement};
use crate::diagnosis::Finding;
use crate::page::Page;
use crate::text::line;

/// How much of an error is kept.
const ERROR_CHARACTERS: usize = 1000;

/// Analyses of one drive that are shown.
const OF_DRIVE: u32 = 20;

/// The error of runs whose own error could not be recorded.
const ABANDONED: &str = "the server ended before the analysis did";

const SELECT: &str = "SELECT analysis_id, CAST(status AS CHAR) AS status, source_device, profile_source_id, \
                      drive_start, drive_end, model, processing_time_ms, created_at, error FROM analysis_history";

/// Notes that the model is being asked from now on.
pub(super) async fn begin(
    connection: &mut Conn,
    analysis_id: &str,
    subject: &Subject,
    model: &str,
    findings: &[Finding],
) -> Result<(), DatabaseError> {
    // By the database's clock, which all servers share.
    let statement = "INSERT INTO analysis_history (analysis_id, source_device, profile_source_id, drive_start, \
                     drive_end, drive_row_id, model, findings, status, created_at) \
                     VALUES (:id, :device, :profile, :start, :end, :drive, :model, :findings, 'running', NOW(6))";
    let values = params! {
        "id" => analysis_id,
        "device" => &subject.device_id,
        "profile" => subject.profile_id.as_deref(),
        "start" => subject.start,
        "end" => subject.end,
        "drive" => subject.drive.filter(|_| subject.is_queued),
        "model" => line(model, 255),
        "findings" => json(findings)?,
    };
    Ok(connection.exec_drop(statement, values).await?)
}

/// Notes a success; to be called in the transaction that stores what was found.
pub(super) async fn succeed(
    connection: &mut Conn,
    analysis_id: &str,
    processing_time_ms: u64,
) -> Result<(), DatabaseError> {
    let statement = "UPDATE analysis_history SET status = 'success', processing_time_ms = ?, error = NULL \
                     WHERE analysis_id = ?";
    Ok(connection
        .exec_drop(statement, (processing_time_ms, analysis_id))
        .await?)
}

/// Notes a failure, unless the analysis has succeeded after all.
pub(super) async fn fail(
    connection: &mut Conn,
    analysis_id: &str,
    processing_time_ms: u64,
    error: &str,
) -> Result<(), DatabaseError> {
    let statement = "UPDATE analysis_history SET status = 'failed', processing_time_ms = ?, error = ? \
                     WHERE analysis_id = ? AND status = 'running'";
    let error = line(error, ERROR_CHARACTERS);
    Ok(connection
        .exec_drop(statement, (processing_time_ms, error, analysis_id))
        .await?)
}

/// Removes an analysis that never began: Ollama could not be asked.
pub(super) async fn forget(connection: &mut Conn, analysis_id: &str) -> Result<(), DatabaseError> {
    let statement = "DELETE FROM analysis_history WHERE analysis_id = ? AND status = 'running'";
    Ok(connection.exec_drop(statement, (analysis_id,)).await?)
}

/// Notes the failure of all that were running for a drive: the present claim is the only valid one.
pub(super) async fn fail_running_of_drive(
    connection: &mut Conn,
    drive: i64,
) -> Result<(), DatabaseError> {
    // By the index on `status`, it would lock entries of all that run before their rows, and deadlock with one that ends.
    let statement = "UPDATE analysis_history FORCE INDEX (ix_analysis_history_drive) SET status = 'failed', error = ? \
                     WHERE drive_row_id = ? AND status = 'running'";
    Ok(connection.exec_drop(statement, (ABANDONED, drive)).await?)
}

/// Marks analyses as failed whose server ended before them: those that began more than `longest` ago, or as far in the
/// future, which happens when the database's clock is set back.
pub(super) async fn fail_abandoned(
    connection: &mut Conn,
    longest: Duration,
) -> Result<u64, DatabaseError> {
    let statement = "UPDATE analysis_history SET status = 'failed', error = ? \
                     WHERE status = 'running' AND created_at NOT BETWEEN NOW(6) - INTERVAL ? SECOND \
                     AND NOW(6) + INTERVAL ? SECOND";
    let seconds = longest.as_secs();
    connection
        .exec_drop(statement, (ABANDONED, seconds, seconds))
        .await?;
    Ok(connection.affected_rows())
}

/// The newest first.
pub(super) async fn list(
    connection: &mut Conn,
    device_id: Option<&str>,
    status: Option<AnalysisStatus>,
    page: &Page<String>,
) -> Result<Vec<PastAnalysis>, DatabaseError> {
    let mut conditions = Vec::new();
    let mut values = Vec::new();
    if let Some(device_id) = device_id {
        conditions.push("source_device = ?");
        values.push(Value::from(device_id));
    }
    if let Some(status) = status {
        conditions.push("status = ?");
        values.push(Value::from(status.as_str()));
    }
    if let Some(from) = page.from {
        conditions.push("created_at >= ?");
        values.push(from.into());
    }
    if let Some(to) = page.to {
        conditions.push("created_at <= ?");
        values.push(to.into());
    }
    if let Some(after) = &page.after {
        conditions.push("(created_at < ? OR created_at = ? AND analysis_id < ?)");
        values.extend([after.at.into(), after.at.into(), Value::from(&after.id)]);
    }
    let condition = match conditions.as_slice() {
        [] => String::new(),
        conditions => format!(" WHERE {}", conditions.join(" AND ")),
    };
    values.push(Value::from(page.limit));
    let query = format!("{SELECT}{condition} ORDER BY created_at DESC, analysis_id DESC LIMIT ?");
    let rows: Vec<Row> = connection.exec(query, Params::Positional(values)).await?;
    rows.into_iter().map(read).collect()
}

/// The one with this id.
pub(super) async fn find(
    connection: &mut Conn,
    analysis_id: &str,
) -> Result<Option<PastAnalysis>, DatabaseError> {
    let query = format!("{SELECT} WHERE analysis_id = ?");
    let row: Option<Row> = connection.exec_first(query, (analysis_id,)).await?;
    row.map(read).transpose()
}

/// Those of a drive, the newest first: automatic ones, and requested ones of what began with it.
pub(super) async fn of_drive(
    connection: &mut Conn,
    drive: i64,
    device_id: &str,
    start: NaiveDateTime,
) -> Result<Vec<PastAnalysis>, DatabaseError> {
    let query = format!(
        "{SELECT} WHERE source_device = ? AND (drive_row_id = ? OR drive_row_id IS NULL AND drive_start = ?) \
         ORDER BY created_at DESC, analysis_id DESC LIMIT {OF_DRIVE}"
    );
    let rows: Vec<Row> = connection.exec(query, (device_id, drive, start)).await?;
    rows.into_iter().map(read).collect()
}

/// The findings that were put to the model in each of some analyses; none of an analysis that an earlier version made.
pub(super) async fn findings_of(
    connection: &mut Conn,
    analysis_ids: &[&str],
) -> Result<HashMap<String, Vec<Finding>>, DatabaseError> {
    if analysis_ids.is_empty() {
        return Ok(HashMap::new());
    }
    let query = format!(
        "SELECT analysis_id, findings FROM analysis_history WHERE findings IS NOT NULL AND analysis_id IN ({})",
        vec!["?"; analysis_ids.len()].join(", ")
    );
    let stored: Vec<(String, String)> = Statement::new(query, analysis_ids.iter().copied())
        .fetch_all(connection)
        .await?;
    let read = |(id, findings): (String, String)| Some((id, serde_json::from_str(&findings).ok()?));
    Ok(stored.into_iter().filter_map(read).collect())
}

fn json(findings: &[Finding]) -> Result<String, DatabaseError> {
    serde_json::to_string(findings).map_err(|_| DatabaseError::Closed)
}

fn read(row: Row) -> Result<PastAnalysis, DatabaseError> {
    type Columns = (
        String,
        String,
        String,
        Option<String>,
        Option<NaiveDateTime>,
        Option<NaiveDateTime>,
        String,
        Option<u64>,
        NaiveDateTime,
        Option<String>,
    );
    let (id, status, device, profile, start, end, model, took_ms, created_at, error): Columns =
        mysql_async::from_row_opt(row)?;
    let status = status.parse().unwrap_or_else(|_| {
        log::error!(analysis:? = id, status:?; "status of an analysis is not known, shown as failed");
        AnalysisStatus::Failed
    });
    Ok(PastAnalysis {
        analysis_id: id,
        status,
        device_id: device,
        profile_id: profile,
        window_start: start,
        window_end: end,
        model,
        processing_time_ms: took_ms,
        created_at,
        error,
    })
}
