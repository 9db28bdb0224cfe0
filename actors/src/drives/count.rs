//! Counts the readings of a drive by their blocks. Readings themselves are read only at the edges, so the cost does not
//! grow with the drive but for one row of `reading_blocks` for 256 readings.

use chrono::NaiveDateTime;
use mysql_async::{Conn, Value};

use super::blocks::block_of;
use super::counted::Counted;
use super::readings::{BlockRow, DriveReadings, Overlap, Part, WINDOW};
use crate::database::{DatabaseError, Statement};

/// How many readings are searched for a profile.
const SEARCHED: usize = 256;

impl DriveReadings {
    /// Counts the readings.
    pub async fn count(&self, connection: &mut Conn) -> Result<Counted, DatabaseError> {
        let mut all = Counted::default();
        if let Some((number, ids)) = self.drive_id.zip(self.source_ids) {
            all.add(self.count_numbered(connection, number, ids).await?);
        }
        for (first, last, first_at, last_at, readings) in self.unnumbered_blocks(connection).await?
        {
            if self.overlap(first_at, last_at) == Overlap::Whole {
                all.add((readings, Some(last_at)));
                continue;
            }
            let sql = format!(
                "SELECT COUNT(*), MAX(timestamp) FROM realtime_data FORCE INDEX (uq_realtime_data_source) \
                 WHERE source_device = ? AND source_id BETWEEN ? AND ? AND drive_id IS NULL \
                 AND timestamp BETWEEN ? AND ? AND {WINDOW}"
            );
            let values = [
                Value::from(&self.device_id),
                first.into(),
                last.into(),
                first_at.into(),
                last_at.into(),
            ];
            let values = values.into_iter().chain(self.window_values());
            let counted = Statement::new(sql, values).fetch_first(connection).await?;
            all.add(counted.unwrap_or_default());
        }
        Ok(all)
    }

    async fn count_numbered(
        &self,
        connection: &mut Conn,
        number: i64,
        (first, last): (i64, i64),
    ) -> Result<(i64, Option<NaiveDateTime>), DatabaseError> {
        let blocks = "FROM reading_blocks WHERE source_device = ? AND block BETWEEN ? AND ? AND drive_id = ?";
        let of_drive = [
            Value::from(&self.device_id),
            block_of(first).into(),
            block_of(last).into(),
            number.into(),
        ];
        let range = [Value::from(first), last.into()];
        let sql = format!(
            "SELECT CAST(COALESCE(SUM(readings), 0) AS SIGNED), MAX(last_at) {blocks} \
             AND first_source_id >= ? AND last_source_id <= ?"
        );
        let values = of_drive.iter().chain(&range).cloned();
        let whole = Statement::new(sql, values).fetch_first(connection).await?;
        let (mut readings, mut last_at): (i64, Option<NaiveDateTime>) = whole.unwrap_or_default();
        // Another drive with the same number has rows in the same block.
        let sql = format!(
            "SELECT first_source_id, last_source_id, first_at, last_at, readings {blocks} \
             AND NOT (first_source_id >= ? AND last_source_id <= ?)"
        );
        let values = of_drive.iter().chain(&range).cloned();
        let shared: Vec<BlockRow> = Statement::new(sql, values).fetch_all(connection).await?;
        for (block_first, block_last, first_at, until, _) in shared {
            let sql = "SELECT COUNT(*), MAX(timestamp) FROM realtime_data FORCE INDEX (uq_realtime_data_source) \
                       WHERE source_device = ? AND source_id BETWEEN ? AND ? AND drive_id = ? \
                       AND timestamp BETWEEN ? AND ?";
            let values = [
                Value::from(&self.device_id),
                block_first.max(first).into(),
                block_last.min(last).into(),
                number.into(),
                first_at.into(),
                until.into(),
            ];
            let counted = Statement::new(sql, values).fetch_first(connection).await?;
            let (some, last): (i64, Option<NaiveDateTime>) = counted.unwrap_or_default();
            readings += some;
            last_at = last_at.max(last);
        }
        Ok((readings, last_at))
    }
}

/// The device's own id of the profile of one of the first readings.
pub async fn profile(
    connection: &mut Conn,
    readings: &DriveReadings,
) -> Result<Option<String>, DatabaseError> {
    let Part {
        from_where,
        values,
        order_by,
    } = readings.part();
    let sql = format!(
        "SELECT source_id FROM profiles WHERE id = (SELECT MAX(profile_id) FROM \
         (SELECT profile_id {from_where} ORDER BY {order_by} LIMIT {SEARCHED}) AS first_readings)"
    );
    Statement::new(sql, values).fetch_first(connection).await
}
