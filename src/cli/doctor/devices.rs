//! When each car made contact, and which of its tables the server does not know.

use std::collections::BTreeSet;

use actors::contacts::{DeviceContact, interval};
use serde_json::Value;

use super::finding::Finding;
use crate::cli::host::Host;
use crate::config::Settings;

const SUBJECT: &str = "devices";

/// One line a device.
pub(super) fn judge(contacts: &[DeviceContact], host: &Host) -> Vec<Finding> {
    let contacts = contacts.iter();
    contacts.map(|found| contact(found, host)).collect()
}

fn contact(contact: &DeviceContact, host: &Host) -> Finding {
    let (id, at) = (
        &contact.device_id,
        contact.last_contact_at.format("%Y-%m-%dT%H:%M:%S"),
    );
    let Some(usual) = contact.usual_interval else {
        return Finding::ok(SUBJECT, format!("{id} made contact once, at {at}"));
    };
    let usual = interval(usual);
    if contact.is_silent {
        return Finding::warning(
            SUBJECT,
            format!("{id} is silent since {at}; it usually makes contact every {usual}"),
            host.log(&format!("--grep 'device=\"{id}\"'")),
        );
    }
    Finding::ok(
        SUBJECT,
        format!("{id} made contact at {at}, and usually every {usual}"),
    )
}

/// The tables that a running server refuses because it does not know them, from its health.
pub(super) fn unknown_tables(settings: &Settings, health: &Value, host: &Host) -> Option<Finding> {
    let failing = health["sync"]["failingTables"].as_array()?;
    let unknown = failing.iter().filter(|table| table["isUnknown"] == true);
    let names = |field: &'static str| {
        let names = unknown.clone().filter_map(|table| table[field].as_str());
        names.collect::<BTreeSet<_>>()
    };
    let (tables, devices) = (names("table"), names("deviceId"));
    if tables.is_empty() {
        return None;
    }
    let list = |names: BTreeSet<&str>| names.into_iter().collect::<Vec<_>>().join(", ");
    let says = format!(
        "the tables {} of {} are refused: the server does not know them",
        list(tables.clone()),
        list(devices)
    );
    let known = settings.extra_tables.iter().map(String::as_str);
    let all: BTreeSet<&str> = known.chain(tables).collect();
    let all: Vec<&str> = all.into_iter().collect();
    let mend = format!(
        "{} # EXTRA_TABLES={}, then restart",
        host.edit_settings(),
        all.join(",")
    );
    Some(Finding::warning(SUBJECT, says, mend))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::finding::Verdict;
    use super::*;

    #[test]
    fn a_silent_device_is_a_warning_with_its_last_contact_and_usual_interval() {
        let contact = |usual: Option<u64>, is_silent| DeviceContact {
            device_id: "pi".to_owned(),
            last_contact_at: "2026-02-01T14:30:05".parse().unwrap(),
            usual_interval: usual.map(Duration::from_secs),
            is_silent,
        };
        let found = judge(
            &[
                contact(None, false),
                contact(Some(60), false),
                contact(Some(43_200), true),
            ],
            &Host::find(),
        );
        let verdicts: Vec<Verdict> = found.iter().map(|found| found.verdict).collect();
        assert_eq!(verdicts, [Verdict::Ok, Verdict::Ok, Verdict::Warning]);
        let silent = found[2].render(&Host::find());
        let says = "pi is silent since 2026-02-01T14:30:05; it usually makes contact every 12 h";
        assert!(silent.contains(says), "{silent}");
    }
}
