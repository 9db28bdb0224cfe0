//! Where the rules about the O2 sensors and the catalyst begin to fire, and what they show.

use std::ops::Range;

use rstest::rstest;

use super::*;

/// A warm engine at a steady speed in closed loop: cruise from second 9 on.
const CRUISE: [Logged<'_>; 4] = [
    ("RPM", 1, &|_| 2_400.0),
    ("SPEED", 1, &|_| 90.0),
    ("COOLANT_TEMP", 1, &|_| 88.0),
    ("FUEL_SYSTEM_STATUS", 1, &|_| 2.0),
];

fn cruised(seconds: i64, more: &[Logged<'_>]) -> Diagnosis {
    diagnosed(seconds, &[&CRUISE, more].concat())
}

const LEAN: Shown<'_> = Shown {
    tier: Tier::Investigate,
    value: 0.1,
    unit: "V",
    threshold: Some(0.45),
    seconds: Some(30.0),
    span: Some((120.0, 150.0)),
    // 0.5 + 0.45 * 30 / 120
    confidence: 0.61,
};

#[test]
fn a_front_sensor_on_one_side_from_two_minutes_after_the_start_is_stuck_after_30_readings() {
    let rule = "front_o2_stuck";
    let lean: [Logged<'_>; 1] = [("O2_B1S1", 1, &|second| float(second % 2) / 10.0 + 0.05)];
    let diagnosis = cruised(150, &lean);
    assert_eq!(shown(&diagnosis, rule), Some(LEAN));
    let expected = "stays lean at 0.10 V on average for 30 s, 30 readings in a row";
    assert!(says(&diagnosis, rule, expected));
    assert!(too_little(&cruised(149, &lean), rule));
}

/// A front sensor that swings every so many seconds from second 120 on, but for some of its readings in between.
fn swinging_but(every: i64, readings: &Range<i64>, voltage: f64) -> Diagnosis {
    let value = |second: i64| {
        let reading = (second - 120).div_euclid(every);
        // The neighbours of the run are on its other side.
        let distance = (readings.start - reading).max(reading + 1 - readings.end);
        match distance {
            ..=0 => voltage,
            distance if (distance % 2 == 1) == (voltage <= 0.45) => 0.85,
            _ => 0.15,
        }
    };
    cruised(120 + 60 * every, &[("O2_B1S1", every, &value)])
}

#[rstest]
#[case::lean(2, 20, 0.29, true)]
#[case::not_far_enough_to_the_lean_side(2, 20, 0.3, false)]
#[case::rich(2, 20, 0.71, true)]
#[case::not_far_enough_to_the_rich_side(2, 20, 0.7, false)]
#[case::few_readings(2, 19, 0.1, false)]
#[case::long_enough(1, 30, 0.1, true)]
#[case::short(1, 29, 0.1, false)]
#[case::near_the_middle_for_30_readings(1, 30, 0.44, true)]
#[case::near_the_middle_for_29_readings(2, 29, 0.44, false)]
#[case::in_the_middle_is_lean(1, 30, 0.45, true)]
fn a_front_sensor_is_stuck_far_from_the_middle_for_20_readings_or_on_one_side_for_30(
    #[case] every: i64,
    #[case] readings: i64,
    #[case] voltage: f64,
    #[case] is_stuck: bool,
) {
    let diagnosis = swinging_but(every, &(10..10 + readings), voltage);
    assert_eq!(passed(&diagnosis, "front_o2_stuck"), !is_stuck);
    let (from, to) = (120 + 10 * every, 121 + (9 + readings) * every);
    let expected = is_stuck.then_some(Shown {
        value: voltage,
        seconds: Some(float(to - from)),
        span: Some((float(from), float(to))),
        confidence: if readings == 20 { 0.57 } else { 0.61 },
        ..LEAN
    });
    assert_eq!(shown(&diagnosis, "front_o2_stuck"), expected);
    let word = if voltage > 0.5 { "rich" } else { "lean" };
    assert!(!is_stuck || says(&diagnosis, "front_o2_stuck", word));
}

#[test]
fn a_run_far_from_the_middle_ends_with_a_reading_near_it_or_with_two_minutes_without_one() {
    let with = |value: &dyn Fn(i64) -> f64| cruised(240, &[("O2_B1S1", 2, value)]);
    // Two runs of 19 readings, a reading in the middle between them, then one of 20.
    let lean = |second: i64| match (second - 120) / 2 {
        19 | 39 | 60.. => 0.6,
        reading if reading > 39 => 0.9,
        _ => 0.1,
    };
    let found = shown_span(&with(&lean));
    assert_eq!(found, Some((200.0, 239.0)));

    let with_gap = |gap: i64| {
        let mut diagnoser = diagnoser();
        let o2: Logged<'_> = ("O2_B1S1", 1, &|_| 0.1);
        let all = [&CRUISE[..], &[o2]].concat();
        log(&mut diagnoser, 0..135, &all);
        log(&mut diagnoser, 135..134 + gap, &CRUISE);
        log(&mut diagnoser, 134 + gap..149 + gap, &all);
        diagnoser.finish().0
    };
    assert_eq!(shown_span(&with_gap(121)), Some((120.0, 270.0)));
    assert!(passed(&with_gap(122), "front_o2_stuck"));
}

fn shown_span(diagnosis: &Diagnosis) -> Option<(f64, f64)> {
    span_of(diagnosis, "front_o2_stuck")
}

#[test]
fn many_readings_within_30_seconds_are_no_stuck_front_sensor() {
    let stuck_for = |seconds: i64| {
        let mut diagnoser = diagnoser();
        log(&mut diagnoser, 0..120, &CRUISE);
        for at_ms in (120_000..240_000).step_by(250) {
            if at_ms % 1_000 == 0 {
                log(&mut diagnoser, at_ms / 1_000..at_ms / 1_000 + 1, &CRUISE);
            }
            let is_low = at_ms < 120_000 + seconds * 1_000 || at_ms % 500 == 250;
            diagnoser.push(Reading {
                at_ms,
                channel: "O2_B1S1",
                value: if is_low { 0.4 } else { 0.6 },
                unit: None,
                real: true,
            });
        }
        let (diagnosis, _) = diagnoser.finish();
        shown(&diagnosis, "front_o2_stuck").map(|shown| shown.seconds)
    };
    assert_eq!(stuck_for(29), None);
    assert_eq!(stuck_for(30), Some(Some(30.0)));
}

#[test]
fn the_first_of_equally_long_runs_is_shown() {
    let value = |second: i64| match second {
        ..160 => 0.1,
        160 => 0.9,
        _ => 0.2,
    };
    let diagnosis = cruised(201, &[("O2_B1S1", 1, &value)]);
    let found = shown(&diagnosis, "front_o2_stuck").map(|shown| (shown.value, shown.seconds));
    assert_eq!(found, Some((0.1, Some(40.0))));
}

#[rstest]
#[case::low(0.49, 0.49, false)]
#[case::lowest(0.51, 0.51, true)]
#[case::highest(0.77, 0.77, true)]
#[case::high(0.8, 0.8, false)]
#[case::wide(0.55, 0.8, false)]
fn a_front_sensor_that_stays_between_0_5_and_0_78_volt_is_a_wide_range_one(
    #[case] low: f64,
    #[case] high: f64,
    #[case] is_wide_range: bool,
) {
    let voltage = |second: i64| if second % 2 == 0 { low } else { high };
    let diagnosis = cruised(200, &[("O2_B1S1", 1, &voltage)]);
    let reason = not_judged(&diagnosis, "front_o2_stuck");
    let expected = is_wide_range.then_some(NotJudgedReason::ChannelMissing);
    assert_eq!(reason, expected);
    assert_eq!(
        shown(&diagnosis, "front_o2_stuck").is_some(),
        !is_wide_range
    );
}

#[rstest]
#[case::open_loop(88.0, 1.0, 40.0)]
#[case::cold(69.0, 2.0, 40.0)]
#[case::high_load(88.0, 2.0, 75.0)]
#[case::wide_open(88.0, 2.0, 95.0)]
fn a_front_sensor_is_not_judged_where_nothing_is_regulated(
    #[case] coolant: f64,
    #[case] status: f64,
    #[case] load: f64,
) {
    let channels: [Logged<'_>; 6] = [
        CRUISE[0],
        CRUISE[1],
        ("COOLANT_TEMP", 1, &|_| coolant),
        ("FUEL_SYSTEM_STATUS", 1, &|_| status),
        ("ENGINE_LOAD", 1, &|_| load),
        ("O2_B1S1", 1, &|_| 0.9),
    ];
    assert!(too_little(&diagnosed(300, &channels), "front_o2_stuck"));
}

/// A warm drive with a stop and an overrun after its first two minutes, with a reading of the rear sensor each second.
struct Town {
    standing: i64,
    overrun: i64,
    overrun_rpm: f64,
    readings: i64,
    coolant: f64,
    range: f64,
}

const TOWN: Town = Town {
    standing: 10,
    overrun: 9,
    overrun_rpm: 1_500.0,
    readings: 100,
    coolant: 70.0,
    range: 0.29,
};

fn driven(town: &Town) -> Diagnosis {
    let stop = 0..120 + town.standing;
    let overrun = stop.end..stop.end + town.overrun;
    let pick = |second: i64, values: [f64; 3]| {
        let place = usize::from(!stop.contains(&second));
        values[place + usize::from(second >= overrun.end)]
    };
    diagnosed(
        120 + town.readings,
        &[
            ("RPM", 1, &|second| {
                pick(second, [800.0, town.overrun_rpm, 2_000.0])
            }),
            ("SPEED", 1, &|second| pick(second, [0.0, 60.0, 60.0])),
            ("THROTTLE_POS", 1, &|second| {
                pick(second, [10.0, 10.0, 30.0])
            }),
            ("COOLANT_TEMP", 1, &|_| town.coolant),
            ("O2_B1S2", 1, &|second| match second {
                // Before the sensor is hot it may show anything.
                ..120 => 0.0,
                second if second % 2 == 0 => 0.5,
                _ => 0.5 + town.range,
            }),
        ],
    )
}

#[test]
fn a_rear_sensor_within_0_3_volt_in_100_readings_with_stops_and_overrun_is_stuck() {
    let diagnosis = driven(&TOWN);
    let expected = Shown {
        tier: Tier::Watch,
        value: 0.29,
        unit: "V",
        threshold: Some(0.3),
        seconds: None,
        span: None,
        // 0.5 + 0.45 * 100 / 300
        confidence: 0.65,
    };
    assert_eq!(shown(&diagnosis, "rear_o2_stuck"), Some(expected));
    let text = "between 0.50 V and 0.79 V in 100 warm readings";
    assert!(says(&diagnosis, "rear_o2_stuck", text));
}

#[rstest]
#[case::few_readings(Town { readings: 99, ..TOWN })]
#[case::a_short_stop(Town { standing: 9, ..TOWN })]
#[case::a_short_overrun(Town { overrun: 8, ..TOWN })]
#[case::an_overrun_without_fuel_cut(Town { overrun_rpm: 1_490.0, ..TOWN })]
#[case::cold(Town { coolant: 69.0, ..TOWN })]
fn a_rear_sensor_is_not_judged(#[case] town: Town) {
    assert!(too_little(&driven(&town), "rear_o2_stuck"));
}

#[test]
fn a_rear_sensor_that_moved_by_0_3_volt_passes_whatever_the_drive_was_like() {
    let moved = Town {
        readings: 2,
        range: 0.31,
        ..TOWN
    };
    assert!(passed(&driven(&moved), "rear_o2_stuck"));
}
