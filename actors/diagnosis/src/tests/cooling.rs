//! Where the rules about the coolant begin to fire, and what they show.

use std::ops::Range;

use rstest::rstest;

use super::*;

/// Coolant by the second of a drive at 60 km/h, or standing from `stands_from` on.
fn driven(seconds: i64, stands_from: i64, coolant: &dyn Fn(i64) -> f64) -> Diagnosis {
    of_engine(None, seconds, stands_from, coolant)
}

fn of_engine(
    is_4g63: Option<bool>,
    seconds: i64,
    stands_from: i64,
    coolant: &dyn Fn(i64) -> f64,
) -> Diagnosis {
    let vehicle = VehicleFacts {
        is_4g63,
        ..VehicleFacts::default()
    };
    let mut diagnoser = Diagnoser::new(&Settings::for_vehicle(vehicle), History::default());
    let stands = |second: i64| second >= stands_from;
    let channels: [Logged<'_>; 3] = [
        ("RPM", 1, &|second| {
            if stands(second) { 800.0 } else { 2_000.0 }
        }),
        ("SPEED", 1, &|second| {
            if stands(second) { 0.0 } else { 60.0 }
        }),
        ("COOLANT_TEMP", 1, coolant),
    ];
    log(&mut diagnoser, 0..seconds, &channels);
    diagnoser.finish().0
}

const NEVER: i64 = i64::MAX;
const HOT: &str = "coolant_overheating";

/// At 95 °C but for some seconds.
fn hot(coolant: f64, seconds: Range<i64>) -> impl Fn(i64) -> f64 {
    move |second| {
        if seconds.contains(&second) {
            coolant
        } else {
            95.0
        }
    }
}

#[rstest]
#[case::normal(None, 95.0, None)]
#[case::alert(None, 96.0, Some((Tier::Alert, 96.0)))]
#[case::much_of_an_alert(None, 99.0, Some((Tier::Alert, 96.0)))]
#[case::warning(None, 100.0, Some((Tier::Warning, 100.0)))]
#[case::much_of_a_warning(Some(true), 103.0, Some((Tier::Warning, 100.0)))]
#[case::stop(Some(true), 104.0, Some((Tier::Stop, 104.0)))]
#[case::normal_for_another_engine(Some(false), 99.0, None)]
#[case::alert_of_another_engine(Some(false), 100.0, Some((Tier::Alert, 100.0)))]
#[case::warning_of_another_engine(Some(false), 104.0, Some((Tier::Warning, 104.0)))]
#[case::stop_of_another_engine(Some(false), 110.0, Some((Tier::Stop, 110.0)))]
fn coolant_overheats_on_the_move_after_60_s_and_after_the_first_5_minutes(
    #[case] is_4g63: Option<bool>,
    #[case] coolant: f64,
    #[case] expected: Option<(Tier, f64)>,
) {
    let warming = |second: i64| (60.0 + float(second)).min(coolant);
    // Second 300 is the first that counts; the coolant rises by 1 K a second from 60 °C on.
    let diagnosis = of_engine(is_4g63, 360, NEVER, &warming);
    let expected = expected.map(|(tier, limit)| Shown {
        tier,
        value: coolant,
        unit: "°C",
        threshold: Some(limit),
        seconds: Some(420.0 - limit),
        span: Some((limit - 60.0, 360.0)),
        confidence: 0.95,
    });
    assert_eq!(shown(&diagnosis, HOT), expected);
    assert_eq!(passed(&diagnosis, HOT), expected.is_none());
    let diagnosis = of_engine(is_4g63, 359, NEVER, &warming);
    assert!(too_little(&diagnosis, HOT));
}

#[test]
fn the_longest_time_in_the_heat_is_shown_and_all_of_it_is_told() {
    let twice = |first: i64, second: i64| {
        driven(800, NEVER, &|now| {
            hot(101.0, 400..400 + first)(now).max(hot(102.0, 600..600 + second)(now))
        })
    };
    assert!(passed(&twice(59, 59), HOT));
    let diagnosis = twice(60, 80);
    let expected = Shown {
        tier: Tier::Warning,
        value: 102.0,
        unit: "°C",
        threshold: Some(100.0),
        seconds: Some(140.0),
        span: Some((600.0, 680.0)),
        // 0.5 + 0.45 * 80 / 120
        confidence: 0.8,
    };
    assert_eq!(shown(&diagnosis, HOT), Some(expected));
    let text = "at or above 100 °C for 2 min 20 s (peak 102 °C).";
    assert!(says(&diagnosis, HOT, text));
    let first = shown(&twice(80, 60), HOT).map(|shown| (shown.value, shown.span));
    assert_eq!(first, Some((101.0, Some((400.0, 480.0)))));
}

#[rstest]
#[case::stop(104.0, 400..500, 420, Some(Tier::Warning))]
#[case::less_of_it(104.0, 400..500, 421, Some(Tier::Stop))]
#[case::warning(100.0, 400..500, 420, Some(Tier::Alert))]
#[case::alert(96.0, 400..500, 420, None)]
#[case::for_ten_minutes(96.0, 400..1_000, 400, Some(Tier::Alert))]
#[case::for_nearly_ten_minutes(96.0, 400..999, 400, None)]
fn heat_of_which_four_fifths_were_standing_and_that_is_short_is_one_tier_less(
    #[case] coolant: f64,
    #[case] seconds: Range<i64>,
    #[case] stands_from: i64,
    #[case] expected: Option<Tier>,
) {
    let diagnosis = driven(seconds.end, stands_from, &hot(coolant, seconds.clone()));
    assert_eq!(shown(&diagnosis, HOT).map(|shown| shown.tier), expected);
    let is_told = says(&diagnosis, HOT, "), most of it standing.");
    let is_less = matches!(expected, Some(Tier::Warning | Tier::Alert));
    assert_eq!(is_told, is_less && coolant > 96.0);
}

#[test]
fn heat_in_fewer_than_three_readings_is_none() {
    let readings = |count: i64| {
        let coolant = hot(101.0, 420..420 + 30 * count);
        diagnosed(
            900,
            &[("RPM", 1, &|_| 2_000.0), ("COOLANT_TEMP", 30, &coolant)],
        )
    };
    assert!(passed(&readings(2), HOT));
    assert!(shown(&readings(3), HOT).is_some());
}

#[test]
fn without_an_engine_speed_the_time_of_the_log_counts_and_a_stopped_engine_is_no_heat() {
    let without = |seconds| diagnosed(seconds, &[("COOLANT_TEMP", 1, &|_| 98.0)]);
    assert!(too_little(&without(359), HOT));
    assert!(shown(&without(360), HOT).is_some());
    let stops_at = |stop: i64| {
        diagnosed(
            600,
            &[
                ("RPM", 1, &|second| if second < stop { 900.0 } else { 0.0 }),
                ("COOLANT_TEMP", 1, &|_| 98.0),
            ],
        )
    };
    assert!(too_little(&stops_at(359), HOT));
    assert!(shown(&stops_at(360), HOT).is_some());
}

/// A drive that moves at first and then stands; the coolant rises by 1 K a second from second 600 on.
struct Stop {
    is_4g63: bool,
    stands_from: i64,
    seconds: i64,
    speed: f64,
    /// While moving, and while standing.
    coolant: [f64; 2],
    every: i64,
}

const STOP: Stop = Stop {
    is_4g63: true,
    stands_from: 400,
    seconds: 719,
    speed: 40.0,
    coolant: [90.0, 103.0],
    every: 1,
};

fn stopped(stop: &Stop) -> Diagnosis {
    let vehicle = VehicleFacts {
        is_4g63: Some(stop.is_4g63),
        ..VehicleFacts::default()
    };
    let mut diagnoser = Diagnoser::new(&Settings::for_vehicle(vehicle), History::default());
    let [moving, standing] = stop.coolant;
    let channels: [Logged<'_>; 3] = [
        ("RPM", 1, &|_| 900.0),
        ("SPEED", 1, &|second| {
            if second < stop.stands_from {
                stop.speed
            } else {
                0.0
            }
        }),
        ("COOLANT_TEMP", stop.every, &|second| {
            (moving + float((second - 600).max(0))).min(standing)
        }),
    ];
    log(&mut diagnoser, 0..stop.seconds, &channels);
    diagnoser.finish().0
}

#[test]
fn coolant_above_102_degrees_after_standing_for_5_minutes_is_a_weak_fan() {
    let diagnosis = stopped(&STOP);
    let expected = Shown {
        tier: Tier::Warning,
        value: 103.0,
        unit: "°C",
        threshold: Some(102.0),
        seconds: Some(20.0),
        span: Some((699.0, 719.0)),
        // 0.5 + 0.45 * 20 / 60
        confidence: 0.65,
    };
    assert_eq!(shown(&diagnosis, "fan_weak"), Some(expected));
    let moving = finding(&diagnosis, "fan_weak").map(|finding| {
        let moving = &finding.evidence[1];
        (moving.value, moving.threshold, moving.seconds)
    });
    // From second 300 on.
    assert_eq!(moving, Some((90.0, Some(97.0), Some(100.0))));
    let text = "reaches 103 °C after standing for 5 min, and is 90 °C while moving";
    assert!(says(&diagnosis, "fan_weak", text));
}

#[rstest]
#[case::just_hot(Stop { seconds: 709, ..STOP }, Some(true))]
#[case::hot_for_a_short_time(Stop { seconds: 708, ..STOP }, Some(false))]
#[case::not_hot_yet(Stop { seconds: 700, ..STOP }, Some(false))]
#[case::a_short_stop(Stop { seconds: 699, ..STOP }, None)]
#[case::at_the_limit(Stop { coolant: [90.0, 102.0], ..STOP }, Some(false))]
#[case::another_engine(Stop { is_4g63: false, coolant: [94.5, 104.5], ..STOP }, Some(true))]
#[case::another_engine_at_its_limit(Stop { is_4g63: false, coolant: [94.0, 104.0], ..STOP }, Some(false))]
#[case::three_readings(Stop { seconds: 711, every: 5, ..STOP }, Some(true))]
#[case::two_readings(Stop { seconds: 710, every: 5, ..STOP }, Some(false))]
#[case::a_minute_on_the_move(Stop { stands_from: 360, ..STOP }, Some(true))]
#[case::less_than_a_minute_on_the_move(Stop { stands_from: 359, ..STOP }, None)]
#[case::slow(Stop { speed: 39.0, ..STOP }, None)]
#[case::warm_on_the_move(Stop { coolant: [97.0, 103.0], ..STOP }, Some(true))]
#[case::hot_on_the_move(Stop { coolant: [98.0, 103.0], ..STOP }, Some(false))]
fn a_weak_fan_is_found_or_not_or_not_judged(#[case] stop: Stop, #[case] expected: Option<bool>) {
    let diagnosis = stopped(&stop);
    let found = shown(&diagnosis, "fan_weak").is_some();
    assert_eq!(found, expected == Some(true));
    assert_eq!(passed(&diagnosis, "fan_weak"), expected == Some(false));
    assert_eq!(too_little(&diagnosis, "fan_weak"), expected.is_none());
}
