//! The peer: the same rows, stored by prepared multi-row upserts only.

use std::time::{Duration, Instant};

use chrono::NaiveDate;
use mysql_async::prelude::Queryable as _;
use mysql_async::{Conn, Opts, Value};

use crate::ROWS_PER_REQUEST;

fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    runtime.unwrap().block_on(work)
}

async fn connect(url: &str) -> Conn {
    let opts = mysql_async::OptsBuilder::from_opts(Opts::from_url(url).unwrap());
    Conn::new(
        opts.prefer_socket(false)
            .setup(vec!["SET time_zone = '+00:00'"]),
    )
    .await
    .unwrap()
}

/// A database with the schema in it; returns its name.
pub(crate) fn create_database(base: &str) -> String {
    let name = format!("eclipse_ai_speed_{}", std::process::id());
    run(async {
        let mut server = connect(&format!("{base}/")).await;
        server
            .query_drop(format!("DROP DATABASE IF EXISTS {name}"))
            .await
            .unwrap();
        server
            .query_drop(format!("CREATE DATABASE {name}"))
            .await
            .unwrap();
    });
    crate::server::init_db(&format!("{base}/{name}"));
    name
}

/// Drops the database of [`create_database`].
pub(crate) fn drop_database(base: &str, name: &str) {
    run(async {
        let mut server = connect(&format!("{base}/")).await;
        server
            .query_drop(format!("DROP DATABASE {name}"))
            .await
            .unwrap();
    });
}

/// Every connection executes this many statements of 500 readings; returns the total duration.
pub(crate) fn upsert(url: &str, connections: usize, statements: usize) -> Duration {
    run(async {
        let profile = make_profile(url).await;
        let clock = Instant::now();
        let workers: Vec<_> = (0..connections)
            .map(|worker| tokio::spawn(upsert_on_one(url.to_owned(), worker, statements, profile)))
            .collect();
        for worker in workers {
            worker.await.unwrap();
        }
        clock.elapsed()
    })
}

async fn make_profile(url: &str) -> i64 {
    let mut connection = connect(url).await;
    connection
        .query_drop(
            "INSERT INTO profiles (source_id, source_device, synced_at, name) \
             VALUES ('daily', 'raw', NOW(6), 'daily')",
        )
        .await
        .unwrap();
    connection
        .query_first("SELECT id FROM profiles WHERE source_device = 'raw'")
        .await
        .unwrap()
        .unwrap()
}

async fn upsert_on_one(url: String, worker: usize, statements: usize, profile: i64) {
    const COLUMNS: [&str; 11] = [
        "source_device",
        "source_id",
        "synced_at",
        "sync_batch_id",
        "timestamp",
        "parameter_name",
        "value",
        "unit",
        "profile_id",
        "data_source",
        "drive_id",
    ];
    let mut connection = connect(&url).await;
    let row = format!("({})", vec!["?"; COLUMNS.len()].join(","));
    let updates: Vec<String> = COLUMNS[2..]
        .iter()
        .map(|c| format!("{c} = VALUES({c})"))
        .collect();
    let statement = format!(
        "INSERT INTO realtime_data ({}) VALUES {} ON DUPLICATE KEY UPDATE {}",
        COLUMNS.join(", "),
        vec![row.as_str(); ROWS_PER_REQUEST].join(","),
        updates.join(", ")
    );
    let device = format!("raw-{worker}");
    let batch = format!("{device}-2026-04-18T14:30:00Z");
    let midnight = NaiveDate::from_ymd_opt(2026, 4, 19)
        .unwrap()
        .and_hms_micro_opt(0, 0, 0, 697_867)
        .unwrap();
    for number in 0..statements {
        let mut values: Vec<Value> = Vec::with_capacity(ROWS_PER_REQUEST * COLUMNS.len());
        for id in number * ROWS_PER_REQUEST..(number + 1) * ROWS_PER_REQUEST {
            let seconds = i64::try_from(id % 86_400).unwrap();
            let value = 80.0 + f64::from(u32::try_from(id % 97).unwrap()) / 7.0;
            values.extend([
                Value::from(device.as_str()),
                Value::from(id),
                Value::from(midnight),
                Value::from(batch.as_str()),
                Value::from(midnight + chrono::TimeDelta::seconds(seconds)),
                Value::from("COOLANT_TEMP"),
                Value::from(value),
                Value::from("°C"),
                Value::from(profile),
                Value::from("real"),
                Value::from(17),
            ]);
        }
        connection.exec_drop(&statement, values).await.unwrap();
    }
}
