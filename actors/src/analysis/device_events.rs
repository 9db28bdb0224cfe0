//! What the device itself has logged about a drive: alerts, and trouble codes where it sends them.
//!
//! Trouble codes come in the table `dtc_log`, which is kept only where `EXTRA_TABLES` names it. Its rows are the device's
//! own JSON: what is not there is not shown.

use mysql_async::{Conn, Value};
use serde_json::{Map, Value as Json};

use super::subject::Subject;
use crate::database::{DatabaseError, Statement};
use crate::text::{counted, phrase};

/// Kinds of alerts, and trouble codes, that are kept.
const MAX_EVENTS: u32 = 20;

/// Rows of trouble codes that are searched, the newest first.
const MAX_CODE_ROWS: u32 = 500;

/// The device's table of trouble codes.
const CODE_TABLE: &str = "dtc_log";

const TEXT_CHARS: usize = 80;

/// Alerts and trouble codes of a drive.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeviceEvents {
    /// Alerts by kind and parameter, the most frequent first.
    pub alerts: Vec<Alert>,
    /// Trouble codes with what the device says of them.
    pub codes: Vec<String>,
}

/// Alerts of one kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    /// The device's name of the kind.
    pub kind: String,
    /// The parameter that it is about.
    pub parameter: String,
    /// How many.
    pub count: u64,
    /// The smallest and the largest value.
    pub values: (f64, f64),
    /// The limit of the device.
    pub threshold: f64,
}

impl DeviceEvents {
    /// One line each.
    pub(super) fn lines(&self) -> Vec<String> {
        let codes = self.codes.iter().map(|code| format!("trouble code {code}"));
        let alerts = self.alerts.iter().map(|alert| {
            format!(
                "alert {} on {}: {}, values {} to {}, limit {}",
                phrase(&alert.kind, TEXT_CHARS),
                phrase(&alert.parameter, TEXT_CHARS),
                counted(alert.count, "time"),
                alert.values.0,
                alert.values.1,
                alert.threshold
            )
        });
        codes.chain(alerts).collect()
    }
}

/// The alerts and trouble codes of a subject: by the number of the drive where both have one, else by their time.
pub(super) async fn of_subject(
    connection: &mut Conn,
    subject: &Subject,
) -> Result<DeviceEvents, DatabaseError> {
    Ok(DeviceEvents {
        alerts: alerts(connection, subject).await?,
        codes: codes(connection, subject).await?,
    })
}

/// Kind, parameter, how many, smallest value, largest value, limit.
type AlertRow = (String, String, u64, f64, f64, f64);

async fn alerts(connection: &mut Conn, subject: &Subject) -> Result<Vec<Alert>, DatabaseError> {
    let query = "SELECT alert_type, parameter_name, COUNT(*), MIN(value), MAX(value), MAX(threshold) FROM alert_log \
                 WHERE source_device = ? AND (drive_id = ? OR (drive_id IS NULL OR ? IS NULL) \
                 AND timestamp BETWEEN ? AND ?) \
                 GROUP BY alert_type, parameter_name ORDER BY COUNT(*) DESC, alert_type, parameter_name LIMIT ?";
    let values: [Value; 6] = [
        (&subject.device_id).into(),
        subject.drive_id.into(),
        subject.drive_id.into(),
        subject.start.into(),
        subject.end.into(),
        MAX_EVENTS.into(),
    ];
    let rows: Vec<AlertRow> = Statement::new(query, values).fetch_all(connection).await?;
    let alert = |(kind, parameter, count, min, max, threshold)| Alert {
        kind,
        parameter,
        count,
        values: (min, max),
        threshold,
    };
    Ok(rows.into_iter().map(alert).collect())
}

async fn codes(connection: &mut Conn, subject: &Subject) -> Result<Vec<String>, DatabaseError> {
    let query = "SELECT CAST(row_json AS CHAR) FROM extra_rows WHERE source_device = ? AND table_name = ? \
                 ORDER BY id DESC LIMIT ?";
    let values: [Value; 3] = [
        (&subject.device_id).into(),
        CODE_TABLE.into(),
        MAX_CODE_ROWS.into(),
    ];
    let rows: Vec<String> = Statement::new(query, values).fetch_all(connection).await?;
    let mut codes: Vec<String> = rows
        .iter()
        .filter_map(|row| serde_json::from_str(row).ok())
        .filter(|row| belongs(row, subject))
        .filter_map(|row| code(&row))
        .collect();
    codes.sort();
    codes.dedup();
    codes.truncate(MAX_EVENTS as usize);
    Ok(codes)
}

/// Whether a row has the number of the drive, or else a time within it.
fn belongs(row: &Map<String, Json>, subject: &Subject) -> bool {
    let number = row.get("drive_id").and_then(Json::as_i64);
    if let Some((number, drive)) = number.zip(subject.drive_id) {
        return number == drive;
    }
    row.values()
        .filter_map(Json::as_str)
        .filter_map(|text| {
            text.trim_end_matches('Z')
                .replacen(' ', "T", 1)
                .parse()
                .ok()
        })
        .any(|at| (subject.start..=subject.end).contains(&at))
}

/// `P0171 System too lean, stored`.
fn code(row: &Map<String, Json>) -> Option<String> {
    let text = |name: &str| row.get(name).and_then(Json::as_str);
    let code = row
        .values()
        .filter_map(Json::as_str)
        .find(|text| is_code(text))?;
    let mut line = code.to_owned();
    if let Some(description) = text("description") {
        line = format!("{line} {}", phrase(description, TEXT_CHARS));
    }
    if let Some(status) = text("status") {
        line = format!("{line}, {}", phrase(status, TEXT_CHARS));
    }
    Some(line)
}

/// A code of SAE J2012.
fn is_code(text: &str) -> bool {
    text.len() == 5
        && text.starts_with(['P', 'C', 'B', 'U'])
        && text[1..].chars().all(|c| c.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::analysis::subject::part_of_window;

    fn subject(drive_id: Option<i64>) -> Subject {
        let [start, end] =
            ["2026-02-01T14:00:00", "2026-02-01T14:30:00"].map(|at| at.parse().unwrap());
        Subject {
            device_id: "car".to_owned(),
            profile_id: None,
            drive: None,
            drive_id,
            is_queued: false,
            start,
            end,
            part: part_of_window("car", start, end),
            parameters: None,
            focus_areas: Vec::new(),
        }
    }

    #[rstest]
    #[case::number(json!({"drive_id": 7}), Some(7), true)]
    #[case::another_number(json!({"drive_id": 8, "at": "2026-02-01T14:10:00"}), Some(7), false)]
    #[case::time(json!({"last_seen": "2026-02-01 14:10:00.5"}), Some(7), true)]
    #[case::zone(json!({"last_seen": "2026-02-01T14:10:00Z", "drive_id": 7}), None, true)]
    #[case::another_time(json!({"last_seen": "2026-02-01T15:10:00"}), Some(7), false)]
    fn a_code_belongs_to_a_drive_by_number_or_time(
        #[case] row: Json,
        #[case] drive_id: Option<i64>,
        #[case] is_of_drive: bool,
    ) {
        let row = row.as_object().unwrap();
        assert_eq!(belongs(row, &subject(drive_id)), is_of_drive);
    }

    #[test]
    fn a_code_is_shown_with_its_description() {
        let row = json!({"dtc_code": "P0171", "description": "System too lean\n(bank 1)", "status": "stored"});
        let shown = code(row.as_object().unwrap());
        assert_eq!(
            shown.as_deref(),
            Some("P0171 System too lean bank 1, stored")
        );
        assert_eq!(code(json!({"text": "P017X"}).as_object().unwrap()), None);
    }
}
