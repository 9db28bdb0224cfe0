//! The query for what is known of a device before a batch is stored: one for all of it, since each statement has its price.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use chrono::NaiveDateTime;
use mysql_async::prelude::FromRow;
use mysql_async::{FromRowError, Row, Value};

use crate::database::{Statement, read_columns};

/// A row of the answer to a [`state_query`]. All have the same state, and each has a page of stored ids.
pub(super) struct StateRow {
    pub now: NaiveDateTime,
    pub epoch: Option<i64>,
    pub id_offset: Option<i64>,
    pub newest_reading_at: Option<NaiveDateTime>,
    pub is_counted: Option<bool>,
    pub pause_microseconds: Option<i64>,
    pub pause_seconds: Option<f64>,
    pub pause_seconds_square: Option<f64>,
    pub has_quarantined_rows: bool,
    pub profiles: Vec<Option<i64>>,
    pub page: Option<(String, i64, Vec<u8>)>,
}

impl FromRow for StateRow {
    fn from_row_opt(row: Row) -> Result<Self, FromRowError> {
        read_columns(row, |columns| {
            let table: Option<String> = columns.take("table_name")?;
            let page: Option<i64> = columns.take("page")?;
            let runs: Option<Vec<u8>> = columns.take("runs")?;
            let profiles = (0..).map_while(|number| columns.take(&format!("profile_{number}")));
            Some(Self {
                profiles: profiles.collect(),
                now: columns.take("now")?,
                epoch: columns.take("epoch")?,
                id_offset: columns.take("id_offset")?,
                newest_reading_at: columns.take("newest_reading_at")?,
                is_counted: columns.take("is_counted")?,
                pause_microseconds: columns.take("pause")?,
                pause_seconds: columns.take("pause_seconds")?,
                pause_seconds_square: columns.take("pause_seconds_square")?,
                has_quarantined_rows: columns.take("has_quarantined_rows")?,
                page: table
                    .zip(page)
                    .zip(runs)
                    .map(|((table, page), runs)| (table, page, runs)),
            })
        })
    }
}

/// One query for all that is to be known before a batch is stored; the device has its row in `devices` by then. Without
/// `pages` of stored ids it asks for none.
pub(super) fn state_query(pages: &[(&str, i64)], profiles: &[&str]) -> Statement {
    let mut values: Vec<Value> = profiles.iter().map(Value::from).collect();
    let mut columns = String::new();
    for number in 0..profiles.len() {
        let _ = write!(
            columns,
            "(SELECT p.id FROM profiles AS p WHERE p.source_device = d.device_id AND p.source_id = ?) \
             AS profile_{number}, "
        );
    }
    let (condition, pages) = stored_condition(pages, "COALESCE(s.id_offset, 0) DIV 4096");
    values.extend(pages);
    let sql = format!(
        "SELECT NOW(6) AS now, s.epoch, s.id_offset, s.newest_reading_at, s.is_counted, \
         TIMESTAMPDIFF(MICROSECOND, s.last_contact_at, NOW(6)) AS pause, s.pause_seconds, s.pause_seconds_square, \
         EXISTS (SELECT 1 FROM quarantined_rows AS q WHERE q.source_device = d.device_id) AS has_quarantined_rows, \
         {columns}i.table_name, i.page, i.runs \
         FROM devices AS d LEFT JOIN sync_devices AS s ON s.source_device = d.device_id \
         LEFT JOIN stored_ids AS i ON i.source_device = d.device_id AND ({condition}) WHERE d.device_id = @device"
    );
    Statement::new(sql, values)
}

/// The query for pages of stored ids.
pub(super) fn stored_query(pages: &[(&str, i64)]) -> Statement {
    let (condition, values) = stored_condition(pages, "0");
    let sql = format!(
        "SELECT table_name, page, runs FROM stored_ids AS i WHERE source_device = @device AND ({condition})"
    );
    Statement::new(sql, values)
}

/// The condition for pages, which `offset` is added to.
fn stored_condition(pages: &[(&str, i64)], offset: &str) -> (String, Vec<Value>) {
    let mut by_table: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for (table, page) in pages {
        by_table.entry(table).or_default().push(*page);
    }
    let mut conditions = Vec::new();
    let mut values = Vec::new();
    for (table, pages) in by_table {
        let places = vec![format!("? + {offset}"); pages.len()].join(", ");
        conditions.push(format!("(i.table_name = ? AND i.page IN ({places}))"));
        values.push(Value::from(table));
        values.extend(pages.into_iter().map(Value::from));
    }
    let condition = if conditions.is_empty() {
        "FALSE".to_owned()
    } else {
        conditions.join(" OR ")
    };
    (condition, values)
}
