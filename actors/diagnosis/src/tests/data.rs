//! Time, names, units and doubts.

use super::*;

#[test]
fn coolant_every_30_seconds_is_hot_for_all_of_its_600_seconds() {
    let diagnosis = diagnosed(600, &[("COOLANT_TEMP", 30, &|_| 118.0)]);
    let coolant = diagnosis.figures.channel("COOLANT_TEMP").expect("logged");
    assert!((coolant.seconds - 600.0).abs() < 1e-9);
    let finding = &diagnosis.findings[0];
    assert_eq!(
        (finding.rule.as_str(), finding.tier),
        ("coolant_overheating", Tier::Stop)
    );
    assert_eq!(finding.evidence[0].seconds, Some(600.0));
}

#[test]
fn the_last_reading_counts() {
    let diagnosis = diagnosed(
        301,
        &[("COOLANT_TEMP", 60, &|second| {
            f64::from(second >= 300) * 40.0 + 80.0
        })],
    );
    let coolant = diagnosis.figures.channel("COOLANT_TEMP").expect("logged");
    assert_eq!((coolant.readings, coolant.seconds), (6, 360.0));
    assert!((coolant.max - 120.0).abs() < 1e-9);
}

#[test]
fn a_duration_is_what_the_readings_cover() {
    let diagnosis = diagnosed(
        300,
        &[("RPM", 1, &|_| 800.0), ("COOLANT_TEMP", 10, &|_| 88.0)],
    );
    assert!((diagnosis.figures.covered_seconds - 300.0).abs() < 1e-9);
}

#[test]
fn a_step_of_the_clock_is_a_doubt_and_adds_no_time() {
    for step in [-3_600_000, 823_270_210_000] {
        let mut diagnoser = diagnoser();
        for second in 0..600 {
            let stepped = if second < 300 { 0 } else { step };
            diagnoser.push(Reading {
                at_ms: second * 1_000 + stepped,
                channel: "RPM",
                value: 800.0,
                unit: None,
                real: true,
            });
        }
        let (diagnosis, _) = diagnoser.finish();
        assert!(
            (diagnosis.figures.covered_seconds - 600.0).abs() <= 1.0,
            "{step}"
        );
        assert_eq!(
            diagnosis
                .doubts
                .iter()
                .filter(|doubt| doubt.kind == DoubtKind::ClockStep)
                .count(),
            1
        );
    }
}

#[test]
fn an_alternating_channel_has_both_of_its_values_as_percentiles() {
    let diagnosis = diagnosed(
        40_000,
        &[("RPM", 1, &|second| {
            if second % 2 == 0 { 800.0 } else { 0.0 }
        })],
    );
    let rpm = diagnosis.figures.channel("RPM").expect("logged");
    assert!(rpm.p5.abs() < 1e-9);
    assert!((rpm.p95 - 800.0).abs() <= 800.0 * PERCENTILE_ERROR);
}

#[test]
fn two_units_within_a_drive_are_one_channel() {
    let mut diagnoser = diagnoser();
    for second in 0..200 {
        let (value, unit) = if second % 2 == 0 {
            (88.0, "℃")
        } else {
            (190.4, "°F")
        };
        diagnoser.push(Reading {
            at_ms: second * 1_000,
            channel: "COOLANT_TEMP",
            value,
            unit: Some(unit),
            real: true,
        });
    }
    let (diagnosis, _) = diagnoser.finish();
    let coolant = diagnosis.figures.channel("COOLANT_TEMP").expect("logged");
    assert_eq!(
        (coolant.readings, coolant.min, coolant.max),
        (200, 88.0, 88.0)
    );
    assert!(diagnosis.doubts.is_empty(), "{:?}", diagnosis.doubts);
}

#[test]
fn a_fuel_status_with_its_label_as_unit_is_one_channel() {
    let mut diagnoser = diagnoser();
    for second in 0..300 {
        let (value, unit) = if second < 60 {
            (1.0, "OL")
        } else {
            (2.0, "CL")
        };
        for (channel, value, unit) in [
            ("FUEL_SYSTEM_STATUS", value, unit),
            ("RPM", 800.0, "rpm"),
            ("COOLANT_TEMP", 88.0, "°C"),
        ] {
            diagnoser.push(Reading {
                at_ms: second * 1_000,
                channel,
                value,
                unit: Some(unit),
                real: true,
            });
        }
    }
    let (diagnosis, _) = diagnoser.finish();
    let names: Vec<&str> = diagnosis
        .figures
        .channels
        .iter()
        .map(|channel| channel.channel.as_str())
        .collect();
    assert_eq!(names, ["COOLANT_TEMP", "FUEL_SYSTEM_STATUS", "RPM"]);
    let closed: f64 = diagnosis
        .figures
        .states
        .iter()
        .map(|state| state.seconds * state.closed_loop_share.unwrap_or(0.0))
        .sum();
    assert!((closed - 240.0).abs() < 1.0, "{closed}");
}

#[test]
fn a_foreign_unit_is_a_doubt_and_its_readings_are_left_out() {
    let mut diagnoser = diagnoser();
    for second in 0..100 {
        diagnoser.push(Reading {
            at_ms: second * 1_000,
            channel: "COOLANT_TEMP",
            value: 12.0,
            unit: Some("bananas"),
            real: true,
        });
    }
    let (diagnosis, _) = diagnoser.finish();
    assert_eq!(diagnosis.doubts[0].kind, DoubtKind::UnknownUnit);
    assert_eq!(
        (diagnosis.figures.readings, diagnosis.figures.left_out),
        (0, 100)
    );
}

#[test]
fn a_reading_in_a_foreign_unit_leaves_its_channel_to_the_rules() {
    let hot = |stray: Option<&'static str>| {
        let mut diagnoser = diagnoser();
        for second in 0..900 {
            for (channel, value, unit) in [
                ("RPM", 2_000.0, "rpm"),
                ("SPEED", 60.0, "km/h"),
                ("COOLANT_TEMP", 121.0, "°C"),
            ] {
                let unit = match stray {
                    Some(stray) if second == 400 && channel == "COOLANT_TEMP" => stray,
                    _ => unit,
                };
                diagnoser.push(Reading {
                    at_ms: second * 1_000,
                    channel,
                    value,
                    unit: Some(unit),
                    real: true,
                });
            }
        }
        diagnoser.finish().0
    };
    let (sound, stray) = (hot(None), hot(Some("bananas")));
    assert!(
        rules(&sound).contains(&"coolant_overheating"),
        "{:?}",
        rules(&sound)
    );
    assert_eq!(rules(&stray), rules(&sound));
    assert_eq!(stray.doubts[0].kind, DoubtKind::UnknownUnit);
}

#[test]
fn temperatures_that_fit_only_in_fahrenheit_are_a_switched_unit() {
    let diagnosis = diagnosed(
        600,
        &[
            ("RPM", 1, &|_| 800.0),
            ("COOLANT_TEMP", 1, &|second| {
                if second < 300 { 120.0 } else { 190.0 }
            }),
        ],
    );
    assert_eq!(rules(&diagnosis), ["sensor_unit"]);
}

#[test]
fn half_a_drive_without_readings_has_gaps() {
    let mut diagnoser = diagnoser();
    log(&mut diagnoser, 0..150, &[("RPM", 1, &|_| 800.0)]);
    log(&mut diagnoser, 450..600, &[("RPM", 1, &|_| 800.0)]);
    let (diagnosis, _) = diagnoser.finish();
    assert!(
        diagnosis
            .doubts
            .iter()
            .any(|doubt| doubt.kind == DoubtKind::Gaps)
    );
    assert!(diagnosis.figures.covered_seconds < 310.0);
}

#[test]
fn unknown_names_are_listed() {
    let diagnosis = diagnosed(10, &[("FLUX_CAPACITOR", 1, &|_| 1.21)]);
    assert_eq!(diagnosis.figures.unknown_channels, ["FLUX_CAPACITOR"]);
    assert_eq!(diagnosis.grade, None);
}

/// A drive with two legs, `pause` seconds apart.
fn two_legs(pause: i64, coolant: [&dyn Fn(i64) -> f64; 2]) -> Diagnosis {
    let mut diagnoser = diagnoser();
    for (leg, coolant) in (0_i64..).zip(coolant) {
        let from = leg * (900 + pause);
        let coolant = |second: i64| coolant(second - from);
        log(
            &mut diagnoser,
            from..from + 900,
            &[("RPM", 1, &|_| 2_000.0), ("COOLANT_TEMP", 1, &coolant)],
        );
    }
    diagnoser.finish().0
}

#[test]
fn coolant_that_warms_up_at_a_stop_of_the_log_neither_jumps_nor_overheats() {
    // Heat soak: no fault in the first minutes after a start.
    let soaked = |second: i64| if second < 240 { 97.0 } else { 88.0 };
    for pause in [1_200, -3_600] {
        let diagnosis = two_legs(pause, [&|_| 88.0, &|_| 75.0]);
        assert!(rules(&diagnosis).is_empty(), "{pause}");
    }
    assert!(rules(&two_legs(1_200, [&|_| 88.0, &soaked])).is_empty());
    let diagnosis = two_legs(1_200, [&|_| 88.0, &|_| 99.0]);
    assert_eq!(rules(&diagnosis), ["coolant_overheating"]);
}

#[test]
fn a_second_name_of_a_channel_counts_once_the_first_is_silent() {
    let mut diagnoser = diagnoser();
    log(&mut diagnoser, 0..100, &[("COOLANT_TEMP", 1, &|_| 88.0)]);
    let later: &[Logged<'_>] = &[("RPM", 1, &|_| 2_000.0), ("ECT", 1, &|_| 106.0)];
    log(&mut diagnoser, 100..900, later);
    let (diagnosis, _) = diagnoser.finish();
    assert_eq!(diagnosis.figures.left_out, 60);
    assert_eq!(rules(&diagnosis), ["coolant_overheating"]);

    let both = diagnosed(
        900,
        &[
            ("RPM", 1, &|_| 2_000.0),
            ("COOLANT_TEMP", 10, &|_| 88.0),
            ("ECT", 1, &|_| 215.0),
        ],
    );
    assert!(rules(&both).is_empty() && both.doubts.is_empty());
}

#[test]
fn a_lost_byte_of_a_trim_is_no_mixture() {
    // Idle and drive of a warm engine, with 0xFF in every tenth reading.
    let lost = |second: i64| if second % 10 == 0 { 99.22 } else { 1.0 };
    let speed = |second: i64| if second < 300 { 0.0 } else { 80.0 };
    let rpm = |second: i64| if second < 300 { 800.0 } else { 2_500.0 };
    let diagnosis = diagnosed(
        900,
        &[
            ("RPM", 1, &rpm),
            ("SPEED", 1, &speed),
            ("COOLANT_TEMP", 1, &|_| 88.0),
            ("FUEL_SYSTEM_STATUS", 1, &|_| 2.0),
            ("SHORT_FUEL_TRIM_1", 1, &lost),
            ("LONG_FUEL_TRIM_1", 1, &|_| 2.0),
        ],
    );
    assert_eq!(rules(&diagnosis), ["sensor_out_of_range"]);
    let trim = diagnosis.figures.channel("SHORT_FUEL_TRIM_1");
    assert_eq!(trim.map(|trim| trim.max), Some(1.0));
}
