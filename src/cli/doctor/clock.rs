//! Whether the clock is right: drives and backups are identified by times in UTC.

use std::collections::HashMap;

use chrono::{Datelike as _, NaiveDateTime};
use tokio::process::Command;
use tokio::time::timeout;

use super::LIMIT;
use super::finding::Finding;

const SUBJECT: &str = "clock";

/// There was no such server before.
const FIRST_YEAR: i32 = 2026;

/// Two clocks that differ by more are not both right, in seconds.
const TOLERANCE_SECONDS: i64 = 5;

pub(super) struct Found {
    /// In UTC.
    now: NaiveDateTime,
    /// What `timedatectl show` says; empty where there is no systemd.
    system: HashMap<String, String>,
}

pub(super) async fn probe() -> Found {
    let system = timedatectl().await;
    Found {
        now: actors::clock::now(),
        system: system.unwrap_or_default(),
    }
}

async fn timedatectl() -> Option<HashMap<String, String>> {
    let mut question = Command::new("timedatectl");
    question.arg("show").kill_on_drop(true);
    let answer = timeout(LIMIT, question.output()).await.ok()?.ok()?;
    let text = String::from_utf8(answer.stdout).ok()?;
    let lines = text.lines().filter_map(|line| line.split_once('='));
    Some(
        lines
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
    )
}

/// `database` is the database's clock at nearly the same time.
pub(super) fn judge(found: &Found, database: Option<NaiveDateTime>) -> Vec<Finding> {
    let system = |name| found.system.get(name).map(String::as_str);
    let now = found.now.format("%Y-%m-%dT%H:%M:%S");
    if found.now.year() < FIRST_YEAR {
        let says = format!("says that it is {now}");
        return vec![Finding::error(
            SUBJECT,
            says,
            "sudo timedatectl set-ntp true",
        )];
    }
    let mut findings = Vec::new();
    if system("NTPSynchronized") == Some("no") {
        findings.push(Finding::warning(
            SUBJECT,
            format!("is not synchronized; it says {now} UTC"),
            "sudo timedatectl set-ntp true",
        ));
    }
    if system("LocalRTC") == Some("yes") {
        findings.push(Finding::warning(
            SUBJECT,
            "the hardware's clock does not run in UTC, and is wrong after a change of summer time",
            "sudo timedatectl set-local-rtc 0",
        ));
    }
    let apart = database.map_or(0, |database| (database - found.now).num_seconds().abs());
    if apart > TOLERANCE_SECONDS {
        findings.push(Finding::warning(
            SUBJECT,
            format!("differs from the database's by {apart} s"),
            "timedatectl # on both machines",
        ));
    }
    if findings.is_empty() {
        let synchronized = match system("NTPSynchronized") {
            Some(_) => "synchronized",
            None => "whether it is synchronized cannot be known here",
        };
        findings.push(Finding::ok(SUBJECT, format!("{now} UTC, {synchronized}")));
    }
    findings
}

#[cfg(test)]
mod tests {
    use chrono::{NaiveDate, TimeDelta};
    use rstest::rstest;

    use super::super::finding::Verdict::{self, Error, Ok, Warning};
    use super::*;

    fn found(year: i32, system: &[(&str, &str)]) -> Found {
        let now = NaiveDate::from_ymd_opt(year, 2, 1).and_then(|date| date.and_hms_opt(14, 30, 5));
        let system = system
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Found {
            now: now.unwrap(),
            system: system.collect(),
        }
    }

    #[rstest]
    #[case::all_well(2026, &[("NTPSynchronized", "yes"), ("LocalRTC", "no")], Ok)]
    #[case::nothing_known(2026, &[], Ok)]
    #[case::no_battery(1970, &[("NTPSynchronized", "no")], Error)]
    #[case::not_synchronized(2026, &[("NTPSynchronized", "no")], Warning)]
    #[case::local_time_in_hardware(2026, &[("NTPSynchronized", "yes"), ("LocalRTC", "yes")], Warning)]
    fn a_clock_that_cannot_be_trusted_is_reported(
        #[case] year: i32,
        #[case] system: &[(&str, &str)],
        #[case] verdict: Verdict,
    ) {
        let findings = judge(&found(year, system), None);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].verdict, verdict, "{:?}", findings[0]);
    }

    #[test]
    fn the_clocks_of_server_and_database_are_compared() {
        let found = found(2026, &[]);
        let verdict =
            |seconds| judge(&found, Some(found.now + TimeDelta::seconds(seconds)))[0].verdict;
        assert_eq!(verdict(4), Ok);
        assert_eq!(verdict(-60), Warning);
        assert_eq!(verdict(3600), Warning);
    }
}
