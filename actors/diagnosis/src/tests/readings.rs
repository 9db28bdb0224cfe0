//! What becomes of single readings, and of doubts that come from elsewhere.

use super::*;

/// Kind and channel of the doubts.
fn doubts(diagnosis: &Diagnosis) -> Vec<(DoubtKind, Option<&str>)> {
    diagnosis
        .doubts
        .iter()
        .map(|doubt| (doubt.kind, doubt.channel.as_deref()))
        .collect()
}

#[test]
fn a_trace_has_each_reading_at_its_second() {
    let mut diagnoser = diagnoser();
    let rpm = |second: i64| [800.0, 900.0, 1_000.0][usize::try_from(second).expect("few") / 4];
    log(&mut diagnoser, 0..12, &[("RPM", 4, &rpm)]);
    let (_, traces) = diagnoser.finish();
    let trace = traces.channel("RPM").expect("logged");
    let points: Vec<_> = trace
        .points
        .iter()
        .map(|point| (point.at_seconds, point.min, point.max))
        .collect();
    let expected = [
        (0.0, 800.0, 800.0),
        (4.0, 900.0, 900.0),
        (8.0, 1_000.0, 1_000.0),
    ];
    assert_eq!((traces.bucket_seconds, &points[..]), (1.0, &expected[..]));
}

#[test]
fn values_beyond_a_million_millions_are_left_out_without_a_doubt() {
    let with = |odd: f64| {
        let rpm = move |second: i64| if second % 10 == 0 { odd } else { 800.0 };
        diagnosed(100, &[("RPM", 1, &rpm)])
    };
    for odd in [1e13, -1e13, f64::INFINITY, f64::NAN] {
        let garbage = with(odd);
        assert_eq!(garbage.figures.left_out, 10, "{odd}");
        assert_eq!(doubts(&garbage), [], "{odd}");
    }
    let out_of_range = with(1e5);
    assert_eq!(out_of_range.figures.left_out, 10);
    assert_eq!(
        doubts(&out_of_range),
        [(DoubtKind::OutOfRange, Some("RPM"))]
    );
}

#[test]
fn each_channel_has_one_doubt_about_its_unit() {
    let mut diagnoser = diagnoser();
    log(&mut diagnoser, 0..100, &[("RPM", 1, &|_| 800.0)]);
    for (channel, unit) in [
        ("COOLANT_TEMP", "V"),
        ("INTAKE_TEMP", "V"),
        ("COOLANT_TEMP", "V"),
        ("COOLANT_TEMP", "kPa"),
    ] {
        diagnoser.push(Reading {
            at_ms: 100_000,
            channel,
            value: 3.0,
            unit: Some(unit),
            real: true,
        });
    }
    let (diagnosis, _) = diagnoser.finish();
    let expected =
        ["COOLANT_TEMP", "INTAKE_TEMP"].map(|channel| (DoubtKind::UnknownUnit, Some(channel)));
    assert_eq!(doubts(&diagnosis), expected);
    assert!(diagnosis.doubts[0].explanation.contains("\"V\""));
}

#[test]
fn a_doubt_from_elsewhere_is_told() {
    let mut diagnoser = diagnoser();
    log(&mut diagnoser, 0..100, &[("RPM", 1, &|_| 800.0)]);
    let overlap = Doubt {
        kind: DoubtKind::Overlap,
        channel: None,
        explanation: "Another drive overlaps.".to_owned(),
        span: None,
    };
    diagnoser.doubt(overlap.clone());
    assert_eq!(diagnoser.finish().0.doubts, [overlap]);
}

#[test]
fn simulated_readings_count_only_where_there_are_no_real_ones() {
    let readings = |kinds: &[(bool, f64)]| {
        let mut diagnoser = diagnoser();
        for (second, (real, value)) in (0..).zip(kinds) {
            diagnoser.push(Reading {
                at_ms: second * 1_000,
                channel: "RPM",
                value: *value,
                unit: None,
                real: *real,
            });
        }
        let figures = diagnoser.finish().0.figures;
        let highest = figures.channel("RPM").map(|channel| channel.max);
        (figures.readings, highest)
    };
    let simulated = [(false, 3_000.0); 4];
    assert_eq!(readings(&simulated), (4, Some(3_000.0)));
    let mixed = [&simulated[..], &[(true, 800.0); 3], &simulated].concat();
    assert_eq!(readings(&mixed), (3, Some(800.0)));
}

#[test]
fn readings_of_an_unknown_name_are_left_out() {
    let logged: &[Logged<'_>] = &[("RPM", 1, &|_| 800.0), ("FLUX", 1, &|_| 1.21)];
    let figures = diagnosed(100, logged).figures;
    assert_eq!((figures.readings, figures.left_out), (100, 100));
}

#[test]
fn only_the_fuel_status_has_an_index_that_becomes_a_bit() {
    let logged: &[Logged<'_>] = &[
        ("FUEL_SYSTEM_STATUS", 1, &|_| 5.0),
        ("THROTTLE_POS", 1, &|_| 5.0),
    ];
    let figures = diagnosed(100, logged).figures;
    let highest = |name| figures.channel(name).map(|channel| channel.max);
    assert_eq!(highest("FUEL_SYSTEM_STATUS"), Some(16.0));
    assert_eq!(highest("THROTTLE_POS"), Some(5.0));
}
