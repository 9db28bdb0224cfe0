//! The bodies of requests and answers, as they are on the wire.

use std::collections::{BTreeMap, BTreeSet};

use actors::sync::{Receipt, TableReceipt};
use chrono::NaiveDateTime;
use serde::Serialize;

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
#[derive(Debug, Serialize)]
pub(super) struct Detail {
    detail: String,
}

impl Detail {
    pub(super) fn new(sentence: &str) -> Self {
        Self {
            detail: sentence.to_owned(),
        }
    }
}

/// The receipt of a batch: all of it is stored.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SyncReceipt {
    status: &'static str,
    batch_id: String,
    tables_processed: BTreeMap<String, TableProcessed>,
    synced_at: String,
    drive_data_received: bool,
    auto_analysis_triggered: bool,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    unknown_fields: BTreeSet<String>,
}

/// What became of a table's rows.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TableProcessed {
    inserted: u64,
    updated: u64,
    errors: u64,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
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
