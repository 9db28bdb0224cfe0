use actors::sync::tables::{Column, ColumnType, Table};
use actors::sync::timestamp;
use mysql_async::Conn;
use mysql_async::prelude::Queryable as _;
use serde_json::{Map, Value, json};

use super::{Pi, TestDatabase};

/// Asserts that every row of every mirrored table of the device is stored exactly once, with all of its values.
pub(crate) async fn assert_mirrored(database: &TestDatabase, pi: &Pi) {
    let mut connection = database.connect().await;
    assert_mirrored_at(&mut connection, pi).await;
    connection.disconnect().await.unwrap();
}

/// The same in the database of a connection.
pub(crate) async fn assert_mirrored_at(connection: &mut Conn, pi: &Pi) {
    assert_mirrored_from(connection, pi, |_| 1).await;
}

/// The same where the rows of a table begin with the id that `first` returns: older ones were removed.
pub(crate) async fn assert_mirrored_from(
    connection: &mut Conn,
    pi: &Pi,
    first: impl Fn(&str) -> usize,
) {
    for name in pi.tables() {
        let Some(table) = Table::named(&name) else {
            continue;
        };
        let stored = stored_rows(connection, table, &pi.device_id).await;
        let sent = &pi.rows(&name)[first(&name) - 1..];
        assert_eq!(stored.len(), sent.len(), "rows of {name}");
        for (stored, sent) in stored.iter().zip(sent) {
            assert_eq!(stored, &as_stored(table, sent), "{name}: {sent}");
        }
    }
}

/// In the order of the device's ids, with the device's names and types.
async fn stored_rows(connection: &mut Conn, table: &Table, device: &str) -> Vec<Value> {
    let columns: Vec<String> = table
        .columns
        .iter()
        .map(|column| selected(table, column))
        .collect();
    let query = format!(
        "SELECT CAST(JSON_OBJECT('id', t.source_id, {}, 'extra', t.extra) AS CHAR) FROM {} t \
         WHERE t.source_device = '{device}' ORDER BY t.source_id",
        columns.join(", "),
        table.name
    );
    let rows: Vec<String> = connection.query(query).await.unwrap();
    rows.iter()
        .map(|row| {
            let mut row: Value = serde_json::from_str(row).unwrap();
            for column in table
                .columns
                .iter()
                .filter(|column| column.kind == ColumnType::Real)
            {
                row[column.name] = json!(row[column.name].as_f64());
            }
            row
        })
        .collect()
}

/// A name and an expression.
fn selected(table: &Table, Column { name, kind, .. }: &Column) -> String {
    let value = match kind {
        ColumnType::Time => format!("DATE_FORMAT(t.{name}, '%Y-%m-%d %H:%i:%s.%f')"),
        ColumnType::Profile => format!("(SELECT source_id FROM profiles WHERE id = t.{name})"),
        ColumnType::SameTable => {
            format!("(SELECT source_id FROM {} WHERE id = t.{name})", table.name)
        }
        _ => format!("t.{name}"),
    };
    format!("'{name}', {value}")
}

/// The expected stored values of a row. A column that the row does not have is null: these tables have no
/// defaults that matter.
fn as_stored(table: &Table, sent: &Value) -> Value {
    let id = sent.get("session_id").or(sent.get("id")).unwrap();
    let mut row = Map::from_iter([("id".to_owned(), id.clone())]);
    for Column { name, kind, .. } in table.columns {
        let value = sent.get(*name).cloned().unwrap_or(Value::Null);
        let value = match (kind, value.as_str()) {
            (ColumnType::Time, Some(text)) => {
                let time = timestamp::parse(text).unwrap();
                json!(time.format("%Y-%m-%d %H:%M:%S%.6f").to_string())
            }
            // MariaDB writes 110.0 as 110.
            (ColumnType::Real, None) => json!(value.as_f64()),
            _ => value,
        };
        row.insert((*name).to_owned(), value);
    }
    let known = |name: &str| ["id", "session_id"].contains(&name) || table.position(name).is_some();
    let extra = sent
        .as_object()
        .unwrap()
        .iter()
        .filter(|(name, _)| !known(name));
    let extra: Map<_, _> = extra
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let extra = if extra.is_empty() {
        Value::Null
    } else {
        Value::Object(extra)
    };
    row.insert("extra".to_owned(), extra);
    Value::Object(row)
}
