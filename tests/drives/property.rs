//! However the rows of a device arrive, its drives are those that everything stored shows.

use std::collections::{BTreeMap, BTreeSet};

use actors::drives::DriveEventKind;
use actors::drives::pairing::{Drive, DriveEvent, Pairing, ReadingRun};
use chrono::{NaiveDateTime, TimeDelta};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};

use crate::support::{TestDatabase, TestServer, batch, with};

const CASES: usize = 40;

const SILENCE: TimeDelta = TimeDelta::hours(1);

/// One version of a row: table, key, minute, type or nothing for a reading, number.
#[derive(Clone, Debug)]
struct Row {
    id: i64,
    minute: i64,
    /// Nothing for a reading.
    event: Option<&'static str>,
    number: Option<i64>,
}

/// The rows of a device as they arrive, in batches.
#[derive(Clone, Debug)]
struct History {
    batches: Vec<Vec<Row>>,
}

/// Minutes of a clock that jumps now and then.
fn minutes(rows: usize) -> impl Strategy<Value = Vec<i64>> {
    let step = prop_oneof![12 => 0..30_i64, 2 => 60..200_i64, 1 => -5_000..5_000_i64];
    prop::collection::vec(step, rows).prop_map(|steps| {
        let minutes = steps.into_iter().scan(6_000, |minute, step| {
            *minute += step;
            Some(*minute)
        });
        minutes.collect()
    })
}

/// Rows in the order of their keys. Numbers are few, so that the counter seems to be reset again and again.
fn rows(events: bool) -> impl Strategy<Value = Vec<Row>> {
    let kinds = prop_oneof![4 => Just("drive_start"), 4 => Just("drive_end"), 1 => Just("connect")];
    let number = prop_oneof![2 => Just(None), 5 => (1..5_i64).prop_map(Some)];
    (0..20_usize)
        .prop_flat_map(move |rows| {
            let shape = (kinds.clone(), number.clone(), 1..4_usize, 1..200_i64);
            (minutes(rows), prop::collection::vec(shape, rows))
        })
        .prop_map(move |(minutes, shapes)| {
            let mut id = 0;
            let mut rows = Vec::new();
            let shapes = minutes.into_iter().zip(shapes);
            for (minute, (kind, number, repeats, gap)) in shapes {
                // Readings of one number in consecutive rows, and gaps that reach other blocks.
                id += if gap > 150 { gap } else { 1 };
                for _ in 0..if events { 1 } else { repeats } {
                    let event = events.then_some(kind);
                    rows.push(Row {
                        id,
                        minute,
                        event,
                        number,
                    });
                    id += 1;
                }
                id -= 1;
            }
            rows
        })
}

prop_compose! {
    /// Each row in one to three versions, of which the last one is the row; repeated rows; any order.
    fn histories()(log in rows(true), readings in rows(false))(
        edits in prop::collection::vec((0..3_usize, prop::option::of(1..5_i64), any::<bool>(), -90..90_i64), log.len() + readings.len()),
        sizes in prop::collection::vec(1..9_usize, 200),
        order in Just((0..3 * (log.len() + readings.len())).collect::<Vec<_>>()).prop_shuffle(),
        in_order in prop::bool::weighted(0.3),
        all in Just([log, readings].concat()),
    ) -> History {
        let mut versions: Vec<Vec<Row>> = Vec::new();
        for (row, (count, number, other_type, shift)) in all.iter().zip(edits) {
            let earlier = Row {
                number,
                minute: row.minute + shift,
                event: row.event.map(|event| match (other_type, event) {
                    (true, "drive_start") => "drive_end",
                    (true, _) => "drive_start",
                    (false, event) => event,
                }),
                ..row.clone()
            };
            let mut of_row = vec![row.clone()];
            match count {
                0 => {}
                1 => of_row.push(row.clone()),
                _ => of_row.push(earlier),
            }
            versions.push(of_row);
        }
        // The last version is taken off last.
        let places = order.into_iter().map(|place| place / 3);
        let places: Vec<usize> = if in_order { (0..versions.len()).flat_map(|row| [row; 3]).collect() } else { places.collect() };
        let arriving = places.into_iter().filter_map(|row| versions[row].pop());
        let mut arriving: Vec<Row> = arriving.collect();
        let mut batches = Vec::new();
        for size in sizes {
            let rest = arriving.split_off(size.min(arriving.len()));
            batches.push(std::mem::replace(&mut arriving, rest));
        }
        batches.retain(|batch| !batch.is_empty());
        History { batches }
    }
}

fn at(minute: i64) -> NaiveDateTime {
    super::at(minute).parse().unwrap()
}

fn body(device: &str, rows: &[Row]) -> Value {
    let mut tables: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for row in rows {
        let (table, fields) = match row.event {
            Some(event) => ("connection_log", json!({"event_type": event})),
            None => (
                "realtime_data",
                json!({"parameter_name": "RPM", "value": 900, "unit": "rpm"}),
            ),
        };
        let common =
            json!({"id": row.id, "timestamp": super::at(row.minute), "drive_id": row.number});
        tables.entry(table).or_default().push(with(fields, &common));
    }
    let tables: Map<_, _> = tables
        .into_iter()
        .map(|(table, rows)| (table.to_owned(), json!(rows)))
        .collect();
    with(batch(&Value::Object(tables)), &json!({"deviceId": device}))
}

/// The runs of a block: one if no two readings are more than a silence apart, else those between the silences.
fn runs_of(readings: &[(i64, NaiveDateTime)]) -> Vec<ReadingRun> {
    let run = |readings: &[(i64, NaiveDateTime)]| {
        let times = || readings.iter().map(|(_, at)| *at);
        ReadingRun {
            first: readings[0].0,
            last: readings[readings.len() - 1].0,
            earliest: times().min().unwrap(),
            latest: times().max().unwrap(),
        }
    };
    let whole = run(readings);
    if whole.latest - whole.earliest <= SILENCE {
        return vec![whole];
    }
    let parts = readings.chunk_by(|one, next| (next.1 - one.1).abs() <= SILENCE);
    parts.map(run).collect()
}

/// Pairs everything, from the rows alone. Readings are summed up by number, 256 keys and day.
fn expected(history: &History) -> Vec<Drive> {
    let (mut log, mut readings) = (BTreeMap::new(), BTreeMap::new());
    for row in history.batches.iter().flatten() {
        match row.event {
            Some(_) => log.insert(row.id, row.clone()),
            None => readings.insert(row.id, row.clone()),
        };
    }
    let events = log.into_values().filter_map(|row| {
        Some(DriveEvent {
            source_id: row.id,
            at: at(row.minute),
            kind: DriveEventKind::of(row.event?)?,
            drive_id: row.number,
        })
    });
    let mut blocks: BTreeMap<_, Vec<(i64, NaiveDateTime)>> = BTreeMap::new();
    for row in readings.into_values() {
        let Some(number) = row.number else { continue };
        let at = at(row.minute);
        let block = (number, row.id / 256, at.date());
        blocks.entry(block).or_default().push((row.id, at));
    }
    let mut runs: BTreeMap<i64, Vec<ReadingRun>> = BTreeMap::new();
    for ((number, ..), readings) in blocks {
        runs.entry(number).or_default().extend(runs_of(&readings));
    }
    let pairing = Pairing { silence: SILENCE };
    pairing.all(events.collect(), runs)
}

type Columns = (
    String,
    Option<i64>,
    NaiveDateTime,
    Option<NaiveDateTime>,
    Option<i64>,
    Option<i64>,
    Option<NaiveDateTime>,
);

fn columns(drive: &Drive) -> Columns {
    (
        drive.key().to_string(),
        drive.drive_id,
        drive.start,
        drive.end,
        drive.source_ids.map(|(first, _)| first),
        drive.source_ids.map(|(_, last)| last),
        drive.window_end,
    )
}

#[tokio::test]
async fn drives_do_not_depend_on_how_their_rows_arrive() {
    let database = TestDatabase::create().await;
    let variables = [("AUTO_ANALYSIS_QUIET_SECONDS", "86400")];
    let server = TestServer::start_with(&database.url(), &variables).await;
    // The long form tries others each time.
    let (mut runner, cases) = if std::env::var_os("TEST_LONG").is_some() {
        (TestRunner::default(), 50 * CASES)
    } else {
        (TestRunner::deterministic(), CASES)
    };
    for case in 0..cases {
        let history = histories().new_tree(&mut runner).unwrap().current();
        let device = format!("pi-{case}");
        // Rows that are edited and arrive in any order look like those of a re-imaged device, but not where they are older
        // than what is stored.
        let newest = Row {
            id: 1_000_000,
            minute: 200_000,
            event: None,
            number: None,
        };
        let newest = vec![newest];
        for rows in [&newest].into_iter().chain(&history.batches) {
            let (status, receipt) = server.sync(&body(&device, rows)).await;
            assert_eq!(status, 200, "{receipt}");
        }
        let stored: Vec<Columns> = database
            .rows(&format!(
                "SELECT drive_key, drive_id, drive_start, drive_end, first_source_id, last_source_id, window_end \
                 FROM drives WHERE source_device = '{device}'"
            ))
            .await;
        let stored: BTreeSet<Columns> = stored.into_iter().collect();
        let expected: BTreeSet<Columns> = expected(&history).iter().map(columns).collect();
        assert_eq!(stored, expected, "{history:#?}");
    }
}
