//! Benchmarks: each is a ratio to a peer measured in the same run on the same database.
//!
//! `deploy/speed.sh` starts the database and runs this in release; `deploy/speed.sh --growth` measures how the answers' times
//! grow with the data instead, `--large` how they do with ten million readings, `--year` with a year of one car, `--backups` uploads.
//! It asserts nothing, because machines differ and are noisy. Each pair is measured alternately, in several rounds, and the median ratio is printed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    missing_docs
)]

mod backups;
mod client;
mod cpu;
mod growth;
mod large;
mod ollama;
mod raw;
mod server;
mod throughput;
mod year;

use std::time::{Duration, Instant};

use server::Server;

const ROUNDS: usize = 3;

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() {
    let database = std::env::var("TEST_DATABASE_URL")
        .expect("TEST_DATABASE_URL names no database server: run ./deploy/speed.sh");
    let base = database.trim_end_matches('/');
    if std::env::args().any(|argument| argument == "growth") {
        growth::measure(base);
        return;
    }
    if std::env::args().any(|argument| argument == "backups") {
        backups::measure(base);
        return;
    }
    if std::env::args().any(|argument| argument == "large") {
        large::measure(base);
        return;
    }
    if std::env::args().any(|argument| argument == "year") {
        year::measure(base);
        return;
    }
    start(base);
    memory(base);
    throughput::print(base);
}

/// Time from the start of the process to the first healthy answer, on a migrated schema.
fn start(base: &str) {
    let name = raw::create_database(base);
    let mut times: Vec<Duration> = (0..5)
        .map(|_| {
            let clock = Instant::now();
            let server = Server::start(&format!("{base}/{name}"));
            let time = clock.elapsed();
            println!("  resident when idle: {} KiB", server.resident_kib());
            time
        })
        .collect();
    times.sort();
    println!(
        "start to first healthy answer: {} ms (goal: at most 150 ms)",
        times[2].as_millis()
    );
    raw::drop_database(base, &name);
}

/// The peak of resident memory while 8 clients send batches of 10 MB.
fn memory(base: &str) {
    let name = raw::create_database(base);
    let server = Server::start(&format!("{base}/{name}"));
    client::post_large_batches(server.port, 8, 2);
    println!(
        "memory with 8 clients of 10 MB batches: {} KiB at most",
        server.peak_resident_kib()
    );
    drop(server);
    raw::drop_database(base, &name);
}
