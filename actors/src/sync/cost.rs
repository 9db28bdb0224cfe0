//! What a reading costs, in instructions: counted, because a time depends on the machine and its load.

use std::collections::BTreeMap;
use std::env;
use std::hint::black_box;
use std::process::Command;

use bytes::Bytes;
use simulation::{Engine, Logger, Route, Simulation};

use super::batch::{self, Batch, ReadOptions, SizeLimit};
use super::store::render;
use crate::diagnosis::{Diagnoser, History, Reading, Settings};

const ROWS: usize = 200;

/// The most instructions a reading, 5 % more than rustc 1.95 makes of the unoptimised code. An optimised build has about a tenth.
/// A diagnosis has a part of its own beside its readings.
const BOUNDS: [(&str, u64); 3] = [("parse", 56_500), ("render", 10_450), ("diagnose", 39_800)];

#[inline(never)]
fn parse(body: &Bytes) -> Batch {
    batch::read(body, &ReadOptions::default(), SizeLimit::default()).unwrap()
}

#[inline(never)]
#[allow(clippy::cast_possible_truncation)]
fn diagnose(readings: &[simulation::Reading]) {
    let mut diagnoser = Diagnoser::new(&Settings::default(), History::default());
    for reading in readings {
        diagnoser.push(Reading {
            at_ms: (reading.seconds * 1_000.0).round() as i64,
            channel: reading.parameter,
            value: reading.value,
            unit: Some(reading.unit),
            real: true,
        });
    }
    black_box(diagnoser.finish());
}

/// Readings as the real device sends them.
fn body() -> String {
    let rows: Vec<String> = (0..ROWS)
        .map(|id| {
            format!(
                "{{\"id\": {id}, \"timestamp\": \"2026-04-19 07:18:{:02}.697867\", \"parameter_name\": \"COOLANT_TEMP\", \
                 \"value\": {}.25, \"unit\": \"\\u00b0C\", \"profile_id\": \"daily\", \"data_source\": \"real\", \
                 \"drive_id\": 17}}",
                id % 60,
                80 + id % 20
            )
        })
        .collect();
    format!(
        "{{\"deviceId\": \"car\", \"batchId\": \"b\", \"tables\": {{\"realtime_data\": {{\"rows\": [{}]}}}}}}",
        rows.join(", ")
    )
}

#[test]
#[ignore = "the work that is counted"]
fn work() {
    let batch = parse(&body().into());
    assert_eq!(batch.rows(), ROWS);
    black_box(render(&batch.mirrored[0]));
    let drive = Simulation::healthy(Engine::ECLIPSE_TURBO, Route::Commute, 1);
    let readings = drive.readings(Logger::Rows(0.5));
    diagnose(&readings[..ROWS]);
}

/// The instructions within each function and all that it calls.
fn counted() -> BTreeMap<String, u64> {
    let folder = tempfile::tempdir().unwrap();
    let counts = folder.path().join("counts");
    let counted = Command::new("valgrind")
        .arg("--tool=callgrind")
        .arg(format!("--callgrind-out-file={}", counts.display()))
        .arg(env::current_exe().unwrap())
        .args(["sync::cost::work", "--exact", "--ignored"])
        .output()
        .unwrap();
    assert!(counted.status.success(), "{counted:?}");
    let listed = Command::new("callgrind_annotate")
        .args(["--inclusive=yes", "--threshold=100"])
        .arg(&counts)
        .output()
        .unwrap();
    assert!(listed.status.success(), "{listed:?}");
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    let of_function = |line: &str| {
        let instructions = line.split_whitespace().next()?.replace(',', "");
        let (_, function) = line.split_once("::cost::")?;
        let name = function.split_whitespace().next()?;
        Some((name.to_owned(), instructions.parse().ok()?))
    };
    listed.lines().filter_map(of_function).collect()
}

#[test]
fn a_reading_costs_no_more_instructions_than_its_bounds() {
    let has_valgrind = Command::new("valgrind").arg("--version").output().is_ok();
    if !has_valgrind || !cfg!(target_arch = "x86_64") {
        println!("skipped: without valgrind, or with another processor than the bounds are for");
        return;
    }
    let counted = counted();
    let readings = |name: &str| counted[name] / ROWS as u64;
    let costs = BOUNDS.map(|(name, bound)| (name, readings(name), bound));
    println!("instructions a reading, and their bounds: {costs:?}");
    assert!(
        costs.iter().all(|(_, cost, bound)| cost <= bound),
        "{costs:?}"
    );
}
