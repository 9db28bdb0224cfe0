//! The header: which line it is, how cells are separated, what each column holds.

use super::LogError;
use super::error::excerpt;
use super::lines::{Cells, Lines, Separator};

/// The header of a log.
#[derive(Debug)]
pub(super) struct Header {
    /// Line number, from 1.
    pub(super) line: u64,
    pub(super) separator: Separator,
    /// Name of the column of times, as written.
    pub(super) time_column: String,
    /// Where the times are.
    pub(super) time: TimeColumns,
    pub(super) layout: Layout,
    time_unit: Option<String>,
}

/// Columns of times: one, or one for the date and one for the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TimeColumns {
    pub(super) date: Option<usize>,
    pub(super) time: usize,
}

impl TimeColumns {
    /// The time of a line, date first.
    pub(super) fn read(self, cells: &Cells) -> Option<String> {
        let time = cells.get(self.time)?;
        match self.date.map(|date| cells.get(date).unwrap_or_default()) {
            Some(date) if !date.is_empty() && !time.is_empty() => Some(format!("{date} {time}")),
            _ => Some(time.to_owned()),
        }
    }
}

/// What the columns hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    Long(LongColumns),
    Wide(Vec<Column>),
}

/// Columns of a log with one reading a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LongColumns {
    pub(super) parameter: usize,
    pub(super) value: usize,
    pub(super) unit: Option<usize>,
    pub(super) source: Option<usize>,
}

/// One channel of a wide log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) index: usize,
    pub(super) name: String,
    pub(super) unit: Option<String>,
}

/// Names of columns of times, the better ones first: a clock before the engine's own run time. Compared without case,
/// blanks and punctuation.
const TIMES: &[&str] = &[
    "timestamp",
    "datetime",
    "devicetime",
    "elapsedtime",
    "timeelapsed",
    "elapsedseconds",
    "elapsedsec",
    "elapsedms",
    "elapsed",
    "logentryseconds",
    "timeseconds",
    "timesec",
    "times",
    "timems",
    "timemillis",
    "timestampms",
    "time",
    "timeofday",
    "seconds",
    "secs",
    "sec",
    "milliseconds",
    "millis",
    "ms",
    "t",
    "relativetime",
    "offset",
    "logtime",
    "localtime",
    "systemtime",
    "recordedat",
    "clock",
    "gpstime",
    "utc",
    "utctime",
    "timestamputc",
    "engineruntime",
    "engineruntine",
    "runtimesec",
    "runtimeseconds",
    "runtime",
    "runtimesinceenginestart",
    "timesinceenginestart",
    "enginerunningtime",
    "secondssincestart",
];
const DATES: &[&str] = &["date", "day", "logentrydate", "localdate"];
const PARAMETERS: &[&str] = &[
    "parameter",
    "parametername",
    "pid",
    "name",
    "channel",
    "channelname",
    "sensor",
    "signal",
    "metric",
    "key",
];
const VALUES: &[&str] = &["value", "reading", "val", "data", "measurement"];
const UNITS: &[&str] = &["unit", "units", "uom"];

impl Header {
    /// Finds the header in the first lines of a file.
    pub(super) fn find(sample: &[u8]) -> Result<Self, LogError> {
        let mut best: Option<Self> = None;
        for separator in Separator::ALL {
            let mut lines = Lines::new(sample, separator);
            while let Some((line, cells)) = lines.next()? {
                if line > 50 {
                    break;
                }
                let Some(header) = Self::of(line, separator, cells) else {
                    continue;
                };
                if best
                    .as_ref()
                    .is_none_or(|best| header.columns() > best.columns())
                {
                    best = Some(header);
                }
                break;
            }
        }
        if let Some(header) = best {
            return if header.columns() == 0 {
                Err(LogError::NoValues {
                    line: header.line,
                    column: header.time_column,
                })
            } else {
                Ok(header)
            };
        }
        let mut lines = Lines::new(sample, Separator::Comma);
        match lines.next()? {
            None => Err(LogError::Empty),
            Some((line, cells)) => {
                let names: Vec<_> = cells
                    .iter()
                    .take(6)
                    .map(|name| format!("\"{}\"", excerpt(name)))
                    .collect();
                Err(LogError::NoTimeColumn {
                    line,
                    found: names.join(", "),
                })
            }
        }
    }

    fn of(line: u64, separator: Separator, cells: &Cells) -> Option<Self> {
        let columns: Vec<Column> = cells
            .iter()
            .enumerate()
            .map(|(index, written)| {
                let (name, unit) = name_and_unit(written);
                Column {
                    index,
                    name: name.to_owned(),
                    unit: unit.map(str::to_owned),
                }
            })
            .collect();
        let keys: Vec<String> = columns.iter().map(|column| key(&column.name)).collect();
        let find = |names: &[&str]| {
            names
                .iter()
                .find_map(|name| keys.iter().position(|key| key == name))
        };
        let time = find(TIMES)?;
        let clock_beside_date = matches!(
            keys[time].as_str(),
            "time" | "timeofday" | "clock" | "localtime" | "logtime"
        );
        let date = find(DATES).filter(|_| clock_beside_date);
        let time_column = columns[time].name.clone();
        let time_unit = columns[time].unit.clone();
        let layout = match (find(PARAMETERS), find(VALUES)) {
            (Some(parameter), Some(value)) => Layout::Long(LongColumns {
                parameter,
                value,
                unit: find(UNITS),
                source: keys.iter().position(|key| key == "datasource"),
            }),
            _ => Layout::Wide(channels(columns, &keys, time)),
        };
        Some(Self {
            line,
            separator,
            time_column,
            time: TimeColumns { date, time },
            layout,
            time_unit,
        })
    }

    fn columns(&self) -> usize {
        match &self.layout {
            Layout::Long(_) => 2,
            Layout::Wide(columns) => columns.len(),
        }
    }

    /// The unit of the times, where the header names one.
    pub(super) fn time_unit(&self) -> Option<&str> {
        self.time_unit.as_deref()
    }

    /// The times in the first lines, to see how they are written.
    pub(super) fn sample_times(&self, sample: &[u8]) -> Vec<(u64, String)> {
        let mut times = Vec::new();
        let mut lines = Lines::new(sample, self.separator);
        // A sample may end within a line; its cut time is left out.
        while let Ok(Some((line, cells))) = lines.next() {
            if line > self.line
                && let Some(time) = self.time.read(cells)
                && time.chars().any(|c| c.is_ascii_digit())
            {
                times.push((line, time));
            }
        }
        if sample.last() != Some(&b'\n') && times.len() > 1 {
            times.pop();
        }
        times
    }
}

/// The columns of values: named, not a time, and the first of its name.
fn channels(columns: Vec<Column>, keys: &[String], time: usize) -> Vec<Column> {
    columns
        .into_iter()
        .filter(|column| {
            let key = &keys[column.index];
            column.index != time
                && !key.is_empty()
                && !DATES.contains(&key.as_str())
                && keys.iter().position(|other| other == key) == Some(column.index)
        })
        .collect()
}

/// Splits `Engine RPM (rpm)` and `Coolant [°C]`.
pub(super) fn name_and_unit(written: &str) -> (&str, Option<&str>) {
    for (open, close) in [('(', ')'), ('[', ']')] {
        if let Some(rest) = written.strip_suffix(close)
            && let Some((name, unit)) = rest.rsplit_once(open)
            && !name.trim().is_empty()
        {
            let unit = unit.trim();
            return (name.trim(), (!unit.is_empty()).then_some(unit));
        }
    }
    (written, None)
}

/// A name without case, blanks and punctuation.
fn key(name: &str) -> String {
    name.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}
