//! Where the rules about the mixture under load begin to fire, and what they show.

use rstest::rstest;

use super::*;

/// The front O2 sensor in each second of pulls, 0 between two of them, and what the engine does.
struct Pulls<'a> {
    voltages: &'a [f64],
    rpm: f64,
    load: f64,
    throttle: Option<f64>,
    status: f64,
}

const PULL: Pulls<'_> = Pulls {
    voltages: &[],
    rpm: 2_500.0,
    load: 90.0,
    throttle: Some(60.0),
    status: 1.0,
};

/// A warm drive with a pull from second 60 on.
fn pulled(pulls: &Pulls<'_>) -> Diagnosis {
    let voltage = |second: i64| {
        let place = usize::try_from(second - 60).ok();
        place.and_then(|place| pulls.voltages.get(place).copied())
    };
    let mut diagnoser = diagnoser();
    for second in 0..120 {
        // A voltage of zero is a break between two pulls.
        let now = voltage(second).filter(|voltage| *voltage > 0.0);
        let pick = |pull: f64, else_: f64| if now.is_some() { pull } else { else_ };
        let channels: [Logged<'_>; 6] = [
            ("RPM", 1, &|_| pulls.rpm),
            ("COOLANT_TEMP", 1, &|_| 88.0),
            ("FUEL_SYSTEM_STATUS", 1, &|_| pulls.status),
            ("ENGINE_LOAD", 1, &|_| pick(pulls.load, 40.0)),
            ("O2_B1S1", 1, &|_| now.unwrap_or(0.9)),
            ("THROTTLE_POS", 1, &|_| {
                pick(pulls.throttle.unwrap_or_default(), 20.0)
            }),
        ];
        let logged = 5 + usize::from(pulls.throttle.is_some());
        log(&mut diagnoser, second..second + 1, &channels[..logged]);
    }
    diagnoser.finish().0
}

const RULE: &str = "lean_under_load";

/// Tier, value, threshold, seconds and span of what is low.
type Low = (Tier, f64, f64, i64, (i64, i64));

#[rstest]
#[case::warning(&[0.9, 0.7, 0.8, 0.6, 0.8], None)]
#[case::a_warning(&[0.9, 0.79, 0.79, 0.9, 0.9], Some((Tier::Warning, 0.79, 0.8, 2, (61, 63))))]
#[case::not_low(&[0.9, 0.8, 0.8, 0.8, 0.9], None)]
#[case::much_of_a_warning(&[0.9, 0.5, 0.52, 0.54, 0.9], Some((Tier::Warning, 0.52, 0.8, 3, (61, 64))))]
#[case::short_for_a_stop(&[0.9, 0.4, 0.4, 0.6, 0.9], Some((Tier::Warning, 0.47, 0.8, 3, (61, 64))))]
#[case::a_stop(&[0.9, 0.49, 0.45, 0.41, 0.9], Some((Tier::Stop, 0.45, 0.5, 3, (61, 64))))]
#[case::the_first_second_lags(&[0.4, 0.7, 0.7, 0.9, 0.9], Some((Tier::Warning, 0.7, 0.8, 2, (61, 63))))]
#[case::the_last_is_not_borne_out(&[0.9, 0.9, 0.9, 0.9, 0.6, 0.6], None)]
#[case::mostly_low(
    &[0.9, 0.9, 0.9, 0.9, 0.9, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.9],
    Some((Tier::Warning, 0.7, 0.8, 6, (65, 71))),
)]
#[case::not_mostly_low(&[0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.7, 0.7, 0.7, 0.7, 0.7, 0.9], None)]
#[case::single_readings_of_three_pulls(
    &[0.9, 0.6, 0.9, 0.0, 0.0, 0.9, 0.65, 0.9, 0.0, 0.0, 0.9, 0.7, 0.9],
    Some((Tier::Warning, 0.6, 0.8, 1, (61, 62))),
)]
#[case::single_readings_of_pulls_that_are_not_all_low(
    &[0.9, 0.6, 0.9, 0.0, 0.0, 0.9, 0.65, 0.9, 0.0, 0.0, 0.9, 0.7, 0.9, 0.0, 0.0, 0.9, 0.8, 0.9],
    None,
)]
fn a_front_sensor_below_0_8_volt_for_2_s_is_a_warning_and_below_0_5_for_3_s_a_stop(
    #[case] voltages: &[f64],
    #[case] expected: Option<Low>,
) {
    let diagnosis = pulled(&Pulls { voltages, ..PULL });
    let found = shown(&diagnosis, RULE).map(|shown| {
        assert_eq!(shown.unit, "V");
        (
            shown.tier,
            shown.value,
            shown.threshold,
            shown.seconds,
            shown.span,
        )
    });
    let expected = expected.map(|(tier, value, limit, seconds, (from, to))| {
        let span = (float(from), float(to));
        (tier, value, Some(limit), Some(float(seconds)), Some(span))
    });
    assert_eq!(found, expected);
    assert_eq!(passed(&diagnosis, RULE), expected.is_none());
}

const LOW: &[f64] = &[0.9, 0.7, 0.7, 0.7, 0.7];

#[test]
fn how_sure_a_lean_pull_is_grows_to_ten_low_readings() {
    let pulls = Pulls {
        voltages: LOW,
        ..PULL
    };
    let diagnosis = pulled(&pulls);
    let found = shown(&diagnosis, RULE).map(|shown| (shown.tier, shown.confidence));
    // 0.5 + 0.45 * 3 / 10, rounded
    assert_eq!(found, Some((Tier::Warning, 0.64)));
    let text = "reads 0.70 V on average for 3 s; healthy";
    assert!(says(&diagnosis, RULE, text));
}

#[rstest]
#[case::a_short_pull(Pulls { voltages: &[0.9, 0.7, 0.7, 0.7], ..PULL })]
#[case::slow(Pulls { voltages: LOW, rpm: 2_490.0, ..PULL })]
#[case::little_load(Pulls { voltages: LOW, load: 89.0, ..PULL })]
#[case::a_throttle_that_is_half_closed(Pulls { voltages: LOW, throttle: Some(59.0), ..PULL })]
#[case::closed_loop(Pulls { voltages: LOW, status: 2.0, ..PULL })]
fn no_pull_to_judge(#[case] pulls: Pulls<'_>) {
    assert!(too_little(&pulled(&pulls), RULE));
}

#[test]
fn a_pull_shows_without_a_throttle_and_a_dead_sensor_shows_nothing() {
    let pulls = Pulls {
        voltages: LOW,
        throttle: None,
        ..PULL
    };
    assert!(shown(&pulled(&pulls), RULE).is_some());

    let never_above = |voltage: f64| {
        let o2 = |second: i64| if second == 0 { voltage } else { 0.4 };
        let diagnosis = diagnosed(
            60,
            &[
                ("RPM", 1, &|_| 3_000.0),
                ("COOLANT_TEMP", 1, &|_| 88.0),
                ("FUEL_SYSTEM_STATUS", 1, &|_| 1.0),
                ("ENGINE_LOAD", 1, &|_| 95.0),
                ("O2_B1S1", 1, &o2),
            ],
        );
        passed(&diagnosis, RULE)
    };
    assert!(never_above(0.59) && !never_above(0.6));
}

#[test]
fn readings_of_a_slow_load_are_borne_out_by_its_next_reading() {
    // A load every 6 s stands until the pull is over; the engine speed tells a pull as well.
    let low_until = |second: i64| {
        let diagnosis = diagnosed(
            120,
            &[
                ("RPM", 1, &|_| 3_000.0),
                ("COOLANT_TEMP", 1, &|_| 88.0),
                ("FUEL_SYSTEM_STATUS", 1, &|_| 1.0),
                ("ENGINE_LOAD", 6, &|at| {
                    if (60..second).contains(&at) {
                        95.0
                    } else {
                        40.0
                    }
                }),
                ("O2_B1S1", 1, &|at| if at >= 60 { 0.7 } else { 0.9 }),
            ],
        );
        shown(&diagnosis, RULE).map(|shown| (shown.seconds, shown.span))
    };
    assert_eq!(low_until(66), None);
    let expected = Some((Some(5.0), Some((61.0, 66.0))));
    assert_eq!(low_until(72), expected);
}

/// Short-term trim at nearly full load, from second 60 on.
fn trimmed(trims: &[f64], load: f64, (rpm, coolant): (f64, f64)) -> Diagnosis {
    let at = |second: i64| {
        let place = usize::try_from(second - 60).ok();
        place.and_then(|place| trims.get(place).copied())
    };
    diagnosed(
        120,
        &[
            ("RPM", 1, &|_| rpm),
            ("COOLANT_TEMP", 1, &|_| coolant),
            ("FUEL_SYSTEM_STATUS", 1, &|_| 2.0),
            ("ENGINE_LOAD", 1, &|second| {
                if at(second).is_some() { load } else { 40.0 }
            }),
            ("SHORT_FUEL_TRIM_1", 1, &|second| at(second).unwrap_or(9.0)),
        ],
    )
}

const WORK: (f64, f64) = (2_500.0, 70.0);

#[rstest]
#[case::lean(&[5.0, 6.0, 8.5], Some((6.5, 3.0, (60.0, 63.0))))]
#[case::short(&[6.0, 6.0, 1.0, 6.0, 6.0], None)]
#[case::not_lean(&[4.9, 6.0, 6.0, 4.9], None)]
#[case::the_longest(&[6.0, 6.0, 6.0, 1.0, 7.0, 7.0, 7.0, 7.0], Some((7.0, 4.0, (64.0, 68.0))))]
fn a_short_term_trim_of_5_percent_for_3_s_at_nearly_full_load_is_a_warning(
    #[case] trims: &[f64],
    #[case] expected: Option<(f64, f64, (f64, f64))>,
) {
    let diagnosis = trimmed(trims, 91.0, WORK);
    let expected = expected.map(|(value, seconds, span)| Shown {
        tier: Tier::Warning,
        value,
        unit: "%",
        threshold: Some(5.0),
        seconds: Some(seconds),
        span: Some(span),
        // 0.5 + 0.45 * 3 / 10, and of 4
        confidence: if seconds > 3.5 { 0.68 } else { 0.64 },
    });
    assert_eq!(shown(&diagnosis, RULE), expected);
    assert_eq!(passed(&diagnosis, RULE), expected.is_none());
}

#[rstest]
#[case::few(&[6.0, 6.0], 91.0, WORK)]
#[case::in_open_loop_the_trim_rests_at_0(&[0.0; 10], 91.0, WORK)]
#[case::not_enough_load(&[6.0; 10], 90.0, WORK)]
#[case::slow(&[6.0; 10], 91.0, (2_490.0, 70.0))]
#[case::cold(&[6.0; 10], 91.0, (2_500.0, 69.0))]
fn no_trims_to_judge(#[case] trims: &[f64], #[case] load: f64, #[case] work: (f64, f64)) {
    assert!(too_little(&trimmed(trims, load, work), RULE));
}

/// A full-throttle pull from second 60 on, with the status of each second; none: the status is not read.
fn enriched(load: f64, throttle: f64, status: &[Option<f64>]) -> Diagnosis {
    let mut diagnoser = diagnoser();
    for second in 0..120 {
        let pull = usize::try_from(second - 60)
            .ok()
            .and_then(|at| status.get(at));
        let pick = |in_pull: f64, else_: f64| if pull.is_some() { in_pull } else { else_ };
        let channels: [Logged<'_>; 4] = [
            ("RPM", 1, &|_| 4_000.0),
            ("ENGINE_LOAD", 1, &|_| pick(load, 40.0)),
            ("THROTTLE_POS", 1, &|_| pick(throttle, 20.0)),
            ("FUEL_SYSTEM_STATUS", 1, &|_| {
                pull.copied().flatten().unwrap_or(2.0)
            }),
        ];
        let logged = if pull == Some(&None) {
            &channels[..3]
        } else {
            &channels[..]
        };
        log(&mut diagnoser, second..second + 1, logged);
    }
    diagnoser.finish().0
}

#[rstest]
#[case::closed(91.0, 81.0, &[Some(2.0); 3], Some(3.0))]
#[case::closed_for_longer(91.0, 81.0, &[Some(1.0), Some(2.0), Some(2.0), Some(2.0), Some(2.0)], Some(4.0))]
#[case::enriched(91.0, 81.0, &[Some(2.0), Some(2.0), Some(1.0)], None)]
#[case::a_status_from_before_the_pull(91.0, 81.0, &[None, Some(2.0), Some(2.0), Some(1.0)], None)]
fn closed_loop_for_3_s_at_full_load_is_no_enrichment(
    #[case] load: f64,
    #[case] throttle: f64,
    #[case] status: &[Option<f64>],
    #[case] seconds: Option<f64>,
) {
    let diagnosis = enriched(load, throttle, status);
    let expected = seconds.map(|seconds| Shown {
        tier: Tier::Watch,
        value: seconds,
        unit: "s",
        threshold: Some(3.0),
        seconds: Some(seconds),
        span: Some(if seconds > 3.5 {
            (61.0, 65.0)
        } else {
            (60.0, 63.0)
        }),
        // 0.5 + 0.45 * 3 / 10, and of 4
        confidence: if seconds > 3.5 { 0.68 } else { 0.64 },
    });
    assert_eq!(shown(&diagnosis, "no_enrichment"), expected);
    assert_eq!(passed(&diagnosis, "no_enrichment"), expected.is_none());
}

#[rstest]
#[case::short(91.0, 81.0, 2)]
#[case::load(90.0, 81.0, 9)]
#[case::throttle(91.0, 80.0, 9)]
fn no_full_load_to_judge(#[case] load: f64, #[case] throttle: f64, #[case] seconds: usize) {
    let diagnosis = enriched(load, throttle, &vec![Some(2.0); seconds]);
    assert!(too_little(&diagnosis, "no_enrichment"));
}
