//! Counting answers.

use std::collections::BTreeMap;

use actors::diagnosis::{Diagnosis, Finding};

/// Answers about drives with one planted fault.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) drives: u32,
    /// The fault is the first finding.
    pub(crate) first: u32,
    /// The fault is among the findings, or among what they explain.
    pub(crate) found: u32,
    /// The rule says that it cannot be judged.
    pub(crate) not_judged: u32,
    /// Findings about something else.
    pub(crate) others: BTreeMap<String, u32>,
}

impl Tally {
    /// Counts a diagnosis; `rules` name the fault. True if the fault is the first finding and the only one.
    pub(crate) fn count(&mut self, diagnosis: &Diagnosis, rules: &[&str]) -> bool {
        let names = |finding: &Finding| {
            rules.iter().any(|rule| {
                finding.rule == *rule || finding.explains.iter().any(|explained| explained == rule)
            })
        };
        self.drives += 1;
        let first = diagnosis.findings.first().is_some_and(names);
        self.first += u32::from(first);
        let found = diagnosis.findings.iter().any(names);
        self.found += u32::from(found);
        if !found {
            let unjudged = |rule: &&str| {
                diagnosis
                    .not_judged
                    .iter()
                    .any(|entry| entry.rule == **rule)
            };
            self.not_judged += u32::from(rules.iter().all(unjudged));
        }
        let mut alone = true;
        for other in diagnosis.findings.iter().filter(|finding| !names(finding)) {
            *self.others.entry(other.rule.clone()).or_default() += 1;
            alone = false;
        }
        first && alone
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.drives += other.drives;
        self.first += other.first;
        self.found += other.found;
        self.not_judged += other.not_judged;
        for (rule, count) in &other.others {
            *self.others.entry(rule.clone()).or_default() += count;
        }
    }

    pub(crate) fn others(&self) -> u32 {
        self.others.values().sum()
    }
}

/// `95 %`, or a dash where nothing was counted.
pub(crate) fn percent(part: u32, whole: u32) -> String {
    if whole == 0 {
        return "–".to_owned();
    }
    let share = 100.0 * f64::from(part) / f64::from(whole);
    if part == 0 || part == whole || share.fract() < 0.05 {
        format!("{share:.0} %")
    } else {
        format!("{share:.1} %")
    }
}

/// `vacuum_leak 3, rich 1`, the most frequent first.
pub(crate) fn list(counts: &BTreeMap<String, u32>) -> String {
    let mut counts: Vec<_> = counts.iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let listed: Vec<String> = counts
        .iter()
        .map(|(rule, count)| format!("{rule} {count}"))
        .collect();
    listed.join(", ")
}
