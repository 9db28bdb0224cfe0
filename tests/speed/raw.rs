//! The peer: the same rows, stored by multi-row upserts only.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::NaiveDate;
use mysql_async::prelude::Queryable as _;
use mysql_async::{Conn, Opts, Value};

/// How a statement is sent.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Form {
    /// Prepared once, its values as parameters.
    Prepared,
    /// With its values written out.
    Text,
}

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
    create_database_for(base, "one")
}

/// The same, one of several.
pub(crate) fn create_database_for(base: &str, purpose: &str) -> String {
    let name = format!("eclipse_ai_speed_{}_{purpose}", std::process::id());
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

/// Executes statements one after another.
pub(crate) fn execute(url: &str, statements: &[String]) {
    run(async {
        let mut connection = connect(url).await;
        for statement in statements {
            connection.query_drop(statement).await.unwrap();
        }
    });
}

/// Every connection executes `statements` statements of `rows` readings; returns the total duration and that of each
/// statement. The texts are written beforehand.
pub(crate) fn upsert(
    url: &str,
    form: Form,
    connections: usize,
    statements: usize,
    rows: usize,
) -> (Duration, Vec<Duration>) {
    run(async {
        let profile = make_profile(url).await;
        let start = Arc::new(tokio::sync::Barrier::new(connections + 1));
        let workers: Vec<_> = (0..connections)
            .map(|worker| {
                let work = Work {
                    url: url.to_owned(),
                    form,
                    worker,
                    statements,
                    rows,
                    profile,
                };
                tokio::spawn(upsert_on_one(work, Arc::clone(&start)))
            })
            .collect();
        start.wait().await;
        let clock = Instant::now();
        let mut times = Vec::new();
        for worker in workers {
            times.extend(worker.await.unwrap());
        }
        (clock.elapsed(), times)
    })
}

async fn make_profile(url: &str) -> i64 {
    let mut connection = connect(url).await;
    connection
        .query_drop(
            "INSERT IGNORE INTO profiles (source_id, source_device, synced_at, name) \
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

/// What one connection does.
struct Work {
    url: String,
    form: Form,
    worker: usize,
    statements: usize,
    rows: usize,
    profile: i64,
}

async fn upsert_on_one(work: Work, start: Arc<tokio::sync::Barrier>) -> Vec<Duration> {
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
    let mut connection = connect(&work.url).await;
    let row = format!("({})", vec!["?"; COLUMNS.len()].join(","));
    let updates: Vec<String> = COLUMNS[2..]
        .iter()
        .map(|c| format!("{c} = VALUES({c})"))
        .collect();
    let statement = format!(
        "INSERT INTO realtime_data ({}) VALUES {} ON DUPLICATE KEY UPDATE {}",
        COLUMNS.join(", "),
        vec![row.as_str(); work.rows].join(","),
        updates.join(", ")
    );
    let device = format!("raw-{}", work.worker);
    let batch = format!("{device}-2026-04-18T14:30:00Z");
    let midnight = NaiveDate::from_ymd_opt(2026, 4, 19)
        .unwrap()
        .and_hms_micro_opt(0, 0, 0, 697_867)
        .unwrap();
    let values_of = |number: usize| {
        let mut values: Vec<Value> = Vec::with_capacity(work.rows * COLUMNS.len());
        for id in number * work.rows..(number + 1) * work.rows {
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
                Value::from(work.profile),
                Value::from("real"),
                Value::from(17),
            ]);
        }
        values
    };
    let texts: Vec<String> = match work.form {
        Form::Prepared => Vec::new(),
        Form::Text => (0..work.statements)
            .map(|number| written_out(&statement, &values_of(number)))
            .collect(),
    };
    start.wait().await;
    let mut times = Vec::with_capacity(work.statements);
    for number in 0..work.statements {
        let clock = Instant::now();
        match texts.get(number) {
            Some(text) => connection.query_drop(text).await.unwrap(),
            None => connection
                .exec_drop(&statement, values_of(number))
                .await
                .unwrap(),
        }
        times.push(clock.elapsed());
    }
    times
}

fn written_out(statement: &str, values: &[Value]) -> String {
    let mut values = values.iter();
    let mut pieces = statement.split('?');
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        text.push_str(&values.next().unwrap().as_sql(false));
        text.push_str(piece);
    }
    text
}
