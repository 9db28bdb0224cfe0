//! Logs with one column a channel.

use std::io::BufRead;

use actors::diagnosis::Reading;

use super::cell::{self, Cell};
use super::error::excerpt;
use super::header::{Column, Header};
use super::lines::{Cells, Lines};
use super::time::TimeFormat;
use super::{LogError, LogSummary, SkippedCells};

/// Columns whose text is reported.
const MAX_SKIPPED: usize = 50;
/// Rows of one time that are held back to spread them; more are no log of a car.
const MAX_HELD: usize = 1_000;
/// Rows are spread up to the next time, unless it is further away than this.
const MAX_SPREAD_MS: i64 = 10_000;

pub(super) fn read(
    lines: &mut Lines<impl BufRead>,
    header: &Header,
    mut columns: Vec<Column>,
    mut format: TimeFormat,
    each: &mut impl FnMut(Reading<'_>),
) -> Result<LogSummary, LogError> {
    let mut summary = LogSummary {
        has_date: format.has_date(),
        ..LogSummary::default()
    };
    let mut skipped = Skipped::default();
    let mut held = Held::default();
    let mut first = true;
    while let Some((line, cells)) = lines.next()? {
        if std::mem::take(&mut first) && take_units(header, cells, &mut columns) {
            continue;
        }
        let Some(at_ms) = header.read_time(cells, line, &mut format)? else {
            continue;
        };
        if at_ms != held.at_ms || held.ends.len() >= MAX_HELD {
            summary.readings += held.pass_on(Some(at_ms), &columns, each);
        }
        held.at_ms = at_ms;
        summary.rows += 1;
        for (number, column) in columns.iter_mut().enumerate() {
            match cells.get(column.index).map_or(Cell::Empty, cell::read) {
                Cell::Value(value) => {
                    if column.unit.is_none() {
                        column.unit = value.unit.map(str::to_owned);
                    }
                    held.values.push((number, value.number));
                }
                Cell::Empty => {}
                Cell::Text => {
                    let text = cells.get(column.index).unwrap_or_default();
                    skipped.note(&column.name, line, text);
                }
            }
        }
        held.ends.push(held.values.len());
    }
    summary.readings += held.pass_on(None, &columns, each);
    summary.finish(skipped)
}

/// Some loggers write the units in a line of their own below the header.
fn take_units(header: &Header, cells: &Cells, columns: &mut [Column]) -> bool {
    let is_units = !cells
        .iter()
        .any(|cell| cell.chars().any(|c| c.is_ascii_digit()))
        && cells.get(header.time.time).is_some_and(|unit| {
            matches!(
                unit.trim_matches(['(', ')', '[', ']'])
                    .to_lowercase()
                    .as_str(),
                "" | "s" | "sec" | "seconds" | "ms" | "time" | "hh:mm:ss" | "hh:mm:ss.ms"
            )
        });
    if is_units {
        for column in columns.iter_mut().filter(|column| column.unit.is_none()) {
            column.unit = cells
                .get(column.index)
                .map(|unit| unit.trim_matches(['(', ')', '[', ']']))
                .filter(|unit| !unit.is_empty())
                .map(str::to_owned);
        }
    }
    is_units
}

/// The rows of one time, spread evenly up to the next: a clock of whole seconds repeats itself at two rows a second.
#[derive(Default)]
struct Held {
    at_ms: i64,
    /// Column and value, row after row.
    values: Vec<(usize, f64)>,
    /// Where each row ends in `values`.
    ends: Vec<usize>,
    /// Between two rows, where that was last known.
    step_ms: i64,
}

impl Held {
    /// Passes the rows on and forgets them; returns the number of readings.
    fn pass_on(
        &mut self,
        next_ms: Option<i64>,
        columns: &[Column],
        each: &mut impl FnMut(Reading<'_>),
    ) -> u64 {
        let rows = i64::try_from(self.ends.len()).unwrap_or(i64::MAX);
        let gap = next_ms.map_or(0, |next| next.saturating_sub(self.at_ms));
        if rows > 0 && gap > 0 && gap <= MAX_SPREAD_MS {
            self.step_ms = gap / rows;
        }
        let mut begin = 0;
        let mut at_ms = self.at_ms;
        for end in self.ends.drain(..) {
            for (column, value) in &self.values[begin..end] {
                each(Reading {
                    at_ms,
                    channel: &columns[*column].name,
                    value: *value,
                    unit: columns[*column].unit.as_deref(),
                    real: true,
                });
            }
            begin = end;
            at_ms = at_ms.saturating_add(self.step_ms);
        }
        let readings = self.values.len() as u64;
        self.values.clear();
        readings
    }
}

/// Counts cells without a value.
#[derive(Default)]
pub(super) struct Skipped(Vec<SkippedCells>);

impl Skipped {
    pub(super) fn note(&mut self, column: &str, line: u64, text: &str) {
        if let Some(known) = self.0.iter_mut().find(|known| known.column == column) {
            known.cells += 1;
        } else if self.0.len() < MAX_SKIPPED {
            self.0.push(SkippedCells {
                column: column.to_owned(),
                cells: 1,
                first_line: line,
                example: excerpt(text),
            });
        }
    }
}

impl LogSummary {
    pub(super) fn finish(mut self, skipped: Skipped) -> Result<Self, LogError> {
        self.skipped = skipped.0;
        if self.readings == 0 {
            return Err(LogError::NoReadings);
        }
        Ok(self)
    }
}

impl Header {
    /// The time of a line; `None` for a line without one, and for a repeated header.
    pub(super) fn read_time(
        &self,
        cells: &Cells,
        line: u64,
        format: &mut TimeFormat,
    ) -> Result<Option<i64>, LogError> {
        let Some(text) = self.time.read(cells).filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        match format.read(&text) {
            Some(at_ms) => Ok(Some(at_ms)),
            None if !text.chars().any(|c| c.is_ascii_digit()) => Ok(None),
            None => Err(LogError::Time {
                line,
                column: self.time_column.clone(),
                text: excerpt(&text),
                expected: format.expected(),
            }),
        }
    }
}
