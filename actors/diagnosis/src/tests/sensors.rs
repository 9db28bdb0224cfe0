//! Doubts about a sensor, which are findings and keep its channel from the rules.

use super::*;

#[test]
fn an_open_circuit_is_a_finding_and_feeds_no_rule() {
    let diagnosis = diagnosed(
        900,
        &[
            ("RPM", 1, &|_| 800.0),
            ("SPEED", 1, &|_| 0.0),
            ("COOLANT_TEMP", 5, &|_| -40.0),
        ],
    );
    assert_eq!(rules(&diagnosis), ["sensor_open_circuit"]);
    assert_eq!(
        not_judged(&diagnosis, "thermostat_open"),
        Some(NotJudgedReason::ChannelInDoubt)
    );
}

#[test]
fn coolant_that_jumps_is_a_finding_about_its_sensor() {
    let coolant = |second: i64| if second % 200 == 0 { 130.0 } else { 85.0 };
    let diagnosis = diagnosed(
        900,
        &[("RPM", 1, &|_| 800.0), ("COOLANT_TEMP", 1, &coolant)],
    );
    assert_eq!(rules(&diagnosis), ["sensor_jumps"]);
}

#[test]
fn a_channel_that_rests_while_the_engine_works_is_stuck_and_a_fuel_level_is_not() {
    let rpm = |second: i64| {
        if second / 20 % 2 == 0 {
            1_200.0
        } else {
            3_000.0
        }
    };
    let load = |second: i64| if second / 20 % 2 == 0 { 25.0 } else { 65.0 };
    let diagnosis = diagnosed(
        300,
        &[
            ("RPM", 1, &rpm),
            ("ENGINE_LOAD", 1, &load),
            ("TIMING_ADVANCE", 1, &|_| 12.0),
            ("FUEL_LEVEL", 1, &|_| 50.0),
            ("COOLANT_TEMP", 5, &|_| 88.0),
        ],
    );
    let stuck: Vec<_> = diagnosis
        .doubts
        .iter()
        .map(|doubt| (doubt.kind, doubt.channel.as_deref()))
        .collect();
    assert_eq!(stuck, [(DoubtKind::Stuck, Some("TIMING_ADVANCE"))]);
}

#[test]
fn an_air_mass_flat_at_its_end_is_clipped() {
    let rpm =
        |second: i64| 3_000.0 + 20.0 * f64::from(i32::try_from(second % 100).expect("below 100"));
    let diagnosis = diagnosed(
        200,
        &[
            ("RPM", 1, &rpm),
            ("MAF", 1, &|second| {
                if second % 100 > 40 { 155.0 } else { 90.0 }
            }),
        ],
    );
    assert_eq!(
        diagnosis
            .doubts
            .iter()
            .map(|doubt| doubt.kind)
            .collect::<Vec<_>>(),
        [DoubtKind::Clipped]
    );
}
