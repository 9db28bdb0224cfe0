//! Where the rules about the idle begin to fire, and with which tier.

use rstest::rstest;

use super::*;

/// A warm engine at rest with a speed sensor.
fn idled(seconds: i64, coolant: f64, rpm: &dyn Fn(i64) -> f64) -> Diagnosis {
    diagnosed(
        seconds,
        &[
            ("RPM", 1, rpm),
            ("SPEED", 1, &|_| 0.0),
            ("COOLANT_TEMP", 1, &|_| coolant),
        ],
    )
}

#[rstest]
#[case::low(619.0, Some(620.0))]
#[case::lowest(620.0, None)]
#[case::highest(950.0, None)]
#[case::high(951.0, Some(950.0))]
#[case::far_too_high(2_400.0, Some(950.0))]
fn a_mean_idle_outside_620_to_950_rpm_is_wrong(#[case] rpm: f64, #[case] limit: Option<f64>) {
    let diagnosis = idled(200, 80.0, &|_| rpm);
    let expected = limit.map(|limit| (Tier::Watch, rpm, Some(limit)));
    assert_eq!(verdict(&diagnosis, "idle_speed_wrong"), expected);
    assert_eq!(passed(&diagnosis, "idle_speed_wrong"), limit.is_none());
    if let Some(finding) = finding(&diagnosis, "idle_speed_wrong") {
        let word = if rpm < 800.0 { "too low" } else { "too high" };
        assert!(finding.explanation.contains(word), "{finding:?}");
    }
}

#[test]
fn an_idle_speed_is_judged_after_a_minute_of_settled_idle_at_80_degrees() {
    let judged =
        |seconds, coolant| passed(&idled(seconds, coolant, &|_| 800.0), "idle_speed_wrong");
    // 30 s after the start and 5 s at rest go before.
    assert!(judged(95, 80.0));
    assert!(!judged(94, 80.0));
    assert!(!judged(200, 79.0));
}

#[test]
fn without_a_speed_a_closed_throttle_is_idle_up_to_1500_rpm() {
    let at = |rpm: f64| {
        let diagnosis = diagnosed(
            200,
            &[
                ("RPM", 1, &|_| rpm),
                ("THROTTLE_POS", 1, &|_| 12.0),
                ("COOLANT_TEMP", 1, &|_| 88.0),
            ],
        );
        verdict(&diagnosis, "idle_speed_wrong")
    };
    assert_eq!(at(1_400.0), Some((Tier::Watch, 1_400.0, Some(950.0))));
    assert_eq!(at(1_500.0), None);
}

/// Swings by `amplitude` around 800 rpm with a period of 6 s.
fn swing(second: i64, amplitude: f64) -> f64 {
    if second / 3 % 2 == 0 {
        800.0 + amplitude
    } else {
        800.0 - amplitude
    }
}

#[rstest]
#[case::little(82.0, None)]
#[case::watch(85.0, Some((Tier::Watch, 85.0)))]
#[case::much_of_a_watch(146.0, Some((Tier::Watch, 85.0)))]
#[case::investigate(149.0, Some((Tier::Investigate, 150.0)))]
fn a_spread_of_85_and_150_rpm_in_every_half_minute_is_a_watch_and_an_investigation(
    #[case] amplitude: f64,
    #[case] expected: Option<(Tier, f64)>,
) {
    let diagnosis = idled(200, 88.0, &|second| swing(second, amplitude));
    let found = verdict(&diagnosis, "idle_hunting");
    assert_eq!(
        found.map(|(tier, _, limit)| (tier, limit)),
        expected.map(|(tier, limit)| (tier, Some(limit)))
    );
    assert_eq!(passed(&diagnosis, "idle_hunting"), expected.is_none());
}

/// Seconds of a finding, and its span.
type Lasting = (Option<f64>, Option<(f64, f64)>);

/// Half minutes of settled idle, of which the last ones swing: the seconds that hunt, and their longest span.
fn hunting_in(swinging: i64, of: i64) -> Option<Lasting> {
    let calm = 35 + (of - swinging) * 30;
    let rpm = |second: i64| match second {
        second if second < calm => 800.0,
        // The last half minute is the worst.
        second if second < 35 + (of - 1) * 30 => swing(second, 120.0),
        second => swing(second, 130.0),
    };
    let diagnosis = idled(35 + of * 30, 88.0, &rpm);
    let finding = finding(&diagnosis, "idle_hunting")?;
    Some((
        finding.evidence[0].seconds,
        span_of(&diagnosis, "idle_hunting"),
    ))
}

#[test]
fn hunting_takes_two_half_minutes_and_a_third_of_all() {
    assert_eq!(hunting_in(1, 2), None);
    assert_eq!(
        hunting_in(2, 2),
        Some((Some(60.0), Some((65.0, 95.0)))),
        "the worst half minute is the second"
    );
    assert_eq!(hunting_in(2, 6), Some((Some(60.0), Some((185.0, 215.0)))));
    assert_eq!(hunting_in(2, 7), None);
    assert_eq!(
        hunting_in(3, 9).map(|(seconds, _)| seconds),
        Some(Some(90.0))
    );
}

#[test]
fn a_minute_of_settled_idle_is_needed_to_judge_hunting() {
    let judged = |seconds| passed(&idled(seconds, 88.0, &|_| 800.0), "idle_hunting");
    assert!(judged(95) && !judged(94));
}

#[test]
fn small_swings_around_the_mean_between_two_steps_are_no_hunting() {
    let rpm = |second: i64| match (second - 35).rem_euclid(30) {
        0..5 => 1_000.0,
        5..10 => 600.0,
        rest if rest % 2 == 0 => 810.0,
        _ => 790.0,
    };
    assert!(passed(&idled(200, 88.0, &rpm), "idle_hunting"));
}
