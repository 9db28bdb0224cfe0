//! What a reading costs, in instructions: counted, because a time depends on the machine and its load.

use std::collections::BTreeMap;
use std::env;
use std::hint::black_box;
use std::process::Command;

use bytes::Bytes;
use simulation::{Engine, Logger, Route, Simulation};

use super::batch::{self, Batch, ReadOptions, SizeLimit};
use super::store::render;
use crate::diagnosis::{Diagnoser, History, Settings};
use crate::simulated;

const ROWS: usize = 200;

/// The compiler whose unoptimised code the bounds are for.
const COMPILER: &str = "rustc 1.95.";

/// The C library picks its functions by what the processor can do: these are never picked, so that all processors count alike.
const COMMON_FUNCTIONS: &str = "glibc.cpu.hwcaps=-AVX,-AVX2,-AVX512F,-FMA,-FMA4,-BMI1,-BMI2,-ERMS,-SSSE3,-SSE4_1,-SSE4_2,\
                                -AVX_Fast_Unaligned_Load,-Fast_Unaligned_Copy";

/// The most instructions a reading, 10 % more than there are: versions of the C library differ. An optimised build has about a
/// tenth. A diagnosis has a part of its own beside its readings.
const BOUNDS: [(&str, u64); 3] = [("parse", 59_500), ("render", 10_900), ("diagnose", 44_100)];

#[inline(never)]
fn parse(body: &Bytes) -> Batch {
    batch::read(body, &ReadOptions::default(), SizeLimit::default()).unwrap()
}

#[inline(never)]
fn diagnose(readings: &[simulation::Reading]) {
    let mut diagnoser = Diagnoser::new(&Settings::default(), History::default());
    for reading in readings {
        diagnoser.push(simulated::reading(reading));
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

/// Also the work that is counted.
#[test]
fn a_batch_is_parsed_rendered_and_diagnosed() {
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
        .env("GLIBC_TUNABLES", COMMON_FUNCTIONS)
        .arg("--tool=callgrind")
        .arg(format!("--callgrind-out-file={}", counts.display()))
        .arg(env::current_exe().unwrap())
        .args([
            "sync::cost::a_batch_is_parsed_rendered_and_diagnosed",
            "--exact",
        ])
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

/// Whether the bounds are for this machine, and valgrind is there.
fn can_count() -> bool {
    let version = |program: &str| Command::new(program).arg("--version").output();
    let is_compiler =
        version("rustc").is_ok_and(|rustc| rustc.stdout.starts_with(COMPILER.as_bytes()));
    is_compiler && cfg!(target_arch = "x86_64") && version("valgrind").is_ok()
}

#[test]
fn a_reading_costs_no_more_instructions_than_its_bounds() {
    if !can_count() {
        println!(
            "skipped: no valgrind, or not the compiler and the processor that the bounds are for"
        );
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
