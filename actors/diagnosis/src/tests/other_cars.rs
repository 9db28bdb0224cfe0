//! What is normal for cars that are not the Eclipse.

use super::*;

/// Undercharging of a car on the road for 20 minutes with a voltage.
fn undercharging(is_4g63: bool, volts: &dyn Fn(i64) -> f64) -> bool {
    let vehicle = VehicleFacts {
        is_4g63: Some(is_4g63),
        ..VehicleFacts::default()
    };
    let mut diagnoser = Diagnoser::new(&Settings::for_vehicle(vehicle), History::default());
    log(
        &mut diagnoser,
        0..1_200,
        &[
            ("RPM", 1, &|_| 2_000.0),
            ("COOLANT_TEMP", 1, &|_| 88.0),
            ("CONTROL_MODULE_VOLTAGE", 1, volts),
        ],
    );
    rules(&diagnoser.finish().0).contains(&"undercharging")
}

#[test]
fn an_alternator_that_rests_while_the_engine_works_is_no_fault() {
    let rests = |second: i64| if second % 180 < 160 { 12.7 } else { 14.7 };
    assert!(!undercharging(false, &rests));
    // The Eclipse's alternator has no such control.
    assert!(undercharging(true, &rests));
}

#[test]
fn an_alternator_that_fails_on_the_way_is_a_fault_of_any_car() {
    let fails = |second: i64| if second < 600 { 14.3 } else { 12.4 };
    assert!(undercharging(false, &fails));
    assert!(undercharging(true, &fails));
}

/// An idle of a 2 l engine that takes in too much air, with or without an ignition timing.
fn idle(seconds: i64, timing: bool) -> Diagnosis {
    let mut channels: Vec<Logged<'_>> = vec![
        ("RPM", 1, &|_| 820.0),
        ("SPEED", 1, &|_| 0.0),
        ("COOLANT_TEMP", 1, &|_| 88.0),
        ("MAF", 1, &|_| 9.5),
    ];
    if timing {
        channels.push(("TIMING_ADVANCE", 1, &|second| {
            if second % 3 == 0 { 8.0 } else { 9.5 }
        }));
    }
    let vehicle = VehicleFacts {
        displacement_l: Some(2.0),
        ..VehicleFacts::default()
    };
    let mut diagnoser = Diagnoser::new(&Settings::for_vehicle(vehicle), History::default());
    log(&mut diagnoser, 0..seconds, &channels);
    diagnoser.finish().0
}

#[test]
fn the_air_mass_at_idle_of_a_diesel_is_not_judged() {
    assert_eq!(
        not_judged(&idle(600, false), "maf_idle_wrong"),
        Some(NotJudgedReason::ChannelMissing)
    );
    assert!(rules(&idle(600, true)).contains(&"maf_idle_wrong"));
}

#[test]
fn the_air_mass_at_idle_is_judged_from_half_a_minute_on() {
    assert!(too_little(&idle(29, true), "maf_idle_wrong"));
    assert!(rules(&idle(40, true)).contains(&"maf_idle_wrong"));
}
