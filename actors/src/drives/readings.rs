//! Which readings are a drive's, as conditions that the indexes of the large table answer.

use chrono::NaiveDateTime;
use mysql_async::Value;

/// What tells a drive's readings from the others of its device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DriveReadings {
    /// The device.
    pub device_id: String,
    /// The device's number of the drive, where it has one.
    pub drive_id: Option<i64>,
    /// The first and the last `source_id` of the readings with this number, if there are any.
    pub source_ids: Option<(i64, i64)>,
    /// How many readings with this number are stored, where that was kept up to date.
    pub numbered: Option<u64>,
    /// When it began.
    pub start: NaiveDateTime,
    /// When it ended, where that is logged; inclusive.
    pub end: Option<NaiveDateTime>,
    /// From here on, readings are those of a later drive.
    pub cut_at: Option<NaiveDateTime>,
}

/// A part of a drive's readings, to be put between `SELECT …` and `ORDER BY …`. No reading is in two of them.
#[derive(Clone, Debug)]
pub struct Part {
    /// From `FROM` to the last condition.
    pub from_where: String,
    /// The values of its `?`.
    pub values: Vec<Value>,
    /// In which order they were taken.
    pub order_by: &'static str,
    /// How many they are, where that is known without counting.
    pub stored: Option<u64>,
}

impl DriveReadings {
    /// A reading that names its drive is that one's, whatever its time; one that does not, or names a drive that nobody
    /// knows, is that of the drive at its time.
    pub fn parts(&self) -> Vec<Part> {
        let numbered = self.drive_id.zip(self.source_ids);
        let numbered = numbered.map(|(drive_id, source_ids)| Part {
            stored: self.numbered,
            ..Self::numbered_part(&self.device_id, drive_id, source_ids)
        });
        numbered.into_iter().chain([self.by_time()]).collect()
    }

    /// The device and the number of the drive, where it has readings with its number whose count was not kept.
    pub(super) fn uncounted(&self) -> Option<(&str, i64)> {
        let is_uncounted = self.source_ids.is_some() && self.numbered.is_none();
        let drive_id = self.drive_id.filter(|_| is_uncounted)?;
        Some((&self.device_id, drive_id))
    }

    pub(super) fn numbered_part(device_id: &str, drive_id: i64, (first, last): (i64, i64)) -> Part {
        Part {
            from_where: "FROM realtime_data FORCE INDEX (uq_realtime_data_source) \
                         WHERE source_device = ? AND source_id BETWEEN ? AND ? AND drive_id = ?"
                .to_owned(),
            values: vec![device_id.into(), first.into(), last.into(), drive_id.into()],
            // Whatever the device's clock did meanwhile.
            order_by: "source_id",
            stored: None,
        }
    }

    fn by_time(&self) -> Part {
        let mut from_where = String::from(
            "FROM realtime_data FORCE INDEX (ix_realtime_data_timestamp) \
             WHERE source_device = ? AND timestamp >= ?",
        );
        let mut values = vec![Value::from(&self.device_id), self.start.into()];
        if let Some(end) = self.end {
            from_where.push_str(" AND timestamp <= ?");
            values.push(end.into());
        }
        if let Some(cut_at) = self.cut_at {
            from_where.push_str(" AND timestamp < ?");
            values.push(cut_at.into());
        }
        from_where.push_str(if self.drive_id.is_some() {
            " AND drive_id IS NULL"
        } else {
            " AND (drive_id IS NULL OR NOT EXISTS (SELECT * FROM drives AS other \
             WHERE other.source_device = realtime_data.source_device AND other.drive_id = realtime_data.drive_id))"
        });
        Part {
            from_where,
            values,
            order_by: "timestamp, id",
            stored: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn readings(drive_id: Option<i64>, source_ids: Option<(i64, i64)>) -> DriveReadings {
        DriveReadings {
            device_id: "chi-eclipse-01".to_owned(),
            drive_id,
            source_ids,
            numbered: None,
            start: "2026-02-01T14:00:00".parse().unwrap(),
            end: Some("2026-02-01T14:30:00".parse().unwrap()),
            cut_at: None,
        }
    }

    #[test]
    fn every_part_has_a_value_for_each_of_its_places() {
        let cut = DriveReadings {
            end: None,
            cut_at: Some("2026-02-01T15:00:00".parse().unwrap()),
            ..readings(None, None)
        };
        for readings in [cut, readings(None, None), readings(Some(7), Some((1, 9)))] {
            for Part {
                from_where, values, ..
            } in readings.parts()
            {
                assert_eq!(
                    from_where.matches('?').count(),
                    values.len(),
                    "{from_where}"
                );
            }
        }
    }

    #[test]
    fn a_drive_whose_number_no_reading_has_is_looked_for_by_time_only() {
        assert_eq!(readings(Some(7), None).parts().len(), 1);
        assert_eq!(readings(Some(7), Some((1, 9))).parts().len(), 2);
    }
}
