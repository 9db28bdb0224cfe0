use super::*;

fn extremes(simulation: &Simulation, value: impl Fn(&Moment) -> f64) -> (f64, f64) {
    simulation
        .moments()
        .map(|moment| value(&moment))
        .fold((f64::MAX, f64::MIN), |(low, high), value| {
            (low.min(value), high.max(value))
        })
}

#[test]
fn the_same_seed_makes_the_same_drive() {
    let drive = |seed| Simulation::healthy(Engine::MIATA, Route::Town, seed).readings(Logger::Pi);
    assert_eq!(drive(7), drive(7));
    assert_ne!(drive(7), drive(8));
}

#[test]
fn healthy_engines_stay_within_what_is_physical() {
    for engine in Engine::ALL {
        for route in Route::ALL {
            for seed in 0..10 {
                let simulation = Simulation::healthy(engine, route, seed);
                let name = format!("{} {route:?} {seed}", engine.name);
                let (_, rpm) = extremes(&simulation, |moment| moment.rpm);
                assert!(rpm < 6_700.0, "{name}: {rpm} 1/min");
                let (cold, hot) = extremes(&simulation, |moment| moment.coolant);
                assert!(
                    cold > -17.0 && hot < engine.fan_on_c + 5.0,
                    "{name}: {cold}..{hot} °C"
                );
                let (_, speed) = extremes(&simulation, |moment| moment.speed);
                assert!(speed < 135.0, "{name}: {speed} km/h");
                let (lean, rich) = extremes(&simulation, |m| {
                    m.short_trim.unwrap_or(0.0) + m.long_trim.unwrap_or(0.0)
                });
                assert!(lean > -15.0 && rich < 15.0, "{name}: trims {lean}..{rich}");
                let end = simulation.moments().last().unwrap();
                assert!(end.seconds > 150.0, "{name}: {} s", end.seconds);
                if route.is_cold_start() && route != Route::IdleOnly && end.seconds > 600.0 {
                    assert!(hot > 80.0, "{name}: warm at {hot}");
                }
            }
        }
    }
}

#[test]
fn the_pi_polls_at_the_rates_of_the_real_one() {
    let readings =
        Simulation::healthy(Engine::ECLIPSE_TURBO, Route::Commute, 1).readings(Logger::Pi);
    let seconds = readings.last().unwrap().seconds;
    let rate = |name| {
        let count = readings
            .iter()
            .filter(|reading| reading.parameter == name)
            .count();
        f64::from(u32::try_from(count).unwrap()) / seconds
    };
    for (name, expected) in [
        ("RPM", 1.0),
        ("SPEED", 1.0 / 3.0),
        ("O2_BANK1_SENSOR2_V", 1.0 / 3.0),
        ("BATTERY_V", 0.1),
        ("INTAKE_PRESSURE", 1.0 / 30.0),
        ("MAF", 0.0),
    ] {
        let rate = rate(name);
        assert!((rate - expected).abs() <= 0.05 * expected, "{name}: {rate}");
    }
}

#[test]
fn rows_hold_all_channels_at_one_time() {
    let readings = Simulation::healthy(Engine::ETIOS, Route::Short, 1).readings(Logger::Rows(0.5));
    let first: Vec<_> = readings
        .iter()
        .take_while(|reading| reading.seconds == 0.0)
        .collect();
    assert!(
        first
            .iter()
            .any(|reading| reading.parameter == "INTAKE_PRESSURE")
    );
    assert!(!first.iter().any(|reading| reading.parameter == "MAF"));
    assert!((readings[first.len()].seconds - 0.5).abs() < 1e-9);
}

#[test]
fn a_planted_fault_changes_the_drive() {
    for fault in Fault::ALL {
        let engine = Engine::ECLIPSE_TURBO;
        let healthy = Simulation::healthy(engine, fault.route(), 3).readings(Logger::Rows(1.0));
        for strength in Strength::ALL {
            let faulty = Simulation::faulty(engine, *fault, strength, 3);
            assert_ne!(
                faulty.readings(Logger::Rows(1.0)),
                healthy,
                "{fault:?} {strength:?}"
            );
        }
    }
}

#[test]
fn a_drive_takes_about_as_long_as_its_route_says() {
    for (route, minutes) in [
        (Route::Commute, 15.0..40.0),
        (Route::Town, 10.0..25.0),
        (Route::Motorway, 10.0..30.0),
        (Route::IdleOnly, 10.0..14.0),
        (Route::Short, 3.0..10.0),
    ] {
        for engine in Engine::ALL {
            for fault in [Fault::ThermostatOpen, Fault::TroubleCodes] {
                let simulation = Simulation {
                    route,
                    ..Simulation::faulty(engine, fault, Strength::Strong, 100)
                };
                let taken = simulation.moments().last().unwrap().seconds / 60.0;
                assert!(
                    minutes.contains(&taken),
                    "{} {route:?}: {taken} min",
                    engine.name
                );
            }
        }
    }
}
