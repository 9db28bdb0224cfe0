//! Logs with one reading a line.

use std::io::BufRead;

use actors::diagnosis::Reading;

use super::cell::{self, Cell};
use super::error::excerpt;
use super::header::{Header, LongColumns, name_and_unit};
use super::lines::Lines;
use super::time::TimeFormat;
use super::wide::Skipped;
use super::{LogError, LogSummary};

pub(super) fn read(
    lines: &mut Lines<impl BufRead>,
    header: &Header,
    columns: LongColumns,
    mut format: TimeFormat,
    each: &mut impl FnMut(Reading<'_>),
) -> Result<LogSummary, LogError> {
    let mut summary = LogSummary {
        has_date: format.has_date(),
        ..LogSummary::default()
    };
    let mut skipped = Skipped::default();
    while let Some((line, cells)) = lines.next()? {
        let Some(at_ms) = header.read_time(cells, line, &mut format)? else {
            continue;
        };
        summary.rows += 1;
        let (Some(parameter), Some(text)) =
            (cells.get(columns.parameter), cells.get(columns.value))
        else {
            continue;
        };
        let value = match cell::read(text) {
            Cell::Value(value) => value,
            Cell::Empty => continue,
            Cell::Text => {
                skipped.note(&excerpt(parameter), line, text);
                continue;
            }
        };
        let (channel, unit_of_name) = name_and_unit(parameter);
        if channel.is_empty() {
            continue;
        }
        let unit = columns
            .unit
            .and_then(|unit| cells.get(unit))
            .filter(|unit| !unit.is_empty());
        summary.readings += 1;
        each(Reading {
            at_ms,
            channel,
            value: value.number,
            unit: unit.or(value.unit).or(unit_of_name),
            real: columns
                .source
                .and_then(|source| cells.get(source))
                .is_none_or(|source| source.is_empty() || source == "real"),
        });
    }
    summary.finish(skipped)
}
