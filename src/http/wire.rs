//! The bodies of requests and answers, as they are on the wire.

use std::collections::{BTreeMap, BTreeSet};

use actors::sync::batch::{Problem, Step};
use actors::sync::{Receipt, TableReceipt};
use chrono::NaiveDateTime;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

pub(super) mod analysis;
pub(super) mod backup;
pub(super) mod drives;
mod health;

pub(super) use health::HealthReport;

/// How times are written: UTC, to the second.
fn time(time: NaiveDateTime) -> String {
    time.format("%Y-%m-%dT%H:%M:%S").to_string()
}

/// An error in one sentence.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Detail {
    /// What is wrong.
    #[schema(examples("The server is busy, try again"))]
    detail: String,
    /// The request's id in the server's log, which says more; in a 5xx only.
    // `trace` puts it in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, examples("5f0c6f9a3b1d2e47"))]
    request_id: Option<String>,
}

impl Detail {
    pub(super) fn new(sentence: &str) -> Self {
        Self {
            detail: sentence.to_owned(),
            request_id: None,
        }
    }
}

/// Everything that is wrong with a request.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct InvalidRequest {
    /// The first 50 problems, and how many more there are.
    #[schema(min_items = 1, max_items = 51)]
    detail: Vec<InvalidPart>,
}

/// One thing that is wrong with a request.
#[derive(Debug, Serialize, ToSchema)]
#[schema(examples(json!({
    "type": "int_type",
    "loc": ["body", "tables", "realtime_data", "rows", 3, "drive_id"],
    "msg": "Input should be an integer (row with id 3966)",
    "input": "seven",
})))]
struct InvalidPart {
    /// What kind of problem, in one of pydantic's names.
    #[serde(rename = "type")]
    #[schema(examples("int_type"))]
    kind: &'static str,
    /// Where: names of fields, and positions from 0.
    loc: Vec<Location>,
    /// What is wrong, in one sentence.
    #[schema(examples("Input should be an integer (row with id 3966)"))]
    msg: String,
    /// What was found there, shortened.
    input: Value,
}

/// A step on the way to a place in a request.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
enum Location {
    /// The name of a field.
    Field(String),
    /// A position in a list, from 0.
    Index(usize),
}

impl From<&[Problem]> for InvalidRequest {
    fn from(problems: &[Problem]) -> Self {
        Self {
            detail: problems.iter().cloned().map(InvalidPart::from).collect(),
        }
    }
}

impl From<Problem> for InvalidPart {
    fn from(problem: Problem) -> Self {
        let step = |step| match step {
            Step::Field(name) => Location::Field(name),
            Step::Index(index) => Location::Index(index),
        };
        Self {
            kind: problem.kind,
            loc: problem.loc.into_iter().map(step).collect(),
            msg: problem.msg,
            input: problem.input,
        }
    }
}

/// The receipt of a batch: all of it is stored.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SyncReceipt {
    /// Always `ok`.
    #[schema(examples("ok"))]
    status: &'static str,
    /// As the device calls it.
    #[schema(examples("sync-2026-02-01T14:30:00"))]
    batch_id: String,
    /// Every table that the batch names.
    #[schema(examples("realtime_data"))]
    tables_processed: BTreeMap<String, TableProcessed>,
    /// When the batch was stored, in UTC.
    #[schema(examples("2026-02-01T14:30:05"))]
    synced_at: String,
    /// Whether a drive ended in the batch.
    #[schema(examples(true))]
    drive_data_received: bool,
    /// Whether the batch made a drive ready for its analysis, and Ollama answers.
    #[schema(examples(false))]
    auto_analysis_triggered: bool,
    /// Fields beside `tables` that the server does not know and has kept with the device; missing if there are none.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    #[schema(required = false, examples("driveCounter"))]
    unknown_fields: BTreeSet<String>,
}

/// The answer when a batch could not be stored. Nothing of it was.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SyncFailed {
    /// What is wrong.
    #[schema(examples("Sync failed"))]
    pub detail: &'static str,
    /// The batch, as the device calls it; missing if the server failed before it was read.
    #[schema(required = false, examples("sync-2026-02-01T14:30:00"))]
    pub batch_id: String,
    /// Why, in one sentence; missing if `batchId` is.
    #[schema(required = false, examples("The database cannot be reached"))]
    pub error: String,
    /// The request's id in the server's log, which says more.
    // `trace` puts it in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, examples("5f0c6f9a3b1d2e47"))]
    pub request_id: Option<String>,
}

/// What became of a table's rows.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct TableProcessed {
    /// Rows that were new.
    #[schema(examples(500))]
    inserted: u64,
    /// Rows that were there before.
    #[schema(examples(0))]
    updated: u64,
    /// Always 0: a batch is stored whole or not at all.
    #[schema(examples(0))]
    errors: u64,
    /// Columns that the table does not have, kept with the rows; missing if there are none.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    #[schema(required = false, examples("battery_voltage"))]
    unknown_columns: BTreeSet<String>,
}

impl From<TableReceipt> for TableProcessed {
    fn from(table: TableReceipt) -> Self {
        Self {
            inserted: table.counts.inserted,
            updated: table.counts.updated,
            errors: 0,
            unknown_columns: table.unknown_columns,
        }
    }
}

impl From<Receipt> for SyncReceipt {
    fn from(receipt: Receipt) -> Self {
        Self {
            status: "ok",
            batch_id: receipt.batch_id,
            tables_processed: receipt
                .tables
                .into_iter()
                .map(|(name, table)| (name, table.into()))
                .collect(),
            synced_at: time(receipt.stored_at),
            drive_data_received: receipt.drive_data_received,
            auto_analysis_triggered: receipt.auto_analysis_triggered,
            unknown_fields: receipt.unknown_fields,
        }
    }
}
