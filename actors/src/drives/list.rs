//! The drives of a device, for the API.

use std::time::{Duration, Instant};

use chrono::NaiveDateTime;
use mysql_async::prelude::FromRow;
use mysql_async::{Conn, FromRowError, Row, Value};

use super::readings::DriveWindow;
use super::state::DriveState;
use super::statements::{WINDOW, read_window};
use super::{LONGEST_DRIVE, QueueTiming};
use crate::database::{DatabaseError, Statement, read_columns};
use crate::page::Page;

/// How long the readings of listed drives are counted. One drive takes milliseconds per million readings.
pub const COUNTING: Duration = Duration::from_secs(2);

/// A drive, and how its analysis stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownDrive {
    /// The server's number of the drive.
    pub id: i64,
    /// The device.
    pub device_id: String,
    /// The device's number of the drive.
    pub drive_id: Option<i64>,
    /// When it began, by the device's clock.
    pub start: NaiveDateTime,
    /// When it ended; where no end is logged, its last reading.
    pub end: Option<NaiveDateTime>,
    /// How many readings of it are stored; `None` where the time for counting was used up.
    pub readings: Option<u64>,
    /// How its analysis stands.
    pub state: DriveState,
    /// The latest analysis that succeeded.
    pub analysis_id: Option<String>,
    /// Why there is no analysis, or no newer one.
    pub reason: Option<String>,
    /// Whether another drive of the device was under way at the same time.
    pub overlaps: bool,
}

/// A row of the list.
struct Listed {
    id: i64,
    window: DriveWindow,
    state: DriveState,
    analysis_id: Option<String>,
    reason: Option<String>,
    readings_analysed: Option<u64>,
    last_reading: Option<NaiveDateTime>,
}

impl FromRow for Listed {
    fn from_row_opt(row: Row) -> Result<Self, FromRowError> {
        read_columns(row, |columns| {
            Some(Self {
                id: columns.take("id")?,
                window: read_window(columns)?,
                state: columns.take("state")?,
                analysis_id: columns.take("analysis_id")?,
                reason: columns.take("reason")?,
                readings_analysed: columns.take("readings_analysed")?,
                last_reading: columns.take("last_reading")?,
            })
        })
    }
}

/// How many drives a device has in a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateCount {
    /// The device.
    pub device_id: String,
    /// The state.
    pub state: DriveState,
    /// The number of its drives.
    pub drives: u64,
}

impl FromRow for StateCount {
    fn from_row_opt(row: Row) -> Result<Self, FromRowError> {
        read_columns(row, |columns| {
            Some(Self {
                device_id: columns.take("source_device")?,
                state: columns.take("state")?,
                drives: columns.take("drives")?,
            })
        })
    }
}

/// How many drives each device has in each state.
pub async fn count_by_state(connection: &mut Conn) -> Result<Vec<StateCount>, DatabaseError> {
    let query = "SELECT source_device, state, COUNT(*) AS drives FROM drives \
                 GROUP BY source_device, state ORDER BY source_device, state";
    Statement::new(query, [Value::NULL; 0])
        .fetch_all(connection)
        .await
}

/// The latest `limit` drives in a state.
pub async fn in_state(
    connection: &mut Conn,
    state: DriveState,
    limit: u32,
    timing: &QueueTiming,
) -> Result<Vec<KnownDrive>, DatabaseError> {
    let values = [Value::from(state), limit.into()];
    select(connection, " WHERE d.state = ?", values, timing, COUNTING).await
}

/// One drive; nothing where there is none with this number.
pub async fn find(
    connection: &mut Conn,
    id: i64,
    timing: &QueueTiming,
) -> Result<Option<KnownDrive>, DatabaseError> {
    let values = [id.into(), 1.into()];
    let found = select(connection, " WHERE d.id = ?", values, timing, COUNTING).await?;
    Ok(found.into_iter().next())
}

/// The drives of one device or of all, the latest first. Those that are not analysed are counted until `counting` has passed.
pub async fn list(
    connection: &mut Conn,
    device_id: Option<&str>,
    page: &Page<i64>,
    timing: &QueueTiming,
    counting: Duration,
) -> Result<Vec<KnownDrive>, DatabaseError> {
    let mut conditions = Vec::new();
    let mut values = Vec::new();
    if let Some(device_id) = device_id {
        conditions.push("d.source_device = ?");
        values.push(Value::from(device_id));
    }
    if let Some(from) = page.from {
        conditions.push("d.drive_start >= ?");
        values.push(from.into());
    }
    if let Some(to) = page.to {
        conditions.push("d.drive_start <= ?");
        values.push(to.into());
    }
    if let Some(after) = &page.after {
        conditions.push("(d.drive_start < ? OR d.drive_start = ? AND d.id < ?)");
        values.extend([after.at.into(), after.at.into(), after.id.into()]);
    }
    let condition = match conditions.as_slice() {
        [] => String::new(),
        conditions => format!(" WHERE {}", conditions.join(" AND ")),
    };
    values.push(page.limit.into());
    select(connection, &condition, values, timing, counting).await
}

/// The drives that meet a condition, the latest first. The last of `values` is their largest number.
async fn select(
    connection: &mut Conn,
    condition: &str,
    values: impl IntoIterator<Item = Value>,
    timing: &QueueTiming,
    counting: Duration,
) -> Result<Vec<KnownDrive>, DatabaseError> {
    let began = Instant::now();
    let query = format!(
        "SELECT d.id, {WINDOW}, d.state, d.analysis_id, d.reason, d.readings_analysed, d.last_reading \
         FROM drives AS d{condition} ORDER BY d.drive_start DESC, d.id DESC LIMIT ?"
    );
    let rows: Vec<Listed> = Statement::new(query, values).fetch_all(connection).await?;
    let mut drives = Vec::with_capacity(rows.len());
    for row in rows {
        let counts = began.elapsed() < counting;
        drives.push(row.complete(connection, timing, counts).await?);
    }
    Ok(drives)
}

impl Listed {
    async fn complete(
        self,
        connection: &mut Conn,
        timing: &QueueTiming,
        counts: bool,
    ) -> Result<KnownDrive, DatabaseError> {
        let DriveWindow {
            device_id,
            drive_id,
            start,
            end,
            ..
        } = self.window.clone();
        let (readings, last) = match self.readings_analysed {
            Some(readings) if self.state == DriveState::Analysed => {
                (Some(readings), self.last_reading)
            }
            _ if !counts => (None, self.last_reading),
            _ => {
                let silence = timing.drives().silence();
                let found = self.window.find(connection, silence).await?;
                let counted = found.count(connection).await?;
                (Some(counted.readings), counted.last)
            }
        };
        let last_known = end.or(last).unwrap_or(start);
        let is_open = self.state == DriveState::Open;
        Ok(KnownDrive {
            id: self.id,
            overlaps: overlaps(connection, &device_id, self.id, start, last_known).await?,
            device_id,
            drive_id,
            start,
            end: end.or(if is_open { None } else { last }),
            readings,
            state: self.state,
            analysis_id: self.analysis_id,
            reason: self.reason,
        })
    }
}

/// Whether another drive of the device was under way at the same time.
pub async fn overlaps(
    connection: &mut Conn,
    device_id: &str,
    id: i64,
    start: NaiveDateTime,
    end: NaiveDateTime,
) -> Result<bool, DatabaseError> {
    let query = "SELECT 1 FROM drives FORCE INDEX (ix_drives_start) WHERE source_device = ? \
                 AND drive_start BETWEEN ? AND ? AND drive_start < ? AND id <> ? \
                 AND COALESCE(window_end, last_reading, drive_start) > ? LIMIT 1";
    let values = [
        Value::from(device_id),
        (start - LONGEST_DRIVE).into(),
        end.into(),
        end.into(),
        id.into(),
        start.into(),
    ];
    let found: Option<i64> = Statement::new(query, values)
        .fetch_first(connection)
        .await?;
    Ok(found.is_some())
}
