//! Each rule with its fault, and healthy drives without any finding.

use rstest::rstest;
use simulation::{Engine, Fault, Logger, Route, Simulation, Strength};

use super::*;

fn simulated(simulation: &Simulation, logger: Logger) -> Diagnosis {
    let engine = &simulation.engine;
    let vehicle = VehicleFacts {
        displacement_l: Some(engine.displacement_l),
        turbo: Some(engine.turbo),
        is_4g63: Some(engine.name.starts_with("4G63")),
        boost_sensor: false,
    };
    let mut diagnoser = Diagnoser::new(&Settings::for_vehicle(vehicle), History::default());
    for reading in &simulation.readings(logger) {
        diagnoser.push(reading.into());
    }
    diagnoser.finish().0
}

#[rstest]
#[case::pi(Logger::Pi)]
#[case::phone(Logger::Phone)]
#[case::rows(Logger::Rows(0.5))]
fn a_healthy_drive_has_no_findings(#[case] logger: Logger) {
    for engine in Engine::ALL {
        for route in [Route::Commute, Route::Motorway, Route::IdleOnly] {
            let diagnosis = simulated(&Simulation::healthy(engine, route, 7), logger);
            assert_eq!(
                rules(&diagnosis),
                Vec::<&str>::new(),
                "{} {route:?}",
                engine.name
            );
        }
    }
}

#[rstest]
fn a_planted_fault_is_the_first_finding(
    #[values(
        Fault::TroubleCodes,
        Fault::Overheating,
        Fault::ThermostatOpen,
        Fault::SlowWarmUp,
        Fault::FanWeak,
        Fault::LeanEverywhere,
        Fault::VacuumLeak,
        Fault::FuelSupplyWeak,
        Fault::Rich,
        Fault::NoEnrichment,
        Fault::LeanUnderLoad,
        Fault::TimingLow,
        Fault::TipInKnock,
        Fault::IdleHunting,
        Fault::IdleSpeed,
        Fault::Undercharging,
        Fault::Overcharging,
        Fault::HeatSoak,
        Fault::MafIdle,
        Fault::FrontO2Stuck,
        Fault::RearO2Stuck,
        Fault::CatalystWeak,
        Fault::OverRev
    )]
    fault: Fault,
) {
    let simulation = Simulation::faulty(Engine::ECLIPSE_TURBO, fault, Strength::Strong, 2);
    let diagnosis = simulated(&simulation, Logger::Rows(0.5));
    let first = diagnosis
        .findings
        .first()
        .map(|finding| finding.rule.as_str());
    assert!(
        first.is_some_and(|first| fault.rules().contains(&first)),
        "{fault:?}: {:?}",
        rules(&diagnosis)
    );
    assert!(
        diagnosis.findings[0]
            .evidence
            .iter()
            .all(|evidence| evidence.value.is_finite())
    );
    assert_ne!(diagnosis.grade, Some(Grade::A));
}

#[test]
fn a_fuel_cut_takes_the_front_sensor_to_0_volts_without_an_alarm() {
    let drive = Simulation::healthy(Engine::ECLIPSE_TURBO, Route::Town, 3);
    let diagnosis = simulated(&drive, Logger::Rows(0.5));
    let overrun = diagnosis
        .figures
        .state(EngineState::Overrun)
        .expect("town traffic");
    let front = overrun.channel("O2_B1S1").expect("logged");
    assert!(front.p5 < 0.1, "{front:?}");
    assert_eq!(rules(&diagnosis), Vec::<&str>::new());
}

#[test]
fn a_single_reading_far_from_its_neighbours_is_no_over_revving() {
    let rpm = |second: i64| if second == 100 { 9_000.0 } else { 900.0 };
    assert_eq!(
        rules(&diagnosed(300, &[("RPM", 1, &rpm)])),
        Vec::<&str>::new()
    );
}

#[test]
fn the_lamp_of_a_stopped_engine_is_a_test_of_its_bulb() {
    let lamp = |second: i64| if second < 20 { 1.0 } else { 0.0 };
    let rpm = |second: i64| if second < 20 { 0.0 } else { 800.0 };
    let diagnosis = diagnosed(300, &[("RPM", 1, &rpm), ("MIL_ON", 5, &lamp)]);
    assert_eq!(rules(&diagnosis), Vec::<&str>::new());
    assert!(diagnosis.passed.iter().any(|rule| rule == "trouble_codes"));
}

#[test]
fn what_is_not_known_or_no_longer_so_is_not_said_of_lamp_and_codes() {
    let until_100 = |value: f64| move |second: i64| if second < 100 { value } else { 0.0 };
    let explanation = |lamp: Option<f64>, codes: Option<f64>| {
        let (lamp, codes) = (lamp.map(until_100), codes.map(until_100));
        let mut channels: Vec<Logged<'_>> = vec![("RPM", 1, &|_| 800.0)];
        channels.extend(lamp.iter().map(|lamp| ("MIL_ON", 5, lamp as _)));
        channels.extend(codes.iter().map(|codes| ("DTC_COUNT", 5, codes as _)));
        diagnosed(300, &channels).findings[0].explanation.clone()
    };
    assert_eq!(
        explanation(Some(1.0), None),
        "The malfunction lamp was on, and is off at the end."
    );
    assert_eq!(
        explanation(None, Some(2.0)),
        "2 trouble codes were stored, and are cleared."
    );
    assert_eq!(
        explanation(Some(0.0), Some(1.0)),
        "One trouble code was stored, and is cleared; the malfunction lamp is off."
    );
}

#[test]
fn the_raw_byte_of_the_code_count_carries_the_lamp() {
    let diagnosis = diagnosed(300, &[("RPM", 1, &|_| 800.0), ("DTC_COUNT", 5, &|_| 131.0)]);
    let finding = &diagnosis.findings[0];
    assert_eq!(finding.rule, "trouble_codes");
    assert_eq!(
        finding.explanation,
        "3 trouble codes are stored and the malfunction lamp is on."
    );
}

#[test]
fn a_short_heat_at_a_stop_up_to_the_warning_limit_is_healthy() {
    let speed = |second: i64| if second < 600 { 60.0 } else { 0.0 };
    let rpm = |second: i64| if second < 600 { 1_800.0 } else { 800.0 };
    // In two steps: a sensor cannot jump by more than 10 K.
    let coolant = |second: i64| match second {
        ..660 => 88.0,
        660..690 => 94.0,
        _ => 99.0,
    };
    let drive: [Logged<'_>; 3] = [
        ("RPM", 1, &rpm),
        ("SPEED", 1, &speed),
        ("COOLANT_TEMP", 1, &coolant),
    ];
    assert_eq!(rules(&diagnosed(900, &drive)), Vec::<&str>::new());
    let longer = diagnosed(1_500, &drive);
    assert_eq!(rules(&longer), ["coolant_overheating"]);
}

#[test]
fn a_switched_off_rule_is_not_judged_and_a_changed_tier_is_used() {
    let drive: [Logged<'_>; 2] = [("RPM", 1, &|_| 800.0), ("MIL_ON", 5, &|_| 1.0)];
    let with = |toml: &str| {
        let settings = Settings::parse(toml).expect("valid");
        let mut diagnoser = Diagnoser::new(&settings, History::default());
        log(&mut diagnoser, 0..300, &drive);
        diagnoser.finish().0
    };
    let off = with("[rules.trouble_codes]\nenabled = false\n");
    assert_eq!(
        not_judged(&off, "trouble_codes"),
        Some(NotJudgedReason::SwitchedOff)
    );
    let milder = with("[rules.trouble_codes]\ntier = \"watch\"\n");
    assert_eq!(milder.findings[0].tier, Tier::Watch);
}

#[test]
fn every_rule_answers_and_builds_from_its_declared_thresholds() {
    let drive = Simulation::healthy(Engine::ECLIPSE_TURBO, Route::Commute, 1);
    let diagnosis = simulated(&drive, Logger::Rows(1.0));
    let answers = diagnosis.findings.len() + diagnosis.passed.len() + diagnosis.not_judged.len();
    assert_eq!(answers, super::super::rules::specs().count());
    for not_judged in &diagnosis.not_judged {
        assert!(
            !not_judged.what_to_log.is_empty() && not_judged.explanation.ends_with('.'),
            "{not_judged:?}"
        );
    }
}

#[test]
fn one_reading_that_stands_for_a_minute_is_no_finding() {
    let stray = |usual: f64, stray: f64, count: i64| {
        move |second: i64| {
            let is_stray = (900..900 + count * 60).contains(&second);
            if is_stray { stray } else { usual }
        }
    };
    for (channel, usual, value, rule) in [
        ("COOLANT_TEMP", 88.0, 106.0, "coolant_overheating"),
        ("BATTERY_VOLTAGE", 14.1, 15.8, "overcharging"),
        ("BATTERY_VOLTAGE", 14.1, 11.8, "undercharging"),
    ] {
        let found = |count| {
            let values = stray(usual, value, count);
            diagnosed(1_800, &[("RPM", 1, &|_| 2_000.0), (channel, 60, &values)])
        };
        assert!(rules(&found(2)).is_empty(), "{channel}");
        assert_eq!(rules(&found(3)), [rule], "{channel}");
    }
}

#[test]
fn what_was_not_watched_for_long_enough_is_not_judged() {
    let short = diagnosed(
        300,
        &[
            ("RPM", 1, &|_| 800.0),
            ("SPEED", 1, &|_| 0.0),
            ("COOLANT_TEMP", 1, &|_| 88.0),
        ],
    );
    let rare = diagnosed(
        1_800,
        &[
            ("RPM", 10, &|_| 800.0),
            ("SPEED", 1, &|_| 0.0),
            ("COOLANT_TEMP", 1, &|_| 88.0),
        ],
    );
    // A thermostat that stays open lets a warm engine cool down.
    let cooling = diagnosed(
        840,
        &[
            ("RPM", 1, &|_| 2_000.0),
            ("SPEED", 1, &|_| 60.0),
            ("COOLANT_TEMP", 1, &|second| {
                if second < 400 {
                    85.0
                } else if second < 410 {
                    76.0
                } else {
                    67.0
                }
            }),
        ],
    );
    for (diagnosis, rule) in [
        (&short, "coolant_overheating"),
        (&short, "thermostat_open"),
        (&rare, "idle_hunting"),
        (&cooling, "thermostat_open"),
    ] {
        let reason = not_judged(diagnosis, rule);
        assert_eq!(reason, Some(NotJudgedReason::TooLittleData), "{rule}");
    }
}

#[test]
fn the_limit_of_warm_intake_air_is_that_of_the_outside_temperature() {
    let diagnosis = diagnosed(
        900,
        &[
            ("RPM", 1, &|_| 2_000.0),
            ("SPEED", 1, &|_| 60.0),
            ("COOLANT_TEMP", 1, &|_| 88.0),
            ("INTAKE_TEMP", 1, &|_| 60.0),
            ("AMBIENT_TEMP", 1, &|_| 15.0),
        ],
    );
    assert_eq!(rules(&diagnosis), ["intake_heat_soak"]);
    assert_eq!(diagnosis.findings[0].evidence[0].threshold, Some(55.0));
}
