//! Counts, by kind.

use std::collections::BTreeMap;

/// How the check did.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// By kind of sentence: all, and those objected to.
    pub(crate) sentences: BTreeMap<&'static str, (u32, u32)>,
    /// By kind of change: all, and those objected to.
    pub(crate) mutants: BTreeMap<&'static str, (u32, u32)>,
}

impl Tally {
    pub(crate) fn say_true(&mut self, kind: &'static str, accepted: bool) {
        let entry = self.sentences.entry(kind).or_default();
        entry.0 += 1;
        entry.1 += u32::from(!accepted);
    }

    pub(crate) fn say_false(&mut self, mutation: &'static str, caught: bool) {
        let entry = self.mutants.entry(mutation).or_default();
        entry.0 += 1;
        entry.1 += u32::from(caught);
    }

    /// All sentences, and the share that is objected to.
    pub(crate) fn false_alarms(&self) -> (u32, f64) {
        share(&self.sentences)
    }

    /// All changed sentences, and the share that is objected to.
    pub(crate) fn recall(&self) -> (u32, f64) {
        share(&self.mutants)
    }
}

fn share(counts: &BTreeMap<&'static str, (u32, u32)>) -> (u32, f64) {
    let all = counts.values().map(|(all, _)| all).sum();
    let objected: u32 = counts.values().map(|(_, objected)| objected).sum();
    (all, f64::from(objected) / f64::from(all))
}
