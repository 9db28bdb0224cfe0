//! How a log writes its times: numbers, a clock, or dates.

use chrono::{DateTime, NaiveDateTime, NaiveTime};

use super::LogError;
use super::cell::number;
use super::error::excerpt;

/// The format of all times of a log, and what it needs to go on from line to line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum TimeFormat {
    /// A number, of units with this length in milliseconds.
    Number { millis: f64, calendar: bool },
    /// A time of day; midnight may pass.
    Clock { last_ms: i64, midnights: i64 },
    /// A date and a time, in one of [`DATES`].
    Date(&'static str),
    /// A date and a time with the offset from UTC.
    WithOffset(&'static str),
}

const DAY_MS: i64 = 86_400_000;
/// A log has a row more often than every 50 s; numbers that grow faster are milliseconds.
const LONGEST_USUAL_INTERVAL: f64 = 50.0;

/// Formats of dates, tried in this order on all times of the sample: only the right one of day-first and month-first
/// reads a day beyond 12.
const DATES: &[&str] = &[
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y/%m/%d %H:%M:%S%.f",
    "%d.%m.%Y %H:%M:%S%.f",
    "%m/%d/%Y %I:%M:%S%.f %p",
    "%d/%m/%Y %H:%M:%S%.f",
    "%m/%d/%Y %H:%M:%S%.f",
    "%d-%m-%Y %H:%M:%S%.f",
    "%d-%b-%Y %H:%M:%S%.f",
    "%d %b %Y %H:%M:%S%.f",
    "%b %d, %Y %I:%M:%S%.f %p",
    "%d.%m.%y %H:%M:%S%.f",
    "%d/%m/%y %H:%M:%S%.f",
    "%m/%d/%y %H:%M:%S%.f",
    "%Y%m%d %H%M%S",
    "%Y-%m-%d %H:%M",
    "%d.%m.%Y %H:%M",
    "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M",
];
const DATES_WITH_OFFSET: &[&str] = &[
    "%Y-%m-%d %H:%M:%S%.f%:z",
    "%Y-%m-%d %H:%M:%S%.f%z",
    "%Y-%m-%d %H:%M:%S%.f %z",
    "%a %b %d %H:%M:%S GMT%:z %Y",
];

impl TimeFormat {
    /// Finds the format that reads all `times`, the first ones of the log.
    pub(super) fn detect(
        times: &[(u64, String)],
        unit: Option<&str>,
        column: &str,
    ) -> Result<Self, LogError> {
        let Some((first_line, first_time)) = times.first() else {
            return Err(LogError::NoReadings);
        };
        let numbers: Vec<f64> = times.iter().map_while(|(_, time)| number(time)).collect();
        if numbers.len() == times.len() {
            return Ok(Self::of_numbers(&numbers, unit, column));
        }
        if times.iter().all(|(_, time)| clock_ms(time).is_some()) {
            return Ok(Self::Clock {
                last_ms: i64::MIN,
                midnights: 0,
            });
        }
        let all = |format: Self| times.iter().all(|(_, time)| format.parse(time).is_some());
        let dates = DATES.iter().map(|format| Self::Date(format));
        let offsets = DATES_WITH_OFFSET
            .iter()
            .map(|format| Self::WithOffset(format));
        // No format for all: the first line that the most likely one cannot read is reported when it is reached.
        let first = |format: &Self| format.parse(first_time).is_some();
        dates
            .clone()
            .chain(offsets.clone())
            .find(|format| all(*format))
            .or_else(|| dates.chain(offsets).find(first))
            .or_else(|| {
                clock_ms(first_time).map(|_| Self::Clock {
                    last_ms: i64::MIN,
                    midnights: 0,
                })
            })
            .or_else(|| (!numbers.is_empty()).then(|| Self::of_numbers(&numbers, unit, column)))
            .map_or_else(
                || {
                    Err(LogError::Time {
                        line: *first_line,
                        column: column.to_owned(),
                        text: excerpt(first_time),
                        expected: "seconds, milliseconds, a clock or a date",
                    })
                },
                Ok,
            )
    }

    fn of_numbers(numbers: &[f64], unit: Option<&str>, column: &str) -> Self {
        let unit = unit.unwrap_or_default().to_lowercase();
        let name = column.to_lowercase();
        let largest = numbers.iter().copied().fold(0.0, f64::max);
        let millis = match unit.as_str() {
            "ms" | "msec" | "millis" | "milliseconds" => 1.0,
            "us" | "µs" | "μs" => 1e-3,
            "ns" => 1e-6,
            "s" | "sec" | "secs" | "second" | "seconds" => 1_000.0,
            "min" | "minutes" => 60_000.0,
            "h" | "hours" => 3_600_000.0,
            _ if largest >= 1e17 => 1e-6,
            _ if largest >= 1e14 => 1e-3,
            _ if largest >= 1e11 => 1.0,
            _ if largest >= 1e9 => 1_000.0,
            _ if name.ends_with("ms") || name.contains("milli") => 1.0,
            _ if name.contains("sec") || usual_step(numbers) < LONGEST_USUAL_INTERVAL => 1_000.0,
            _ => 1.0,
        };
        Self::Number {
            millis,
            calendar: largest * millis >= 1e11,
        }
    }

    /// Whether times are on the calendar.
    pub(super) fn has_date(self) -> bool {
        match self {
            Self::Number { calendar, .. } => calendar,
            Self::Clock { .. } => false,
            Self::Date(_) | Self::WithOffset(_) => true,
        }
    }

    /// The name of the format, for messages.
    pub(super) fn expected(self) -> &'static str {
        match self {
            Self::Number { millis, .. } if millis >= 1_000.0 => {
                "the times before it are numbers of seconds"
            }
            Self::Number { .. } => "the times before it are numbers of milliseconds",
            Self::Clock { .. } => "the times before it are hours, minutes and seconds",
            Self::Date(_) | Self::WithOffset(_) => "the times before it are dates with a time",
        }
    }

    /// The milliseconds of a time. Midnight is noticed where a clock goes back by more than half a day.
    pub(super) fn read(&mut self, text: &str) -> Option<i64> {
        let parsed = self.parse(text)?;
        let Self::Clock { last_ms, midnights } = self else {
            return Some(parsed);
        };
        if *last_ms != i64::MIN && parsed < *last_ms - DAY_MS / 2 {
            *midnights += 1;
        }
        *last_ms = parsed;
        Some(parsed + midnights.saturating_mul(DAY_MS))
    }

    fn parse(self, text: &str) -> Option<i64> {
        match self {
            Self::Number { millis, .. } => whole_millis(number(text)? * millis),
            Self::Clock { .. } => clock_ms(text),
            Self::Date(format) => {
                let text = tidy(text);
                let text = text.strip_suffix(['Z', 'z']).unwrap_or(&text);
                let time = NaiveDateTime::parse_from_str(text.trim_end(), format).ok()?;
                Some(time.and_utc().timestamp_millis())
            }
            Self::WithOffset(format) => {
                let time = DateTime::parse_from_str(&tidy(text), format).ok()?;
                Some(time.timestamp_millis())
            }
        }
    }
}

/// A `T` between date and time is a blank, a decimal comma a point.
fn tidy(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut tidy = text.to_owned();
    if let Some(at) = text.find('T')
        && at > 0
        && bytes[at - 1].is_ascii_digit()
        && bytes.get(at + 1).is_some_and(u8::is_ascii_digit)
    {
        tidy.replace_range(at..=at, " ");
    }
    if let Some(at) = tidy.rfind(',')
        && tidy[at + 1..].starts_with(|c: char| c.is_ascii_digit())
        && tidy[..at].ends_with(|c: char| c.is_ascii_digit())
    {
        tidy.replace_range(at..=at, ".");
    }
    tidy
}

/// `HH:MM:SS`, `MM:SS.f`, `HH:MM:SS:mmm`, with or without AM and PM.
fn clock_ms(text: &str) -> Option<i64> {
    let text = text.replace(',', ".");
    for format in ["%I:%M:%S%.f %p", "%I:%M:%S %p"] {
        if let Ok(time) = NaiveTime::parse_from_str(&text, format) {
            let since = time.signed_duration_since(NaiveTime::default());
            return Some(since.num_milliseconds());
        }
    }
    let parts: Vec<&str> = text.split(':').collect();
    let (hours, minutes, seconds, millis) = match *parts.as_slice() {
        [minutes, seconds] => ("0", minutes, seconds, "0"),
        [hours, minutes, seconds] => (hours, minutes, seconds, "0"),
        [hours, minutes, seconds, millis] => (hours, minutes, seconds, millis),
        _ => return None,
    };
    let hours: i64 = hours.trim().parse().ok()?;
    let minutes: i64 = minutes.trim().parse().ok()?;
    let seconds: f64 = seconds.trim().parse().ok()?;
    let millis: i64 = millis.trim().parse().ok()?;
    let possible = (0..1_000_000).contains(&hours)
        && (0..1_000_000).contains(&minutes)
        && (0.0..61.0).contains(&seconds)
        && (0..1_000).contains(&millis);
    possible
        .then(|| (hours * 60 + minutes) * 60_000 + millis)?
        .checked_add(whole_millis(seconds * 1_000.0)?)
}

/// The median step between neighbouring times that differ.
fn usual_step(times: &[f64]) -> f64 {
    let mut steps: Vec<f64> = times
        .windows(2)
        .map(|pair| pair[1] - pair[0])
        .filter(|step| *step > 0.0)
        .collect();
    steps.sort_by(f64::total_cmp);
    steps.get(steps.len() / 2).copied().unwrap_or(1.0)
}

/// Rounds to an `i64`, if it is one that a calendar can hold.
#[allow(clippy::cast_possible_truncation, reason = "checked against the range")]
fn whole_millis(millis: f64) -> Option<i64> {
    (millis.abs() < 1e15).then(|| millis.round() as i64)
}
