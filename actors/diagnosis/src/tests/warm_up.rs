//! Where the rules about the thermostat and the warm-up begin to fire, and what they show.

use rstest::rstest;

use super::*;

const RULE: &str = "thermostat_open";

/// Coolant by the second of a drive that moves from one second to another.
fn driven(
    seconds: i64,
    moving: std::ops::Range<i64>,
    speed: f64,
    coolant: &dyn Fn(i64) -> f64,
) -> Diagnosis {
    diagnosed(
        seconds,
        &[
            ("RPM", 1, &|_| 2_000.0),
            ("SPEED", 1, &|second| {
                if moving.contains(&second) { speed } else { 0.0 }
            }),
            ("COOLANT_TEMP", 1, coolant),
        ],
    )
}

fn why_not(diagnosis: &Diagnosis) -> &str {
    let mut reasons = diagnosis.not_judged.iter();
    reasons
        .find(|reason| reason.rule == RULE)
        .map_or("", |reason| &reason.explanation)
}

const NEVER_WARM: Shown<'_> = Shown {
    tier: Tier::Investigate,
    value: 76.0,
    unit: "°C",
    threshold: Some(77.0),
    seconds: Some(780.0),
    span: None,
    // 0.5 + 0.45 * 600 / 1200
    confidence: 0.72,
};

#[test]
fn coolant_below_77_degrees_after_10_minutes_on_the_move_of_13_is_an_open_thermostat() {
    let diagnosis = driven(780, 0..660, 30.0, &|_| 76.0);
    let expected = Shown {
        // 0.5 + 0.45 * 660 / 1200
        confidence: 0.75,
        ..NEVER_WARM
    };
    assert_eq!(shown(&diagnosis, RULE), Some(expected));
    let text = "never passes 76 °C in 13 min of running, 11 min of them moving";
    assert!(says(&diagnosis, RULE, text));
    assert!(shown(&driven(780, 0..600, 30.0, &|_| 76.0), RULE).is_some());
    assert!(too_little(&driven(780, 0..599, 30.0, &|_| 76.0), RULE));
    assert!(too_little(&driven(779, 0..779, 30.0, &|_| 76.0), RULE));
    assert!(passed(&driven(780, 0..780, 30.0, &|_| 77.0), RULE));
}

#[test]
fn coolant_that_stays_below_78_degrees_once_it_should_be_warm_is_an_open_thermostat() {
    let at = |seconds, coolant: f64| driven(seconds, 0..seconds, 30.0, &|_| coolant);
    let diagnosis = at(960, 77.0);
    let expected = Shown {
        value: 77.0,
        threshold: Some(78.0),
        // From second 600 on; 0.5 + 0.45 * 360 / 600.
        seconds: Some(360.0),
        confidence: 0.77,
        ..NEVER_WARM
    };
    assert_eq!(shown(&diagnosis, RULE), Some(expected));
    assert!(says(&diagnosis, RULE, "stays at 77 °C on average"));
    assert!(shown(&at(900, 77.0), RULE).is_some());
    assert!(passed(&at(899, 77.0), RULE));
    assert!(passed(&at(960, 78.0), RULE));
    assert!(passed(&driven(960, 0..960, 29.0, &|_| 77.0), RULE));
    let peak = |peak: f64| {
        let coolant = |second: i64| if second == 700 { peak } else { 76.0 };
        driven(960, 0..960, 30.0, &coolant)
    };
    assert!(shown(&peak(81.0), RULE).is_some());
    assert!(passed(&peak(82.0), RULE));
}

#[rstest]
#[case::warms_up(60.0, 77.0, "")]
#[case::does_not_warm_up(60.0, 76.0, "The drive is too short for the engine to warm up.")]
#[case::starts_warm(77.0, 90.0, "The engine starts warm, and the drive is too short")]
fn a_short_drive_shows_a_thermostat_that_closes(
    #[case] from: f64,
    #[case] to: f64,
    #[case] reason: &str,
) {
    let coolant = |second: i64| (from + float(second) / 10.0).min(to);
    let diagnosis = driven(400, 0..400, 60.0, &coolant);
    assert_eq!(passed(&diagnosis, RULE), reason.is_empty());
    assert!(why_not(&diagnosis).starts_with(reason), "{reason}");
}

#[test]
fn an_engine_that_warms_up_standing_proves_nothing_once_it_moved_for_5_minutes() {
    let coolant = |second: i64| (60.0 + float(second) / 10.0).min(85.0);
    assert!(passed(&driven(899, 600..899, 60.0, &coolant), RULE));
    let diagnosis = driven(900, 600..900, 60.0, &coolant);
    assert!(why_not(&diagnosis).starts_with("The engine warms up, and the drive is too short"));
}

#[test]
fn an_engine_that_starts_warm_and_cools_down_needs_5_minutes_of_steady_driving() {
    let coolant = |second: i64| (80.0 - float(second) / 10.0).max(70.0);
    let expected = "The engine starts warm and cools down";
    let diagnosis = driven(899, 0..899, 60.0, &coolant);
    assert!(why_not(&diagnosis).starts_with(expected));
    assert!(shown(&driven(900, 0..900, 60.0, &coolant), RULE).is_some());
}

/// A start at a temperature, and a rise in kelvin a minute.
fn warmed(seconds: i64, from: f64, rate: f64) -> Diagnosis {
    let coolant = |second: i64| from + float(second) * rate / 60.0;
    let channels: [Logged<'_>; 2] = [("RPM", 1, &|_| 900.0), ("COOLANT_TEMP", 1, &coolant)];
    diagnosed(seconds, &channels)
}

#[test]
fn a_rise_of_less_than_3_kelvin_a_minute_watched_for_4_minutes_is_a_slow_warm_up() {
    let rule = "slow_warm_up";
    // 30 °C are passed at second 300.
    let diagnosis = warmed(541, 20.0, 2.0);
    let expected = Shown {
        tier: Tier::Watch,
        value: 2.0,
        unit: "K/min",
        threshold: Some(3.0),
        seconds: None,
        span: None,
        // 0.5 + 0.45 * 240 / 600
        confidence: 0.68,
    };
    assert_eq!(shown(&diagnosis, rule), Some(expected));
    assert!(says(&diagnosis, rule, "rises by 2.0 K/min"));
    assert!(too_little(&warmed(540, 20.0, 2.0), rule));
    assert!(passed(&warmed(600, 20.0, 3.0), rule));
    assert!(shown(&warmed(600, 20.0, 2.9), rule).is_some());
    assert!(shown(&warmed(600, 49.0, 1.5), rule).is_some());
    assert!(too_little(&warmed(600, 50.0, 1.5), rule));
}
