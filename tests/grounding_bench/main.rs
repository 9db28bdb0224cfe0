//! Measures the check of numbers in advice: true sentences that are objected to, false ones that pass.
//!
//! `cargo run --release --example grounding -- [--drives N] [--verbose]` prints the tables of `docs/diagnosis.md`.
//! Sentences are made from the figures of simulated drives; each is made false in one place.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod measure;

use std::collections::BTreeMap;

use measure::Tally;
use measure::phrasings::{FIRST, FOURTH, SECOND, THIRD};

fn main() {
    let (mut drives, mut verbose) = (70, false);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--drives" => drives = arguments.next().unwrap().parse().unwrap(),
            "--verbose" => verbose = true,
            other => panic!("unknown argument {other}"),
        }
    }
    for (title, phrasings) in [
        ("First phrasings", &FIRST),
        ("Second phrasings", &SECOND),
        ("Held-out phrasings", &THIRD),
        ("Second held-out phrasings", &FOURTH),
    ] {
        println!("\n## {title}\n");
        print(&measure::measure(phrasings, drives, verbose));
    }
}

fn print(tally: &Tally) {
    println!("| true sentences about | number | objected to |\n|---|---|---|");
    rows(&tally.sentences);
    let (all, alarms) = tally.false_alarms();
    println!("| **all** | {all} | **{:.2} %** |\n", 100.0 * alarms);
    println!("| one place changed | number | objected to |\n|---|---|---|");
    rows(&tally.mutants);
    let (all, recall) = tally.recall();
    println!("| **all** | {all} | **{:.2} %** |", 100.0 * recall);
}

fn rows(counts: &BTreeMap<&'static str, (u32, u32)>) {
    for (name, (all, objected)) in counts {
        println!(
            "| {name} | {all} | {:.2} % |",
            100.0 * f64::from(*objected) / f64::from(*all)
        );
    }
}
