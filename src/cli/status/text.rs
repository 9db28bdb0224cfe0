//! The status as text. Pure, but for the colours of the terminal.

use std::fmt::Write as _;
use std::time::Duration;

use actors::analysis::DiagnosisSummary;
use actors::backup::Backup;
use actors::drives::{DriveState, KnownDrive};
use actors::sync::Gap;
use actors::sync::status::{DEVICE_LIMIT, DeviceSyncStatus, TableSyncStatus};
use actors::text::counted;
use chrono::NaiveDateTime;

use super::facts::Facts;
use super::problems::Problem;
use crate::cli::backups;
use crate::cli::doctor::size;
use crate::cli::page::painted;
use crate::cli::table::clean;

/// Gaps of a table that are listed.
const GAPS: usize = 3;

pub(super) fn render(facts: &Facts, problems: &[Problem]) -> String {
    let mut text = format!(
        "{} UTC, database {}\n",
        facts.now.format("%Y-%m-%d %H:%M"),
        facts.place
    );
    if facts.devices.is_empty() {
        text.push_str("\nNo device has sent anything yet.\n");
    }
    for device in &facts.devices {
        of_device(&mut text, device, facts);
    }
    let sent = |id: &str| {
        facts
            .devices
            .iter()
            .any(|device| device.contact.device_id == id)
    };
    let are_all_shown = facts.devices.len() < DEVICE_LIMIT;
    if !are_all_shown {
        let _ = writeln!(
            text,
            "\nOnly the {DEVICE_LIMIT} devices with the latest contact are shown."
        );
    }
    let registered = facts.registered.iter();
    for device in registered.filter(|device| are_all_shown && !sent(&device.id)) {
        let _ = writeln!(
            text,
            "\n{}\n  registered, and has sent nothing yet",
            painted("1", &clean(&device.id))
        );
    }
    if problems.is_empty() {
        let _ = writeln!(
            text,
            "\n{}",
            painted(
                "1;32",
                "Nothing here needs you. `doctor` checks the server and the model."
            )
        );
    } else {
        let _ = writeln!(text, "\n{}", painted("1;33", "Needs you"));
    }
    for problem in problems {
        let device = problem.device_id.as_deref();
        let device = device.map_or_else(String::new, |device| format!("{}: ", clean(device)));
        let _ = writeln!(text, "  {device}{}", clean(&problem.says));
        let _ = writeln!(text, "    $ {}", clean(&problem.command));
    }
    text
}

fn of_device(text: &mut String, device: &DeviceSyncStatus, facts: &Facts) {
    let id = device.contact.device_id.as_str();
    let _ = writeln!(text, "\n{}", painted("1", &clean(id)));
    let since = (facts.now - device.contact.last_contact_at)
        .to_std()
        .unwrap_or_default();
    let usual = device
        .contact
        .usual_interval
        .map_or_else(String::new, |usual| {
            format!(
                "; usually every {}",
                length(usual.max(Duration::from_secs(1)))
            )
        });
    line(
        text,
        "last contact",
        &format!(
            "{} ago ({}){usual}",
            length(since),
            minute(device.contact.last_contact_at)
        ),
    );
    rows(text, device);

    let counts = facts.states.iter().filter(|count| count.device_id == id);
    let counts: Vec<String> = counts
        .map(|count| format!("{} {}", count.drives, count.state))
        .collect();
    let counts = if counts.is_empty() {
        "none yet".to_owned()
    } else {
        counts.join(", ")
    };
    line(text, "drives", &counts);
    let latest = facts.latest_drives.iter();
    for drive in latest.filter(|(drive, _)| drive.device_id == id) {
        line(text, "", &of_drive(drive));
    }
    let newest = facts.newest_backups.iter().flatten();
    let newest: Vec<&Backup> = newest
        .filter(|backup| backup.folder.device.as_str() == id)
        .collect();
    if newest.is_empty() {
        line(text, "backups", "none yet");
    }
    for (number, backup) in newest.into_iter().enumerate() {
        let label = if number == 0 { "backups" } else { "" };
        line(text, label, &of_backup(backup, facts.now));
    }
}

fn rows(text: &mut String, device: &DeviceSyncStatus) {
    let total: u64 = device.tables.iter().map(|table| table.coverage.rows).sum();
    let mut summary = counted(total, "row");
    if device.epoch > 0 {
        let _ = write!(summary, ", in epoch {}", device.epoch);
    }
    if !device.is_complete {
        summary.push_str(", still being counted");
    }
    line(text, "data", &summary);
    for table in device
        .tables
        .iter()
        .filter(|table| table.coverage.gap_count > 0)
    {
        line(text, "", &gaps(table));
    }
}

fn gaps(table: &TableSyncStatus) -> String {
    let coverage = &table.coverage;
    let gap = |gap: &Gap| {
        if gap.first == gap.last {
            gap.first.to_string()
        } else {
            format!("{}–{}", gap.first, gap.last)
        }
    };
    let mut listed: Vec<String> = coverage.gaps.iter().take(GAPS).map(gap).collect();
    if coverage.gap_count > listed.len() as u64 {
        listed.push("…".to_owned());
    }
    let epoch = match table.epoch {
        0 => String::new(),
        epoch => format!(" (epoch {epoch})"),
    };
    format!(
        "{}{epoch}: {} in the ids: {}",
        table.table,
        counted(coverage.gap_count, "gap"),
        listed.join(", ")
    )
}

fn of_drive((drive, diagnosis): &(KnownDrive, Option<DiagnosisSummary>)) -> String {
    let result = match diagnosis {
        Some(found) => format!(
            "{}{}",
            found
                .grade
                .as_deref()
                .map_or(String::new(), |grade| format!("grade {grade}. ")),
            found.grade_reason
        ),
        None => "not diagnosed yet".to_owned(),
    };
    let state = match drive.state {
        DriveState::Analysed => String::new(),
        state => format!(", {state}"),
    };
    format!(
        "{} drive {}{state}: {result}",
        minute(drive.start),
        drive.id
    )
}

fn of_backup(backup: &Backup, now: NaiveDateTime) -> String {
    let age = (now - backup.created_at).to_std().unwrap_or_default();
    format!(
        "{}: {} ago, {}, {} ({})",
        backup.folder.kind.as_str(),
        length(age),
        size(backup.size_bytes),
        backups::state(backup),
        backup.filename
    )
}

fn line(text: &mut String, label: &str, value: &str) {
    let _ = writeln!(text, "  {label:13} {}", clean(value));
}

fn minute(time: NaiveDateTime) -> String {
    time.format("%Y-%m-%d %H:%M").to_string()
}

/// A length of time in its largest unit, rounded down.
fn length(time: Duration) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400, "d"), (3600, "h"), (60, "min"), (1, "s")];
    let seconds = time.as_secs();
    let unit = UNITS.into_iter().find(|(unit, _)| seconds >= 2 * unit);
    let (unit, name) = unit.unwrap_or((1, "s"));
    format!("{} {name}", seconds / unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_time_is_given_in_its_largest_unit() {
        for (seconds, expected) in [
            (0, "0 s"),
            (119, "119 s"),
            (120, "2 min"),
            (7_199, "119 min"),
            (7_200, "2 h"),
            (172_800, "2 d"),
        ] {
            assert_eq!(length(Duration::from_secs(seconds)), expected);
        }
    }
}
