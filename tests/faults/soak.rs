//! Constant load for a long time: memory, descriptors and sessions stay flat, and the log is silent.

use std::time::{Duration, Instant};

use super::load::Load;
use crate::support::{TestDatabase, effort, minutes};

const SAMPLES: u32 = 40;

/// What the server holds at one time.
#[derive(Clone, Copy, Debug)]
struct Sample {
    resident_mb: u64,
    descriptors: u64,
    sessions: u64,
}

async fn sample(load: &Load, database: &TestDatabase) -> Sample {
    Sample {
        resident_mb: load.server.memory_bytes() / 1024 / 1024,
        descriptors: load.server.descriptors(),
        sessions: database.other_sessions().await.len() as u64,
    }
}

/// Of the samples, the largest value in the second quarter, and in the last one.
fn compared(samples: &[Sample], value: impl Fn(&Sample) -> u64) -> (u64, u64) {
    let quarter = samples.len() / 4;
    let most = |samples: &[Sample]| samples.iter().map(&value).max().unwrap();
    (
        most(&samples[quarter..2 * quarter]),
        most(&samples[3 * quarter..]),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_descriptors_and_sessions_stay_flat_under_constant_load() {
    if effort(true, false) {
        return;
    }
    let length = minutes("TEST_SOAK_MINUTES", 60);
    let database = TestDatabase::create().await;
    let load = Load::start(&database.url(), Duration::from_millis(500)).await;
    let (started, mut samples) = (Instant::now(), Vec::new());
    for number in 1..=SAMPLES {
        tokio::time::sleep((length * number / SAMPLES).saturating_sub(started.elapsed())).await;
        let sample = sample(&load, &database).await;
        println!("{:>5} s {sample:?}", started.elapsed().as_secs());
        samples.push(sample);
    }
    let (before, after) = compared(&samples, |sample| sample.resident_mb);
    assert!(
        after <= before + before / 5 + 4,
        "memory: {before} MB, then {after} MB"
    );
    let (before, after) = compared(&samples, |sample| sample.descriptors);
    assert!(after <= before + 10, "descriptors: {before}, then {after}");
    let (before, after) = compared(&samples, |sample| sample.sessions);
    assert!(after <= before + 2, "sessions: {before}, then {after}");
    for level in [" WARN ", " ERROR "] {
        let lines = load.server.lines(level);
        assert!(lines.is_empty(), "{lines:?}");
    }
    let mut connection = database.connect().await;
    load.ends_with_all_promises_kept(&mut connection).await;
}
