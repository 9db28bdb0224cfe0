//! Any value that a column accepts comes out of the database as it was sent.

use actors::sync::tables::{Column, ColumnType, Key, Presence, TABLES, Table};
use chrono::NaiveDateTime;
use mysql_async::Row;
use mysql_async::prelude::Queryable as _;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::{Map, Value, json};

use crate::support::{TestDatabase, TestServer, effort};

/// A row of a table: the value of each of its columns.
type Sent = (&'static Table, Vec<Value>);

fn text(longest: usize) -> impl Strategy<Value = Value> {
    proptest::collection::vec(any::<char>(), 0..=longest)
        .prop_map(|characters| json!(characters.into_iter().collect::<String>()))
}

fn time() -> impl Strategy<Value = Value> {
    let first: NaiveDateTime = "1900-01-01T00:00:00".parse().unwrap();
    let last: NaiveDateTime = "8999-12-31T23:59:59.999999".parse().unwrap();
    let micros = first.and_utc().timestamp_micros()..=last.and_utc().timestamp_micros();
    micros.prop_map(|micros| {
        let time = chrono::DateTime::from_timestamp_micros(micros).unwrap();
        json!(time.format("%Y-%m-%dT%H:%M:%S%.6f").to_string())
    })
}

fn real() -> impl Strategy<Value = Value> {
    use proptest::num::f64::{NEGATIVE, NORMAL, POSITIVE, SUBNORMAL, ZERO};
    (POSITIVE | NEGATIVE | NORMAL | SUBNORMAL | ZERO).prop_map(|number| json!(number))
}

fn value(column: &'static Column) -> BoxedStrategy<Value> {
    let value = match column.kind {
        ColumnType::Integer(least, most) => (least..=most).prop_map(|number| json!(number)).boxed(),
        ColumnType::Real => real().boxed(),
        ColumnType::Characters(longest) => text(longest).boxed(),
        ColumnType::Bytes(_) => text(300).boxed(),
        ColumnType::Time => time().boxed(),
        ColumnType::Key | ColumnType::Profile => {
            "[A-Za-z0-9]{1,17}".prop_map(|key| json!(key)).boxed()
        }
        ColumnType::SameTable => Just(Value::Null).boxed(),
    };
    if column.presence == Presence::Nullable {
        prop_oneof![1 => Just(Value::Null), 4 => value].boxed()
    } else {
        value
    }
}

fn row() -> impl Strategy<Value = Sent> {
    (0..TABLES.len()).prop_flat_map(|number| {
        let table = &TABLES[number];
        let values: Vec<_> = table.columns.iter().map(value).collect();
        values.prop_map(move |values| (table, values))
    })
}

fn batch(device: &str, (table, values): &Sent) -> Value {
    let columns = table.columns.iter().map(|column| column.name.to_owned());
    let mut row: Map<_, _> = columns.zip(values.iter().cloned()).collect();
    match table.key {
        Key::Integer(names) => _ = row.insert(names[0].to_owned(), json!(1)),
        Key::Text => _ = row.insert("id".to_owned(), json!("one")),
        Key::TextIn(_) => {}
    }
    json!({"deviceId": device, "batchId": "b", "tables": {table.name: {"rows": [row]}}})
}

/// By the binary protocol: as text, a double may lose digits.
async fn stored(database: &TestDatabase, device: &str, table: &Table) -> Vec<Value> {
    let columns = table
        .columns
        .iter()
        .map(|Column { name, kind, .. }| match kind {
            ColumnType::Profile => format!("(SELECT source_id FROM profiles WHERE id = t.{name})"),
            ColumnType::Time => format!("DATE_FORMAT(t.{name}, '%Y-%m-%dT%H:%i:%s.%f')"),
            _ => format!("t.{name}"),
        });
    let columns: Vec<String> = columns.collect();
    let query = format!(
        "SELECT {} FROM {} t WHERE t.source_device = ?",
        columns.join(", "),
        table.name
    );
    let mut connection = database.connect().await;
    let row: Option<Row> = connection.exec_first(query, (device,)).await.unwrap();
    connection.disconnect().await.unwrap();
    row.unwrap().unwrap().into_iter().map(to_json).collect()
}

fn to_json(value: mysql_async::Value) -> Value {
    use mysql_async::Value::{Bytes, Double, Int, NULL, UInt};
    match value {
        NULL => Value::Null,
        Bytes(text) => json!(String::from_utf8(text).unwrap()),
        Int(number) => json!(number),
        UInt(number) => json!(number),
        Double(number) => json!(number),
        other => panic!("no column has {other:?}"),
    }
}

async fn comes_back(
    server: &TestServer,
    database: &TestDatabase,
    device: &str,
    sent: &Sent,
) -> Result<(), TestCaseError> {
    let (status, receipt) = server.sync(&batch(device, sent)).await;
    prop_assert_eq!(status, 200, "{}", receipt);
    let (table, values) = sent;
    prop_assert_eq!(
        &stored(database, device, table).await,
        values,
        "{}",
        table.name
    );
    Ok(())
}

#[test]
fn any_value_of_any_column_comes_back_as_it_was_sent() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let (database, server) = runtime.block_on(async {
        let database = TestDatabase::create().await;
        let server = TestServer::start(&database).await;
        (database, server)
    });
    let config = Config {
        cases: effort(48, 5000),
        failure_persistence: None,
        ..Config::default()
    };
    let case = std::cell::Cell::new(0);
    let outcome = TestRunner::new(config).run(&row(), |sent| {
        case.set(case.get() + 1);
        let device = format!("case-{}", case.get());
        runtime.block_on(comes_back(&server, &database, &device, &sent))
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}
