//! Benchmarks: each is a ratio to a peer measured in the same run on the same database.
//!
//! `deploy/speed.sh` starts the database and runs this in release; `deploy/speed.sh --growth` measures how the answers' times
//! grow with the data instead, `deploy/speed.sh --backups` uploads. It asserts nothing, because machines differ and
//! are noisy. Each pair is measured alternately, in several rounds, and the median ratio is printed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    missing_docs
)]

mod backups;
mod client;
mod growth;
mod ollama;
mod raw;
mod server;

use std::time::{Duration, Instant};

use server::Server;

const ROUNDS: usize = 3;
const ROWS_PER_REQUEST: usize = 500;

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
    start(base);
    throughput(base, 8, 480);
    throughput(base, 1, 200);
    memory(base);
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

/// Readings stored through the server, compared with multi-row upserts by hand over as many connections.
fn throughput(base: &str, clients: usize, requests: usize) {
    let mut ratios = Vec::new();
    for _ in 0..ROUNDS {
        let name = raw::create_database(base);
        let url = format!("{base}/{name}");
        let server = Server::start(&url);
        let rows = requests / clients * clients * ROWS_PER_REQUEST;
        let raw_rate = rows as f64 / raw::upsert(&url, clients, requests / clients).as_secs_f64();
        let cpu_before = server.cpu();
        let time = client::post_batches(server.port, clients, requests / clients);
        let rate = rows as f64 / time.as_secs_f64();
        let cpu_per_row = server.cpu().saturating_sub(cpu_before).as_secs_f64() * 1e6 / rows as f64;
        println!(
            "  {clients} clients: {rate:.0} rows/s, by hand {raw_rate:.0} rows/s, own CPU {cpu_per_row:.2} µs a row"
        );
        ratios.push(rate / raw_rate);
        drop(server);
        raw::drop_database(base, &name);
    }
    ratios.sort_by(f64::total_cmp);
    println!(
        "throughput with {clients} clients: {:.2} × by hand",
        ratios[ROUNDS / 2]
    );
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
