//! Where the rule about the catalyst begins to fire, and what it shows.

use rstest::rstest;

use super::*;

/// How a sensor is logged: seconds between its readings, its two voltages, the crossings after which it
/// stays on one side, and the second of its last reading.
#[derive(Clone, Copy)]
struct Sensor {
    every: i64,
    low: f64,
    high: f64,
    crossings: i64,
    until: i64,
}

const SWINGS: Sensor = Sensor {
    every: 1,
    low: 0.1,
    high: 0.9,
    crossings: i64::MAX,
    until: i64::MAX,
};

/// A warm cruise in closed loop; `load` by the second. Both sensors count from second 130 on.
fn cruised(seconds: i64, load: &dyn Fn(i64) -> f64, [front, rear]: [Sensor; 2]) -> Diagnosis {
    let swing = |sensor: Sensor, second: i64| {
        let crossed = ((second - 130) / sensor.every).clamp(0, sensor.crossings);
        if crossed % 2 == 0 {
            sensor.low
        } else {
            sensor.high
        }
    };
    let mut diagnoser = diagnoser();
    for second in 0..seconds {
        let channels: [Logged<'_>; 7] = [
            ("RPM", 1, &|_| 2_400.0),
            ("SPEED", 1, &|_| 90.0),
            ("COOLANT_TEMP", 1, &|_| 88.0),
            ("FUEL_SYSTEM_STATUS", 1, &|_| 2.0),
            ("ENGINE_LOAD", 1, load),
            ("O2_B1S1", front.every, &|second| swing(front, second)),
            ("O2_B1S2", rear.every, &|second| swing(rear, second)),
        ];
        let mut logged = channels.to_vec();
        if second > rear.until {
            logged.remove(6);
        }
        if second > front.until {
            logged.remove(5);
        }
        log(&mut diagnoser, second..second + 1, &logged);
    }
    diagnoser.finish().0
}

const RULE: &str = "catalyst_weak";
const CROSSES: Shown<'_> = Shown {
    tier: Tier::Investigate,
    value: 1.0,
    unit: "",
    threshold: Some(0.8),
    seconds: Some(100.0),
    span: None,
    // 0.5 + 0.45 * 100 / 300
    confidence: 0.65,
};

fn tier(diagnosis: &Diagnosis) -> Option<Tier> {
    finding(diagnosis, RULE).map(|finding| finding.tier)
}

#[test]
fn a_rear_sensor_with_0_8_crossings_for_each_of_the_front_is_a_weak_catalyst() {
    let with = |crossings| {
        let rear = Sensor {
            crossings,
            ..SWINGS
        };
        let front = Sensor {
            crossings: 90,
            ..SWINGS
        };
        cruised(230, &|_| 40.0, [front, rear])
    };
    let diagnosis = with(72);
    let expected = Shown {
        value: 0.8,
        ..CROSSES
    };
    assert_eq!(shown(&diagnosis, RULE), Some(expected));
    let text = "crosses 0.45 V 72 times in 100 s, the front one 90 times";
    assert!(says(&diagnosis, RULE, text));
    let state = finding(&diagnosis, RULE).and_then(|finding| finding.evidence[0].state);
    assert_eq!(state, Some(EngineState::Cruise));
    assert!(passed(&with(71), RULE));
}

#[rstest]
#[case::beyond_the_hysteresis(0.39, 0.51, true)]
#[case::not_below_it(0.4, 0.51, false)]
#[case::not_above_it(0.39, 0.5, false)]
fn a_crossing_goes_beyond_0_4_and_0_5_volt(
    #[case] low: f64,
    #[case] high: f64,
    #[case] is_crossing: bool,
) {
    let rear = Sensor {
        low,
        high,
        ..SWINGS
    };
    let found = tier(&cruised(230, &|_| 40.0, [SWINGS, rear]));
    assert_eq!(found, is_crossing.then_some(Tier::Investigate));
}

#[rstest]
#[case::enough(200, SWINGS, Tier::Investigate)]
#[case::short(199, SWINGS, Tier::Watch)]
#[case::a_slow_front(230, Sensor { crossings: 15, ..SWINGS }, Tier::Investigate)]
#[case::a_front_that_hardly_crosses(230, Sensor { crossings: 14, ..SWINGS }, Tier::Watch)]
#[case::nine_tenths_of_the_readings(230, Sensor { until: 219, ..SWINGS }, Tier::Investigate)]
#[case::fewer_readings(230, Sensor { until: 218, ..SWINGS }, Tier::Watch)]
fn crossings_are_compared_after_70_seconds_with_15_of_them_and_the_spread_before(
    #[case] seconds: i64,
    #[case] front: Sensor,
    #[case] expected: Tier,
) {
    let diagnosis = cruised(seconds, &|_| 40.0, [front, SWINGS]);
    assert_eq!(tier(&diagnosis), Some(expected));
}

#[test]
fn only_cruise_counts_ten_seconds_after_anything_else_in_closed_loop() {
    let load = |second: i64| if second == 200 { 95.0 } else { 40.0 };
    let diagnosis = cruised(241, &load, [SWINGS; 2]);
    // 130 to 199, and 211 to 240; a pull lasts one second.
    assert_eq!(shown(&diagnosis, RULE), Some(CROSSES));
    let text = "98 times in 100 s, the front one 98 times";
    assert!(says(&diagnosis, RULE, text));
    // Little load is neither cruise nor a disturbance.
    let load = |second: i64| if second == 200 { 10.0 } else { 40.0 };
    let diagnosis = cruised(231, &load, [SWINGS; 2]);
    assert_eq!(shown(&diagnosis, RULE), Some(CROSSES));
}

#[rstest]
#[case::weak(279, 0.2, 0.8, Some((Tier::Watch, 0.75)))]
#[case::few_readings(275, 0.2, 0.8, None)]
#[case::healthy(279, 0.23, 0.77, None)]
fn at_slow_polling_a_rear_sensor_that_swings_0_7_times_as_far_as_the_front_is_a_weak_catalyst(
    #[case] seconds: i64,
    #[case] low: f64,
    #[case] high: f64,
    #[case] expected: Option<(Tier, f64)>,
) {
    let front = Sensor { every: 5, ..SWINGS };
    let rear = Sensor { low, high, ..front };
    let diagnosis = cruised(seconds, &|_| 40.0, [front, rear]);
    let expected = expected.map(|(tier, value)| Shown {
        tier,
        value,
        threshold: Some(0.7),
        seconds: Some(149.0),
        // 0.5 + 0.45 * 149 / 300
        confidence: 0.72,
        ..CROSSES
    });
    assert_eq!(shown(&diagnosis, RULE), expected);
    assert_eq!(too_little(&diagnosis, RULE), seconds == 275);
    // 30 readings alternate: the root of 30/29 times 0.3 and 0.4.
    let text = "(standard deviations 0.31 V and 0.41 V)";
    assert_eq!(says(&diagnosis, RULE, text), expected.is_some());
}

#[rstest]
#[case::both(0.24, 0.66, 0.24, 0.66, Some(true))]
#[case::a_small_rear(0.2, 0.66, 0.27, 0.65, None)]
#[case::a_small_front(0.27, 0.65, 0.2, 0.66, Some(false))]
fn a_spread_is_compared_from_0_2_volt_on(
    #[case] front_low: f64,
    #[case] front_high: f64,
    #[case] low: f64,
    #[case] high: f64,
    #[case] is_judged_weak: Option<bool>,
) {
    let front = Sensor {
        every: 5,
        low: front_low,
        high: front_high,
        ..SWINGS
    };
    let rear = Sensor { low, high, ..front };
    let diagnosis = cruised(279, &|_| 40.0, [front, rear]);
    assert_eq!(tier(&diagnosis).is_some(), is_judged_weak == Some(true));
    assert_eq!(too_little(&diagnosis, RULE), is_judged_weak == Some(false));
}
