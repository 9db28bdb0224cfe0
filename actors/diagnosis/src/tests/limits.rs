//! Where the rules about codes, charging, intake air and engine speed begin to fire, and with which tier.

use rstest::rstest;

use super::*;

#[rstest]
#[case::lamp(Some(1.0), None, "The malfunction lamp is on.")]
#[case::one(
    Some(0.0),
    Some(1.0),
    "One trouble code is stored; the malfunction lamp is off."
)]
#[case::two(
    Some(0.0),
    Some(2.0),
    "2 trouble codes are stored; the malfunction lamp is off."
)]
#[case::both(
    Some(1.0),
    Some(1.0),
    "One trouble code is stored and the malfunction lamp is on."
)]
#[case::raw_lamp(None, Some(128.0), "The malfunction lamp is on.")]
#[case::most(None, Some(127.0), "127 trouble codes are stored.")]
fn a_lamp_or_a_code_is_a_warning(
    #[case] lamp: Option<f64>,
    #[case] codes: Option<f64>,
    #[case] explanation: &str,
) {
    let lamp = lamp.map(|lamp| {
        move |second: i64| {
            if second >= 100 { lamp } else { 0.0 }
        }
    });
    let codes = codes.map(|codes| {
        move |second: i64| {
            if second >= 100 { codes } else { 0.0 }
        }
    });
    let mut channels: Vec<Logged<'_>> = vec![("RPM", 1, &|_| 800.0)];
    channels.extend(
        lamp.as_ref()
            .map(|lamp| -> Logged<'_> { ("MIL_ON", 5, lamp) }),
    );
    channels.extend(
        codes
            .as_ref()
            .map(|codes| -> Logged<'_> { ("DTC_COUNT", 5, codes) }),
    );
    let diagnosis = diagnosed(300, &channels);
    let finding = finding(&diagnosis, "trouble_codes").expect("found");
    assert_eq!(
        (finding.tier, finding.explanation.as_str()),
        (Tier::Warning, explanation)
    );
    let named = usize::from(explanation.contains("lamp is on"))
        + usize::from(explanation.contains("stored"));
    assert_eq!(finding.evidence.len(), named);
    assert_eq!(span_of(&diagnosis, "trouble_codes"), Some((100.0, 296.0)));
}

#[test]
fn without_a_code_and_a_lamp_there_is_no_warning() {
    let diagnosis = diagnosed(
        300,
        &[
            ("RPM", 1, &|_| 800.0),
            ("MIL_ON", 5, &|_| 0.0),
            ("DTC_COUNT", 5, &|_| 0.0),
        ],
    );
    assert!(passed(&diagnosis, "trouble_codes"));
}

/// A running engine with a voltage.
fn charged(seconds: i64, volts: &dyn Fn(i64) -> f64) -> Diagnosis {
    diagnosed(
        seconds,
        &[("RPM", 1, &|_| 2_000.0), ("BATTERY_VOLTAGE", 1, volts)],
    )
}

#[rstest]
#[case::enough(13.1, None)]
#[case::watch(13.0, Some((Tier::Watch, 13.1)))]
#[case::much_of_a_watch(12.5, Some((Tier::Watch, 13.1)))]
#[case::alert(12.4, Some((Tier::Alert, 12.5)))]
#[case::much_of_an_alert(12.0, Some((Tier::Alert, 12.5)))]
#[case::warning(11.9, Some((Tier::Warning, 12.0)))]
fn a_median_below_13_1_and_12_5_and_12_volts_is_a_watch_an_alert_and_a_warning(
    #[case] volts: f64,
    #[case] expected: Option<(Tier, f64)>,
) {
    let diagnosis = charged(180, &|_| volts);
    let expected = expected.map(|(tier, limit)| (tier, volts, Some(limit)));
    assert_eq!(verdict(&diagnosis, "undercharging"), expected);
    assert_eq!(passed(&diagnosis, "undercharging"), expected.is_none());
}

#[test]
fn undercharging_takes_two_minutes_and_its_lowest_minute_is_shown() {
    // The first minute after the start does not count.
    let found = |minutes: &'static [f64]| {
        let volts = move |second: i64| minutes[usize::try_from(second / 60).expect("small")];
        let minutes = i64::try_from(minutes.len()).expect("few");
        charged(minutes * 60, &volts)
    };
    assert!(passed(&found(&[12.0, 12.8, 14.0, 14.0]), "undercharging"));
    let diagnosis = found(&[14.0, 12.9, 12.6, 12.8, 14.0]);
    assert_eq!(
        verdict(&diagnosis, "undercharging"),
        Some((Tier::Watch, 12.6, Some(13.1)))
    );
    assert_eq!(span_of(&diagnosis, "undercharging"), Some((120.0, 180.0)));
    let finding = finding(&diagnosis, "undercharging").expect("found");
    assert_eq!(finding.evidence[0].seconds, Some(180.0));
    assert!(
        finding.explanation.contains("in 3 of 4 minutes"),
        "{finding:?}"
    );
    let reason = not_judged(&found(&[14.0, 14.0]), "undercharging");
    assert_eq!(reason, Some(NotJudgedReason::TooLittleData));
}

#[test]
fn the_median_of_a_minute_decides_on_undercharging() {
    let low_for = |low: i64| {
        let volts = move |second: i64| if second % 60 < low { 12.8 } else { 14.0 };
        passed(&charged(300, &volts), "undercharging")
    };
    assert!(low_for(29) && !low_for(31));
}

#[test]
fn the_battery_of_a_stopped_engine_is_not_undercharged() {
    let runs = |second: i64| second < 300;
    let diagnosis = diagnosed(
        900,
        &[
            ("RPM", 1, &|second| if runs(second) { 800.0 } else { 0.0 }),
            ("BATTERY_VOLTAGE", 1, &|second| {
                if runs(second) { 14.0 } else { 12.4 }
            }),
        ],
    );
    assert!(passed(&diagnosis, "undercharging"));
}

#[test]
fn more_than_15_4_volts_for_30_seconds_is_a_warning() {
    let at = |volts: f64, seconds: i64| {
        let volts = move |second: i64| {
            if (60..60 + seconds).contains(&second) {
                volts
            } else {
                14.1
            }
        };
        charged(180, &volts)
    };
    let found = |volts, seconds| verdict(&at(volts, seconds), "overcharging");
    assert_eq!(found(15.5, 30), Some((Tier::Warning, 15.5, Some(15.4))));
    assert_eq!(found(15.5, 29), None);
    assert_eq!(found(15.4, 120), None);
    let judged = |seconds| passed(&charged(seconds, &|_| 14.1), "overcharging");
    assert!(judged(60) && !judged(59));
}

/// Intake air that rises by 1 K a second to `intake`, of an engine that starts at `coolant`.
fn heated(seconds: i64, speed: f64, coolant: f64, intake: [f64; 2]) -> Diagnosis {
    let rising = |from: f64, to: f64, rate: f64| {
        move |second: i64| to.min(from + rate * f64::from(i32::try_from(second).expect("small")))
    };
    diagnosed(
        seconds,
        &[
            ("RPM", 1, &|_| 2_000.0),
            ("SPEED", 1, &|_| speed),
            ("COOLANT_TEMP", 1, &rising(coolant, 88.0, 0.5)),
            ("INTAKE_TEMP", 1, &rising(intake[0], intake[1], 1.0)),
        ],
    )
}

#[rstest]
#[case::above_a_cold_start(30.0, 20.0, [18.0, 58.5], Some(58.0))]
#[case::coolant_a_little_colder(30.0, 11.0, [18.0, 58.5], Some(58.0))]
#[case::on_the_limit(30.0, 20.0, [18.0, 58.0], None)]
#[case::a_warm_start(30.0, 88.0, [18.0, 58.5], None)]
#[case::coolant_a_little_warmer(30.0, 26.0, [18.0, 58.5], None)]
#[case::hot_whatever_is_outside(30.0, 88.0, [50.0, 65.5], Some(65.0))]
#[case::on_the_limit_of_heat(30.0, 88.0, [50.0, 65.0], None)]
#[case::too_slow(29.0, 20.0, [18.0, 58.5], None)]
fn intake_air_40_kelvin_above_that_of_a_cold_start_or_above_65_degrees_is_a_watch(
    #[case] speed: f64,
    #[case] coolant: f64,
    #[case] intake: [f64; 2],
    #[case] limit: Option<f64>,
) {
    let diagnosis = heated(600, speed, coolant, intake);
    let found = verdict(&diagnosis, "intake_heat_soak");
    assert_eq!(
        found.map(|(tier, _, limit)| (tier, limit)),
        limit.map(|limit| (Tier::Watch, Some(limit)))
    );
    let is_judged = speed >= 30.0;
    assert_eq!(
        not_judged(&diagnosis, "intake_heat_soak").is_none(),
        is_judged
    );
}

#[test]
fn the_intake_air_must_be_hot_for_five_minutes_on_the_move() {
    let found = |seconds| {
        verdict(
            &heated(seconds, 60.0, 88.0, [65.0, 66.0]),
            "intake_heat_soak",
        )
    };
    // The first second is on the limit.
    assert_eq!(found(301), Some((Tier::Watch, 66.0, Some(65.0))));
    assert_eq!(found(300), None);
}

/// One or two readings among others at `usual`.
fn revved(usual: f64, high: &[f64]) -> Diagnosis {
    let rpm = |second: i64| {
        let place = usize::try_from(second - 20).ok();
        place
            .and_then(|place| high.get(place).copied())
            .unwrap_or(usual)
    };
    diagnosed(60, &[("RPM", 1, &rpm)])
}

#[test]
fn more_than_7000_rpm_with_a_neighbour_that_fits_is_an_alert() {
    let found = |usual, high: &[f64]| verdict(&revved(usual, high), "over_rev");
    assert_eq!(
        found(800.0, &[7_010.0; 2]),
        Some((Tier::Alert, 7_010.0, Some(7_000.0)))
    );
    assert_eq!(found(800.0, &[7_000.0; 2]), None);
    assert_eq!(
        found(4_300.0, &[7_010.0]),
        Some((Tier::Alert, 7_010.0, Some(7_000.0)))
    );
    assert_eq!(found(4_100.0, &[7_010.0]), None);
    let diagnosis = revved(800.0, &[7_010.0, 7_020.0]);
    assert_eq!(span_of(&diagnosis, "over_rev"), Some((20.0, 22.0)));
}
