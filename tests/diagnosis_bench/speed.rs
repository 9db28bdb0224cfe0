//! Time and memory for a drive of a million readings.

use std::time::Instant;

use actors::diagnosis::{Diagnoser, History, Reading};
use simulation::{Engine, Logger, Route, Simulation};

use crate::drives::{milliseconds, settings};

const READINGS: usize = 1_000_000;

pub(crate) fn print() {
    let engine = Engine::ECLIPSE_TURBO;
    let drive = Simulation::healthy(engine, Route::Commute, 1).readings(Logger::Rows(0.5));
    let length_ms = milliseconds(drive.last().unwrap().seconds) + 500;
    let began = Instant::now();
    let mut diagnoser = Diagnoser::new(&settings(&engine), History::default());
    // The same drive again and again, without a pause.
    for (number, reading) in drive.iter().cycle().take(READINGS).enumerate() {
        let round = i64::try_from(number / drive.len()).unwrap();
        diagnoser.push(Reading {
            at_ms: round * length_ms + milliseconds(reading.seconds),
            channel: reading.parameter,
            value: reading.value,
            unit: Some(reading.unit),
            real: true,
        });
    }
    let (diagnosis, _) = diagnoser.finish();
    println!("\n## Speed\n");
    println!(
        "{} readings, {:.0} h of driving, diagnosed in {:.2} s; the process had {:.1} MiB at most.",
        diagnosis.figures.readings,
        diagnosis.figures.elapsed_seconds / 3_600.0,
        began.elapsed().as_secs_f64(),
        peak_kib() / 1_024.0
    );
}

/// The most memory that the process has had, in KiB.
fn peak_kib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
