//! What a drive is compared with: the reference drive of its device, and the drives before it since the baseline began.
//!
//! A baseline begins where the owner sets one (table `drive_baselines`), with another VIN, and with a calibration: figures of
//! before do not describe the car of after.

use chrono::NaiveDateTime;
use mysql_async::{Conn, Value};
use serde::Deserialize;

use super::diagnoses::{EARLIER, find};
use crate::database::{DatabaseError, Statement};
use crate::diagnosis::{EarlierDrive, Figures, History};

/// The history of a drive, or of a window, that began at `start`; `except` is the drive itself.
pub(super) async fn history(
    connection: &mut Conn,
    device_id: &str,
    start: NaiveDateTime,
    except: Option<i64>,
) -> Result<History, DatabaseError> {
    let query = "SELECT anchor_drive, begins_at FROM drive_baselines WHERE source_device = ?";
    let baseline: Option<(Option<i64>, Option<NaiveDateTime>)> = Statement::new(query, [device_id])
        .fetch_first(connection)
        .await?;
    let (anchor, named) = baseline.unwrap_or_default();
    let changed = changed_at(connection, device_id, start).await?;
    // No drive has the number 0.
    let except = except.unwrap_or(0);
    let query = "SELECT drive, diagnosis FROM drive_diagnoses WHERE source_device = ? AND drive_start < ? \
                 AND drive_start >= COALESCE(?, '1000-01-01') AND drive <> ? ORDER BY drive_start DESC, drive DESC LIMIT ?";
    let values: [Value; 5] = [
        device_id.into(),
        start.into(),
        named.max(changed).into(),
        except.into(),
        EARLIER.into(),
    ];
    let rows: Vec<(i64, String)> = Statement::new(query, values).fetch_all(connection).await?;
    let anchor = match anchor.filter(|anchor| *anchor != except) {
        Some(anchor) => find(connection, anchor).await?,
        None => None,
    };
    let anchor = anchor
        .filter(|stored| Some(stored.start) >= changed)
        .map(|stored| (stored.drive, stored.diagnosis));
    Ok(History {
        anchor: anchor.and_then(earlier),
        earlier: rows.into_iter().rev().filter_map(earlier).collect(),
    })
}

/// When, before `start`, the device came into another car, or the car was calibrated; the latest of these times.
async fn changed_at(
    connection: &mut Conn,
    device_id: &str,
    start: NaiveDateTime,
) -> Result<Option<NaiveDateTime>, DatabaseError> {
    let query = "SELECT MAX(changed_at) FROM (\
                 SELECT v.created_at AS changed_at FROM vehicle_info v WHERE v.source_device = ? AND v.created_at <= ? \
                 AND EXISTS (SELECT 1 FROM vehicle_info o WHERE o.source_device = v.source_device AND o.vin <> v.vin \
                 AND o.created_at < v.created_at) \
                 UNION ALL SELECT COALESCE(end_time, start_time) FROM calibration_sessions \
                 WHERE source_device = ? AND COALESCE(end_time, start_time) <= ?) AS changes";
    let values: [Value; 4] = [
        device_id.into(),
        start.into(),
        device_id.into(),
        start.into(),
    ];
    let changed: Option<Option<NaiveDateTime>> = Statement::new(query, values)
        .fetch_first(connection)
        .await?;
    Ok(changed.flatten())
}

/// A diagnosis of another version whose figures cannot be read counts as none.
pub(super) fn earlier((drive, diagnosis): (i64, String)) -> Option<EarlierDrive> {
    #[derive(Deserialize)]
    struct OnlyFigures {
        figures: Figures,
    }
    let OnlyFigures { figures } = serde_json::from_str(&diagnosis).ok()?;
    Some(EarlierDrive { drive, figures })
}

/// Makes a diagnosed drive the reference of its device. False without such a diagnosis.
pub async fn set_anchor(connection: &mut Conn, drive: i64) -> Result<bool, DatabaseError> {
    let query = "INSERT INTO drive_baselines (source_device, anchor_drive) \
                 SELECT source_device, drive FROM drive_diagnoses WHERE drive = ? \
                 ON DUPLICATE KEY UPDATE anchor_drive = VALUES(anchor_drive)";
    Statement::new(query, [drive]).run(connection).await?;
    let query = "SELECT COUNT(*) FROM drive_baselines WHERE anchor_drive = ?";
    let set: Option<i64> = Statement::new(query, [drive])
        .fetch_first(connection)
        .await?;
    Ok(set.unwrap_or(0) > 0)
}

/// Removes the reference of a device.
pub async fn clear_anchor(connection: &mut Conn, device_id: &str) -> Result<(), DatabaseError> {
    let query = "UPDATE drive_baselines SET anchor_drive = NULL WHERE source_device = ?";
    Statement::new(query, [device_id]).run(connection).await
}

/// Begins a new baseline: the drives so far, and the reference, do not count any more.
pub async fn reset_baseline(connection: &mut Conn, device_id: &str) -> Result<(), DatabaseError> {
    let query = "INSERT INTO drive_baselines (source_device, anchor_drive, begins_at) \
                 SELECT ?, NULL, MAX(drive_start) + INTERVAL 1 SECOND FROM drive_diagnoses WHERE source_device = ? \
                 ON DUPLICATE KEY UPDATE anchor_drive = NULL, begins_at = VALUES(begins_at)";
    Statement::new(query, [device_id, device_id])
        .run(connection)
        .await
}
