//! Batches are read without I/O, so all of it is tested here.

mod any_body;
mod bodies;
mod columns;
mod reading;
mod rows;

use bytes::Bytes;

use super::{BadRows, Batch, ReadOptions, Refusal, SizeLimit, read};

fn options(bad_rows: BadRows) -> ReadOptions {
    ReadOptions {
        extra_tables: vec!["dtc_log".to_owned()],
        bad_rows,
    }
}

fn read_text(body: &str) -> Result<Batch, Refusal> {
    let body = Bytes::copy_from_slice(body.as_bytes());
    read(&body, &options(BadRows::Refuse), SizeLimit::default())
}

/// A batch whose object of tables has this text.
fn with_tables(tables: &str) -> String {
    format!(r#"{{"deviceId": "d", "batchId": "b", "tables": {tables}}}"#)
}

fn with_rows(rows: &str) -> String {
    with_tables(&format!(r#"{{"realtime_data": {{"rows": {rows}}}}}"#))
}

/// A reading without its key and value.
fn reading(fields: &str) -> String {
    format!(r#"{{"timestamp": "2026-02-01T14:25:00", "parameter_name": "RPM", {fields}}}"#)
}

/// Kinds and locations of all problems.
fn problems(body: &str) -> Vec<(&'static str, String)> {
    let refusal = read_text(body).unwrap_err();
    let problems = refusal.problems.into_iter().map(|problem| {
        let steps: Vec<String> = problem.loc.iter().map(ToString::to_string).collect();
        (problem.kind, steps.join("."))
    });
    problems.collect()
}
