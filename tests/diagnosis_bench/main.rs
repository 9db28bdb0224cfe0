//! Measures the diagnosis: planted faults found, healthy drives with findings.
//!
//! `cargo run --release --example diagnosis -- [--seeds N] [--verbose] [FOLDER]` prints the tables of
//! `docs/diagnosis.md`. FOLDER holds CSV logs of healthy drives, which are diagnosed as they are and with faults injected.
//! `--speed` measures time and memory alone.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod drives;
mod healthy;
mod planted;
mod recorded;
mod speed;
mod tally;

use std::path::PathBuf;

struct Options {
    /// Drives of each kind.
    seeds: u64,
    /// Names every drive with a wrong answer.
    verbose: bool,
    folder: Option<PathBuf>,
}

fn main() {
    let mut options = Options {
        seeds: 10,
        verbose: false,
        folder: None,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--seeds" => options.seeds = arguments.next().unwrap().parse().unwrap(),
            "--speed" => return speed::print(),
            "--verbose" => options.verbose = true,
            folder => options.folder = Some(folder.into()),
        }
    }
    speed::print();
    planted::print(&options);
    healthy::print(&options);
    if let Some(folder) = &options.folder {
        recorded::print(&options, folder);
    }
}
