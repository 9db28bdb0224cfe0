use chrono::{NaiveDate, TimeDelta};
use proptest::prelude::*;

use super::*;

fn at(seconds: f64) -> NaiveDateTime {
    let start = NaiveDate::from_ymd_opt(2026, 2, 1)
        .and_then(|day| day.and_hms_opt(14, 0, 0))
        .expect("valid");
    #[allow(clippy::cast_possible_truncation)]
    let millis = (seconds * 1000.0) as i64;
    start + TimeDelta::milliseconds(millis)
}

fn reading<'a>(parameter: &'a str, seconds: f64, value: f64, unit: Option<&'a str>) -> Reading<'a> {
    Reading {
        at: at(seconds),
        parameter,
        value,
        unit,
    }
}

fn drive<'a>(readings: impl IntoIterator<Item = Reading<'a>>) -> DriveStatistics {
    let mut builder = StatisticsBuilder::new();
    readings
        .into_iter()
        .for_each(|reading| builder.push(reading));
    builder.finish()
}

/// The only parameter of a drive with these values, a second apart.
fn of(parameter: &str, unit: Option<&str>, values: &[f64]) -> ParameterStatistics {
    let mut seconds = -1.0;
    let readings = values.iter().map(|value| {
        seconds += 1.0;
        reading(parameter, seconds, *value, unit)
    });
    drive(readings).parameters.pop().expect("one parameter")
}

fn close(left: f64, right: f64) -> bool {
    (left - right).abs() <= 1e-9 * left.abs().max(right.abs()).max(1.0)
}

#[test]
fn the_figures_of_a_known_series_are_the_textbook_ones() {
    let figures = of(
        "RPM",
        Some("rpm"),
        &[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0],
    );
    assert_eq!(figures.count, 8);
    assert!(close(figures.min, 2.0) && close(figures.max, 9.0));
    assert!(close(figures.mean, 5.0) && close(figures.median, 4.5));
    assert!(close(
        figures.std_dev.expect("eight readings"),
        (32.0_f64 / 7.0).sqrt()
    ));
    assert!(close(figures.first, 2.0) && close(figures.last, 9.0));
    assert!(close(figures.p5, 2.7) && close(figures.p95, 8.3));
}

#[test]
fn a_single_reading_has_no_standard_deviation() {
    let figures = of("RPM", None, &[800.0]);
    assert_eq!(figures.std_dev, None);
    assert!(close(figures.median, 800.0));
    assert!(close(figures.covered_seconds, 0.0));
}

#[test]
fn a_small_spread_far_from_zero_keeps_its_digits() {
    let figures = of(
        "ODOMETER",
        Some("km"),
        &[1e9 + 4.0, 1e9 + 7.0, 1e9 + 13.0, 1e9 + 16.0],
    );
    assert!(close(
        figures.std_dev.expect("four readings"),
        30.0_f64.sqrt()
    ));
}

#[test]
fn time_beyond_a_limit_is_held_from_reading_to_reading_and_gaps_are_capped() {
    let hot = |seconds, value| reading("COOLANT_TEMP", seconds, value, Some("degC"));
    let statistics = drive([
        hot(0.0, 60.0),
        hot(2.0, 110.0),
        hot(5.0, 90.0),
        hot(6.0, 120.0),
        hot(3606.0, 90.0),
    ]);
    let figures = &statistics.parameters[0];
    assert!(close(figures.seconds_below, 2.0));
    assert!(close(figures.seconds_above, 3.0 + MAX_GAP_SECONDS));
    assert!(close(figures.covered_seconds, 6.0 + MAX_GAP_SECONDS));
}

#[test]
fn a_clock_that_jumps_back_adds_no_time_and_first_and_last_go_by_the_clock() {
    let rpm = |seconds, value| reading("RPM", seconds, value, Some("rpm"));
    let statistics = drive([rpm(100.0, 1.0), rpm(10.0, 2.0), rpm(11.0, 3.0)]);
    let figures = &statistics.parameters[0];
    assert!(close(figures.covered_seconds, 1.0));
    assert!(close(figures.first, 2.0) && close(figures.last, 1.0));
}

#[test]
fn spellings_of_one_unit_are_one_parameter_and_different_units_are_two() {
    let statistics = drive([
        reading("COOLANT_TEMP", 0.0, 90.0, Some("°C")),
        reading("COOLANT_TEMP", 1.0, 92.0, Some("degC")),
        reading("COOLANT_TEMP", 2.0, 190.0, Some("°F")),
        reading("COOLANT_TEMP", 3.0, 94.0, Some("celsius")),
    ]);
    let seen: Vec<_> = statistics
        .parameters
        .iter()
        .map(|p| (p.unit.as_deref(), p.count))
        .collect();
    assert_eq!(seen, [(Some("°C"), 3), (Some("°F"), 1)]);
}

#[test]
fn garbage_is_left_out_and_counted() {
    let values = [
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        1e300,
        -1e13,
        5.0,
    ];
    let statistics = drive(values.map(|value| reading("RPM", 0.0, value, None)));
    assert_eq!((statistics.readings, statistics.left_out), (1, 5));
    assert!(close(statistics.parameters[0].mean, 5.0));
}

#[test]
fn a_flood_of_names_and_units_is_bounded() {
    let names: Vec<String> = (0..2000).map(|number| format!("P{number}")).collect();
    let by_name = drive(names.iter().map(|name| reading(name, 0.0, 1.0, None)));
    assert_eq!(by_name.parameters.len(), MAX_PARAMETERS);
    assert_eq!(by_name.left_out, 1500);
    let by_unit = drive(
        names
            .iter()
            .map(|unit| reading("RPM", 0.0, 1.0, Some(unit))),
    );
    assert_eq!(by_unit.parameters.len(), MAX_PARAMETERS);
}

#[test]
fn what_left_its_limits_deviates_most_and_what_stands_still_least() {
    let hot = of("COOLANT_TEMP", Some("°C"), &[90.0, 110.0, 112.0, 90.0]);
    let normal = of("COOLANT_TEMP", Some("°C"), &[90.0, 91.0, 92.0, 90.0]);
    let spiky = of(
        "MYSTERY",
        None,
        &[1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 50.0],
    );
    let still = of("MYSTERY", None, &[1.0, 1.0, 1.0]);
    assert!(hot.deviation() > normal.deviation());
    assert!(normal.deviation() > spiky.deviation());
    assert!(spiky.deviation() > still.deviation());
}

proptest! {
    #[test]
    fn every_figure_is_finite_and_ordered(values in prop::collection::vec(any::<f64>(), 1..200)) {
        let readings = values.iter().map(|value| reading("RPM", 0.0, *value, None));
        for figures in drive(readings).parameters {
            let all = [
                figures.min, figures.p5, figures.median, figures.p95, figures.max, figures.mean,
                figures.first, figures.last, figures.std_dev.unwrap_or_default(), figures.deviation(),
            ];
            prop_assert!(all.iter().all(|figure| figure.is_finite()), "{all:?}");
            prop_assert!(all[..5].is_sorted(), "{all:?}");
            let slack = 1e-9 * figures.max.abs().max(figures.min.abs());
            prop_assert!(figures.min - slack <= figures.mean && figures.mean <= figures.max + slack);
        }
    }

    #[test]
    fn one_pass_agrees_with_two(values in prop::collection::vec(-1e6..1e6_f64, 2..200)) {
        #[allow(clippy::cast_precision_loss)]
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let figures = of("RPM", None, &values);
        prop_assert!((figures.mean - mean).abs() < 1e-6);
        prop_assert!((figures.std_dev.expect("two or more") - (squares / (count - 1.0)).sqrt()).abs() < 1e-4);
    }
}
