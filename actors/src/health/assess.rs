//! The facts about the server, and the status derived from them. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use super::journal::{FailingTable, Growth, Record};
use super::probes::{MysqlState, OllamaState, QuarantinedTable, SchemaVersion};
use super::refused_clients::RefusedClient;
use crate::drives::StuckDrive;
use crate::report::Damage;
use crate::schema::releases_ahead;

/// Failures in a row from which a kind of work counts as failing.
const FAILURES_IN_A_ROW: u32 = 3;

/// Everything the status is derived from.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The database.
    pub mysql: MysqlState,
    /// The schema.
    pub schema: SchemaFacts,
    /// Whether Ollama answers and has the model.
    pub ollama: OllamaState,
    /// The configured model.
    pub model: String,
    /// Time since the server started.
    pub uptime: Duration,
    /// Batches.
    pub sync: SyncFacts,
    /// Analyses.
    pub analysis: AnalysisFacts,
    /// Backups.
    pub backup: BackupFacts,
    /// Restarts of each actor, in the order of their start.
    pub restarts: Vec<(&'static str, u64)>,
    /// Clients whose last requests were all refused.
    pub refused_clients: Vec<RefusedClient>,
    /// How many connections there are at most, if all are in use or were a moment ago.
    pub full_connections: Option<usize>,
}

/// Facts about the schema.
#[derive(Clone, Debug, Default)]
pub struct SchemaFacts {
    /// Whether it was usable when the server last checked it, with warnings or the reason; `None` until then.
    pub state: Option<Result<Vec<String>, String>>,
    /// The version that this program needs.
    pub latest_version: i64,
}

/// Facts about batches.
#[derive(Clone, Debug, Default)]
pub struct SyncFacts {
    /// Successes and failures.
    pub record: Record,
    /// Batches that wait for a turn.
    pub waiting: usize,
    /// Tables of devices that are not stored.
    pub failing_tables: Vec<FailingTable>,
    /// What the owner may want to know, one sentence each.
    pub notes: Vec<String>,
}

/// Facts about analyses.
#[derive(Clone, Debug, Default)]
pub struct AnalysisFacts {
    /// Successes and failures.
    pub record: Record,
    /// Requests that wait for the model.
    pub waiting: usize,
    /// Drives that wait for the model; `None` while unknown.
    pub drives_waiting: Option<u64>,
    /// The growth of the queue of drives, if it only grows.
    pub growth: Option<Growth>,
    /// Why queued drives are not analysed now.
    pub queue_blocked: Option<String>,
    /// The drives that errors keep from being analysed.
    pub stuck_drives: Vec<StuckDrive>,
}

/// Facts about backups.
#[derive(Clone, Debug, Default)]
pub struct BackupFacts {
    /// Successes and failures.
    pub record: Record,
    /// Uploads that wait for a turn.
    pub waiting: usize,
    /// Free space for backups, in bytes; `None` if it cannot be read.
    pub free_bytes: Option<u64>,
    /// The free space that there should be, in bytes.
    pub wanted_bytes: u64,
    /// Why the backup folder is not writable; `None` if it is.
    pub write_error: Option<String>,
    /// The newest backups that are damaged, by device and type.
    pub damaged: BTreeMap<String, Damage>,
    /// What the owner may want to know, one sentence each.
    pub notes: Vec<String>,
}

/// The status and its reasons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assessment {
    /// The status.
    pub status: Status,
    /// Why it is not healthy, one sentence each.
    pub reasons: Vec<String>,
}

/// The status of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Everything works.
    Healthy,
    /// Batches are stored, but the owner has to act.
    Degraded,
    /// No batch can be stored.
    Unhealthy,
}

/// Derives the status from the facts.
pub fn assess(facts: &Facts) -> Assessment {
    let fatal: Vec<String> = fatal_reasons(facts).collect();
    let is_fatal = !fatal.is_empty();
    let mut reasons = fatal;
    match facts.ollama {
        OllamaState::Down => reasons.push("Ollama does not answer.".to_owned()),
        OllamaState::WithoutModel => {
            reasons.push(format!("Ollama does not have the model {}.", facts.model));
        }
        OllamaState::ModelsUnknown => {
            reasons.push("The list of Ollama's models cannot be read.".to_owned());
        }
        OllamaState::Ready => {}
    }
    if let Some(Ok(warnings)) = &facts.schema.state {
        reasons.extend(warnings.iter().cloned());
    }
    reasons.extend(much_newer_schema(facts));
    reasons.extend(failing_tables(facts));
    let quarantined = facts.mysql.quarantined.iter();
    reasons.extend(
        quarantined
            .filter(|table| table.is_recent)
            .map(quarantined_table),
    );
    reasons.extend(facts.refused_clients.iter().map(refused_client));
    reasons.extend(facts.full_connections.map(full_connections));
    if facts.mysql.is_up {
        reasons.extend(analysis(facts));
    }
    reasons.extend(failures_in_a_row("uploads", &facts.backup.record));
    reasons.extend(facts.backup.damaged.iter().map(damaged_backup));
    reasons.extend(backup_folder(&facts.backup));
    let status = match (is_fatal, reasons.is_empty()) {
        (true, _) => Status::Unhealthy,
        (false, false) => Status::Degraded,
        (false, true) => Status::Healthy,
    };
    Assessment { status, reasons }
}

/// Why no batch can be stored.
fn fatal_reasons(facts: &Facts) -> impl Iterator<Item = String> {
    let mysql = &facts.mysql;
    let problem = match (mysql.is_up, &mysql.problem) {
        (false, Some(problem)) => Some(sentence(problem)),
        (false, None) => Some("MySQL does not answer.".to_owned()),
        (true, _) => {
            unusable_schema(facts).or_else(|| mysql.write_problem.as_deref().map(sentence))
        }
    };
    problem.into_iter()
}

fn unusable_schema(facts: &Facts) -> Option<String> {
    let latest = facts.schema.latest_version;
    match (&facts.schema.state, facts.mysql.schema_version) {
        (Some(Err(reason)), _) => Some(sentence(reason)),
        (_, SchemaVersion::Missing) => Some("The database has no schema yet.".to_owned()),
        (_, SchemaVersion::Is(version)) if version < latest => Some(format!(
            "The schema is at version {version} and the server needs version {latest}."
        )),
        _ => None,
    }
}

/// Releases are tested with the schema of the next one, not with later ones.
fn much_newer_schema(facts: &Facts) -> Option<String> {
    let SchemaVersion::Is(version) = facts.mysql.schema_version else {
        return None;
    };
    let latest = facts.schema.latest_version;
    let ahead = releases_ahead(version, latest);
    (ahead > 1).then(|| {
        format!(
            "The schema is at version {version}, {ahead} releases newer than this server, which knows version {latest}."
        )
    })
}

fn quarantined_table(table: &QuarantinedTable) -> String {
    let (rows, are) = match table.rows {
        1 => ("row", "is"),
        _ => ("rows", "are"),
    };
    format!(
        "{} {rows} of {} from {} {are} in quarantine, the latest since {}.",
        table.rows,
        table.table,
        table.device_id,
        table.latest_at.format("%Y-%m-%dT%H:%M:%S")
    )
}

/// A capital letter at the beginning and a full stop at the end.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(char::to_uppercase);
    let first: String = first.into_iter().flatten().collect();
    format!("{first}{}.", without_full_stop(letters.as_str()))
}

/// Why drives are not analysed. Without the database they are not, for that reason.
fn analysis(facts: &Facts) -> Vec<String> {
    let of_analysis = &facts.analysis;
    let mut reasons = Vec::new();
    if facts.ollama == OllamaState::Ready {
        let blocked = of_analysis.queue_blocked.as_deref();
        let blocked = blocked.map(without_full_stop);
        reasons.extend(blocked.map(|reason| format!("Queued drives wait: {reason}.")));
        reasons.extend(failures_in_a_row("analyses", &of_analysis.record));
    }
    reasons.extend(of_analysis.growth.as_ref().map(stuck_queue));
    reasons.extend(of_analysis.stuck_drives.iter().map(stuck_drive));
    reasons
}

/// One sentence for the tables of a device that fail for the same reason. A failure of the server is a consequence while it
/// has no database.
fn failing_tables(facts: &Facts) -> impl Iterator<Item = String> {
    let mut by_reason: BTreeMap<(&str, &str, u32), Vec<&str>> = BTreeMap::new();
    for failing in &facts.sync.failing_tables {
        if facts.mysql.is_up || !failing.is_of_server {
            let reason = (
                failing.device_id.as_str(),
                without_full_stop(&failing.error),
                failing.failures,
            );
            by_reason.entry(reason).or_default().push(&failing.table);
        }
    }
    by_reason
        .into_iter()
        .map(|((device, error, failures), tables)| {
            format!(
                "The last {failures} batches of {device} with rows of {} were not stored: {error}.",
                enumerated(&tables)
            )
        })
}

/// `a, b and c`
fn enumerated(names: &[&str]) -> String {
    match names {
        [first @ .., before, last] if !first.is_empty() => {
            format!("{}, {before} and {last}", first.join(", "))
        }
        _ => names.join(" and "),
    }
}

fn refused_client(client: &RefusedClient) -> String {
    format!(
        "The last {} requests of {} to {} were refused: {}.",
        client.refusals,
        client.address,
        client.route,
        without_full_stop(&client.reason)
    )
}

fn full_connections(limit: usize) -> String {
    format!("All {limit} connections are in use, so more clients wait.")
}

fn failures_in_a_row(what: &str, record: &Record) -> Option<String> {
    let error = &record.last_error.as_ref()?.error;
    (record.failures_in_a_row >= FAILURES_IN_A_ROW).then(|| {
        format!(
            "The last {} {what} failed: {}.",
            record.failures_in_a_row,
            without_full_stop(error)
        )
    })
}

fn stuck_drive(stuck: &StuckDrive) -> String {
    let start = stuck.start.map_or_else(
        || "an unreadable time".to_owned(),
        |start| start.format("%Y-%m-%dT%H:%M:%S").to_string(),
    );
    format!(
        "The drive of {} that began at {start} is not analysed: {}.",
        stuck.device_id,
        without_full_stop(&stuck.reason)
    )
}

fn stuck_queue(growth: &Growth) -> String {
    format!(
        "The queue of drives has only grown for {} minutes, from {} to {}.",
        growth.minutes, growth.from, growth.to
    )
}

fn damaged_backup((folder, damage): (&String, &Damage)) -> String {
    format!(
        "The newest backup in {folder} is damaged: {}: {}.",
        damage.filename,
        without_full_stop(&damage.reason)
    )
}

fn backup_folder(backup: &BackupFacts) -> Option<String> {
    const MB: u64 = 1024 * 1024;
    if let Some(error) = &backup.write_error {
        return Some(format!(
            "The backup folder (BACKUP_DIR) is not writable: {error}."
        ));
    }
    match backup.free_bytes {
        None => Some("The free space of the backup folder cannot be read.".to_owned()),
        Some(free) if free < backup.wanted_bytes => Some(format!(
            "The disk of the backup folder is nearly full: {} MB free, {} MB wanted.",
            free / MB,
            backup.wanted_bytes / MB
        )),
        Some(_) => None,
    }
}

fn without_full_stop(sentence: &str) -> &str {
    sentence.trim_end_matches('.')
}

#[cfg(test)]
mod tests;
