//! Where the rules about the ignition timing begin to fire, and with which tier.

use std::ops::Range;

use rstest::rstest;

use super::*;

/// An earlier drive with one mean timing in every bin that these tests use.
fn earlier(timing: f64, seconds: u32) -> EarlierDrive {
    let bins = [1_500, 2_000, 2_500].into_iter().flat_map(|rpm_from| {
        [40, 50, 60].map(|load_from| OperatingBin {
            rpm_from,
            load_from,
            seconds,
            timing: Some(timing),
            maf: None,
        })
    });
    EarlierDrive {
        drive: 1,
        figures: Figures {
            bins: bins.collect(),
            ..Figures::default()
        },
    }
}

fn three_at(timing: f64) -> History {
    History {
        anchor: None,
        earlier: vec![earlier(timing, 200); 3],
    }
}

/// RPM, load and coolant of a drive of two minutes.
type Work = (f64, f64, f64);
const LOADED: Work = (2_600.0, 65.0, 88.0);

/// Timing every so many seconds of a drive of two minutes.
fn driven(
    history: History,
    (rpm, load, coolant): Work,
    every: i64,
    timing: &dyn Fn(i64) -> f64,
) -> Diagnosis {
    let mut diagnoser = Diagnoser::new(&Settings::default(), history);
    let channels: [Logged<'_>; 4] = [
        ("RPM", 1, &|_| rpm),
        ("ENGINE_LOAD", 1, &|_| load),
        ("COOLANT_TEMP", 1, &|_| coolant),
        ("TIMING_ADVANCE", every, timing),
    ];
    log(&mut diagnoser, 0..120, &channels);
    diagnoser.finish().0
}

/// A timing that is at `usual` but for some values from second 60 on.
fn dip(usual: f64, values: &[f64]) -> impl Fn(i64) -> f64 {
    move |second| {
        let place = usize::try_from(second - 60).ok();
        place
            .and_then(|place| values.get(place).copied())
            .unwrap_or(usual)
    }
}

#[rstest]
#[case::small(4.9, None)]
#[case::alert(5.0, Some((Tier::Alert, 5.0)))]
#[case::much_of_an_alert(9.9, Some((Tier::Alert, 5.0)))]
#[case::warning(10.0, Some((Tier::Warning, 10.0)))]
#[case::much_of_a_warning(14.9, Some((Tier::Warning, 10.0)))]
#[case::stop(15.0, Some((Tier::Stop, 15.0)))]
fn a_retard_of_5_10_and_15_degrees_for_three_samples_is_an_alert_a_warning_and_a_stop(
    #[case] retard: f64,
    #[case] expected: Option<(Tier, f64)>,
) {
    let low = [20.0 - retard; 3];
    let timing = dip(20.0, &low);
    let diagnosis = driven(three_at(20.0), LOADED, 1, &timing);
    let found = verdict(&diagnosis, "knock_retard");
    let expected = expected.map(|(tier, limit)| (tier, retard, Some(limit)));
    assert_eq!(found, expected);
    assert_eq!(passed(&diagnosis, "knock_retard"), expected.is_none());
    if expected.is_some() {
        assert_eq!(span_of(&diagnosis, "knock_retard"), Some((60.0, 63.0)));
    }
}

#[test]
fn the_mildest_of_three_samples_in_a_row_decides_on_knock() {
    let found = |values: &[f64]| {
        let timing = dip(20.0, values);
        verdict(&driven(three_at(20.0), LOADED, 1, &timing), "knock_retard")
    };
    assert_eq!(found(&[0.0, 0.0]), None);
    assert_eq!(
        found(&[4.0, 8.0, 14.0]),
        Some((Tier::Alert, 6.0, Some(5.0)))
    );
    // The farthest three count, not the latest.
    assert_eq!(
        found(&[8.0, 8.0, 8.0, 14.0, 14.0]),
        Some((Tier::Warning, 12.0, Some(10.0)))
    );
}

#[rstest]
#[case::on_the_limits((2_000.0, 50.0, 70.0), true)]
#[case::little_load((2_600.0, 49.0, 88.0), false)]
#[case::low_speed((1_990.0, 65.0, 88.0), false)]
#[case::cold((2_600.0, 65.0, 69.0), false)]
fn knock_is_looked_for_with_a_warm_engine_under_load(#[case] work: Work, #[case] is_found: bool) {
    let diagnosis = driven(three_at(20.0), work, 1, &|_| 8.0);
    let expected = is_found.then_some((Tier::Warning, 12.0, Some(10.0)));
    assert_eq!(verdict(&diagnosis, "knock_retard"), expected);
    let reason = not_judged(&diagnosis, "knock_retard");
    assert_eq!(reason.is_none(), is_found, "{reason:?}");
}

#[test]
fn samples_that_are_far_apart_are_not_three_in_a_row() {
    let every = |seconds| driven(three_at(20.0), (2_600.0, 75.0, 88.0), seconds, &|_| 4.0);
    let none = |seconds: i64, rule: &str| verdict(&every(seconds), rule).is_none();
    assert!(!none(3, "timing_low_under_load") && none(5, "timing_low_under_load"));
    let every = |seconds| driven(three_at(20.0), LOADED, seconds, &|_| 4.0);
    assert!(verdict(&every(3), "knock_retard").is_some());
    assert!(passed(&every(5), "knock_retard"));
}

#[test]
fn the_normal_timing_is_that_of_three_drives_or_of_the_anchor_which_counts_as_three() {
    let tier = |history: History, timing: f64| {
        let diagnosis = driven(history, LOADED, 1, &|_| timing);
        verdict(&diagnosis, "knock_retard").map(|(tier, retard, _)| (tier, retard))
    };
    let with = |anchor: Option<f64>, drives: &[f64]| History {
        anchor: anchor.map(|timing| earlier(timing, 200)),
        earlier: drives.iter().map(|timing| earlier(*timing, 200)).collect(),
    };
    let alert = Some((Tier::Alert, 6.0));
    assert_eq!(tier(with(None, &[20.0, 20.0]), 14.0), None);
    assert_eq!(tier(with(None, &[18.0, 20.0, 22.0]), 14.0), alert);
    assert_eq!(tier(with(Some(20.0), &[]), 14.0), alert);
    assert_eq!(tier(with(Some(20.0), &[26.0, 26.0, 26.0]), 17.0), alert);
    let too_short = History {
        anchor: None,
        earlier: vec![earlier(20.0, 4); 3],
    };
    assert_eq!(tier(too_short, 4.0), None);
}

#[test]
fn fewer_than_ten_comparable_samples_do_not_judge_knock() {
    let judged = |samples: i64| {
        let mut diagnoser = Diagnoser::new(&Settings::default(), three_at(20.0));
        let work: [Logged<'_>; 3] = [
            ("RPM", 1, &|_| 2_600.0),
            ("ENGINE_LOAD", 1, &|_| 65.0),
            ("COOLANT_TEMP", 1, &|_| 88.0),
        ];
        log(&mut diagnoser, 0..60, &work);
        let timing: [Logged<'_>; 4] = [work[0], work[1], work[2], ("TIMING_ADVANCE", 1, &|_| 20.0)];
        log(&mut diagnoser, 60..60 + samples, &timing);
        passed(&diagnoser.finish().0, "knock_retard")
    };
    assert!(!judged(9) && judged(10));
}

#[rstest]
#[case::enough(8.0, None)]
#[case::alert(7.9, Some((Tier::Alert, 8.0)))]
#[case::much_of_an_alert(5.0, Some((Tier::Alert, 8.0)))]
#[case::warning(4.9, Some((Tier::Warning, 5.0)))]
fn a_timing_below_8_and_5_degrees_for_three_samples_is_an_alert_and_a_warning(
    #[case] timing: f64,
    #[case] expected: Option<(Tier, f64)>,
) {
    let at = |values: &[f64], work| {
        let timing = dip(14.0, values);
        driven(History::default(), work, 1, &timing)
    };
    let found = |values: &[f64], work| verdict(&at(values, work), "timing_low_under_load");
    let work = (2_500.0, 70.0, 70.0);
    let expected = expected.map(|(tier, limit)| (tier, timing, Some(limit)));
    assert_eq!(found(&[timing; 3], work), expected);
    assert_eq!(found(&[timing; 2], work), None);
    let broken = [timing, timing, 14.0, timing, timing];
    assert_eq!(found(&broken, work), None);
    for work in [
        (2_490.0, 70.0, 70.0),
        (2_500.0, 69.0, 70.0),
        (2_500.0, 70.0, 69.0),
    ] {
        let reason = not_judged(&at(&[timing; 3], work), "timing_low_under_load");
        assert_eq!(reason, Some(NotJudgedReason::TooLittleData), "{work:?}");
    }
}

#[test]
fn the_longest_low_timing_is_shown_with_its_mean_and_its_span() {
    let four_then_three = [7.0, 7.0, 6.0, 6.0, 14.0, 6.0, 6.0, 6.0];
    let three_then_four = [6.0, 6.0, 6.0, 14.0, 7.0, 7.0, 6.0, 6.0];
    for (values, span) in [
        (four_then_three, (60.0, 64.0)),
        (three_then_four, (64.0, 68.0)),
    ] {
        let timing = dip(14.0, &values);
        let diagnosis = driven(History::default(), (3_000.0, 75.0, 88.0), 1, &timing);
        let rule = "timing_low_under_load";
        assert_eq!(
            verdict(&diagnosis, rule),
            Some((Tier::Alert, 6.5, Some(8.0)))
        );
        assert_eq!(span_of(&diagnosis, rule), Some(span));
        let seconds = finding(&diagnosis, rule).and_then(|finding| finding.evidence[0].seconds);
        assert_eq!(seconds, Some(4.0));
    }
}

/// A drive with an opening of the throttle every 20 seconds, the first at second 10, and what follows each.
#[derive(Clone)]
struct Openings {
    count: i64,
    /// How far throttle and load rise.
    throttle: f64,
    load: f64,
    /// RPM, load before, coolant.
    work: Work,
    timing: f64,
    trim: f64,
    /// Seconds after the opening.
    low_timing: Range<i64>,
    lean: Range<i64>,
}

fn four_openings() -> Openings {
    Openings {
        count: 4,
        throttle: 10.0,
        load: 0.0,
        work: (1_000.0, 40.0, 70.0),
        timing: 9.9,
        trim: 10.1,
        low_timing: 0..1,
        lean: 0..1,
    }
}

fn opened(openings: &Openings) -> Diagnosis {
    let after = |second: i64| (second - 10) % 20;
    let within = |second: i64, range: &Range<i64>| second >= 10 && range.contains(&after(second));
    let (rpm, load, coolant) = openings.work;
    let rise = |second: i64, by: f64| if within(second, &(0..6)) { by } else { 0.0 };
    diagnosed(
        openings.count * 20,
        &[
            ("RPM", 1, &|_| rpm),
            ("COOLANT_TEMP", 1, &|_| coolant),
            ("ENGINE_LOAD", 1, &|second| {
                load + rise(second, openings.load)
            }),
            ("THROTTLE_POS", 1, &|second| {
                15.0 + rise(second, openings.throttle)
            }),
            ("TIMING_ADVANCE", 1, &|second| {
                if within(second, &openings.low_timing) {
                    openings.timing
                } else {
                    20.0
                }
            }),
            ("SHORT_FUEL_TRIM_1", 1, &|second| {
                if within(second, &openings.lean) {
                    openings.trim
                } else {
                    0.0
                }
            }),
        ],
    )
}

#[test]
fn low_timing_with_a_lean_trim_after_more_than_three_openings_is_knock() {
    let diagnosis = opened(&four_openings());
    assert_eq!(
        verdict(&diagnosis, "tip_in_knock"),
        Some((Tier::Alert, 4.0, Some(3.0)))
    );
    assert_eq!(span_of(&diagnosis, "tip_in_knock"), Some((10.0, 71.0)));
    let finding = finding(&diagnosis, "tip_in_knock").expect("found");
    assert_eq!(finding.evidence[0].unit, "");
    assert!(finding.explanation.starts_with("After 4 of 4 openings"));
}

#[rstest]
#[case::three_openings(Openings { count: 3, ..four_openings() }, false)]
#[case::a_small_opening(Openings { throttle: 9.5, ..four_openings() }, false)]
#[case::a_small_rise_of_the_load(Openings { throttle: 0.0, load: 19.0, ..four_openings() }, false)]
#[case::little_load(Openings { work: (1_000.0, 39.0, 70.0), ..four_openings() }, false)]
#[case::low_speed(Openings { work: (990.0, 40.0, 70.0), ..four_openings() }, false)]
#[case::cold(Openings { work: (1_000.0, 40.0, 69.0), ..four_openings() }, false)]
#[case::enough_timing(Openings { timing: 10.0, ..four_openings() }, true)]
#[case::a_small_trim(Openings { trim: 10.0, ..four_openings() }, true)]
#[case::low_timing_too_late(Openings { low_timing: 4..5, ..four_openings() }, true)]
#[case::lean_too_late(Openings { lean: 4..5, ..four_openings() }, true)]
fn no_knock_after_openings(#[case] openings: Openings, #[case] is_judged: bool) {
    let diagnosis = opened(&openings);
    assert_eq!(verdict(&diagnosis, "tip_in_knock"), None);
    assert_eq!(passed(&diagnosis, "tip_in_knock"), is_judged);
}

#[rstest]
#[case::the_load_alone_shows_the_opening(Openings { throttle: 0.0, load: 20.0, ..four_openings() })]
#[case::lean_at_once_and_low_timing_3_seconds_later(Openings { low_timing: 3..4, ..four_openings() })]
#[case::low_timing_at_once_and_lean_3_seconds_later(Openings { lean: 3..4, ..four_openings() })]
#[case::both_for_3_seconds_count_once(Openings { low_timing: 0..3, lean: 0..3, ..four_openings() })]
fn knock_after_openings(#[case] openings: Openings) {
    let found = verdict(&opened(&openings), "tip_in_knock");
    assert_eq!(found, Some((Tier::Alert, 4.0, Some(3.0))));
}
