//! Numbers, times and names as both reports write them.

use actors::diagnosis::{Evidence, Figures, Span};
use actors::text::counted;
use chrono::DateTime;

/// `1250`, `14.2`, `0.93`: as many digits as the size of the number makes sense of.
pub(super) fn number(value: f64) -> String {
    let digits = match value.abs() {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        _ => 2,
    };
    let written = format!("{value:.digits$}");
    let trimmed = if written.contains('.') {
        written.trim_end_matches('0').trim_end_matches('.')
    } else {
        &written
    };
    match trimmed {
        "-0" => "0".to_owned(),
        _ => trimmed.replace('-', "−"),
    }
}

/// A value with its unit: `14.2 %`, `104 °C`, `3`.
pub(super) fn quantity(value: f64, unit: &str) -> String {
    if unit.is_empty() {
        number(value)
    } else {
        format!("{}\u{a0}{unit}", number(value))
    }
}

/// A length of time: `45 s`, `12 min 5 s`, `1 h 2 min`.
pub(super) fn duration(seconds: f64) -> String {
    if seconds < 10.0 && seconds.fract() > 0.05 {
        return format!("{} s", number((seconds * 10.0).round() / 10.0));
    }
    let (hours, minutes, seconds) = split(seconds);
    match (hours, minutes) {
        (0, 0) => format!("{seconds} s"),
        (0, _) if seconds == 0 => format!("{minutes} min"),
        (0, _) => format!("{minutes} min {seconds} s"),
        _ => format!("{hours} h {minutes} min"),
    }
}

/// A time since the start: `4:05`, `1:02:03`.
pub(super) fn clock(seconds: f64) -> String {
    let (hours, minutes, seconds) = split(seconds);
    if hours == 0 {
        format!("{minutes}:{seconds:02}")
    } else {
        format!("{hours}:{minutes:02}:{seconds:02}")
    }
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "as saturates, and negative times are clamped"
)]
fn split(seconds: f64) -> (u64, u64, u64) {
    let seconds = seconds.max(0.0).round() as u64;
    (seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

/// `4 min 5 s to 9 min 20 s into the drive`.
pub(super) fn span(span: Span) -> String {
    format!(
        "{} to {} into the drive",
        duration(span.from_seconds),
        duration(span.to_seconds)
    )
}

/// When the drive began, where times are on the calendar.
pub(super) fn start(figures: &Figures) -> Option<String> {
    let start = DateTime::from_timestamp_millis(figures.start_ms)?;
    Some(start.format("%Y-%m-%d %H:%M").to_string())
}

/// Length, distance and amount of data.
pub(super) fn extent(figures: &Figures) -> String {
    let mut parts = vec![format!("{} of data", duration(figures.covered_seconds))];
    if let Some(distance) = figures.distance_km {
        parts.push(format!("{distance:.1} km"));
    }
    parts.push(counted(figures.readings, "reading"));
    parts.join(" · ")
}

/// Where and for how long evidence holds: `warm idle, 5 min 20 s, 4 min 10 s to 9 min 30 s into the drive`.
pub(super) fn circumstances(evidence: &Evidence) -> String {
    let state = evidence.state.map(|state| state.label().to_owned());
    let mut seconds = evidence.seconds.map(duration);
    let mut times = evidence.span.map(span);
    if let (Some(held), Some(at)) = (evidence.seconds, evidence.span) {
        let longer = held - (at.to_seconds - at.from_seconds);
        if longer > 1.0 {
            seconds = seconds.map(|held| format!("{held} of data"));
            times = times.map(|times| format!("this value {times}"));
        } else if longer < -1.0 {
            seconds = seconds.map(|held| format!("{held} in all"));
        }
    }
    let parts: Vec<String> = [state, seconds, times].into_iter().flatten().collect();
    parts.join(", ")
}

/// A rule's id in words: `vacuum leak`.
pub(super) fn rule(id: &str) -> String {
    id.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_as_many_digits_as_make_sense() {
        for (value, expected) in [
            (0.0, "0"),
            (-0.001, "0"),
            (0.925, "0.93"),
            (14.25, "14.2"),
            (14.0, "14"),
            (-3.91, "−3.91"),
            (104.6, "105"),
            (1_250.4, "1250"),
        ] {
            assert_eq!(number(value), expected);
        }
    }

    #[test]
    fn the_time_of_a_value_and_the_time_of_its_data_are_told_apart() {
        let with = |seconds, from_seconds, to_seconds| {
            circumstances(&Evidence {
                figure: "voltage".to_owned(),
                channel: None,
                value: 12.1,
                unit: "V".to_owned(),
                threshold: None,
                state: None,
                span: Some(Span {
                    from_seconds,
                    to_seconds,
                }),
                seconds: Some(seconds),
            })
        };
        for (seconds, from, to, expected) in [
            (120.0, 300.0, 420.0, "2 min, 5 min to 7 min into the drive"),
            (
                1440.0,
                60.0,
                120.0,
                "24 min of data, this value 1 min to 2 min into the drive",
            ),
            (
                120.0,
                60.0,
                1440.0,
                "2 min in all, 1 min to 24 min into the drive",
            ),
        ] {
            assert_eq!(with(seconds, from, to), expected);
        }
    }

    #[test]
    fn durations_and_times_are_readable() {
        assert_eq!(duration(2.5), "2.5 s");
        assert_eq!(duration(45.4), "45 s");
        assert_eq!(duration(120.0), "2 min");
        assert_eq!(duration(725.0), "12 min 5 s");
        assert_eq!(duration(3_725.0), "1 h 2 min");
        assert_eq!(clock(245.0), "4:05");
        assert_eq!(clock(3_723.0), "1:02:03");
        assert_eq!(clock(-1.0), "0:00");
    }
}
