//! Diagnoses of simulated drives: healthy ones, and every fault at every strength.

use actors::diagnosis::{Diagnoser, Diagnosis, History, Reading, Settings, VehicleFacts};
use simulation::{Engine, Fault, Logger, Route, Simulation, Strength};

const LOGGERS: [Logger; 3] = [Logger::Pi, Logger::Phone, Logger::Rows(1.0)];

/// 1 February 2026, 14:00 UTC.
const START_MS: i64 = 1_769_954_400_000;

pub(crate) fn diagnosis(seed: u64) -> Diagnosis {
    let place = usize::try_from(seed).unwrap();
    let engine = Engine::ALL[place % Engine::ALL.len()];
    let simulation = if seed.is_multiple_of(8) {
        let route = Route::ALL[place / 8 % Route::ALL.len()];
        Simulation::healthy(engine, route, seed)
    } else {
        let fitting: Vec<Fault> = Fault::ALL
            .iter()
            .copied()
            .filter(|fault| fault.fits(&engine))
            .collect();
        let fault = fitting[place * 7 % fitting.len()];
        Simulation::faulty(engine, fault, Strength::ALL[place % 3], seed)
    };
    let settings = Settings::for_vehicle(VehicleFacts {
        displacement_l: Some(engine.displacement_l),
        turbo: Some(engine.turbo),
        is_4g63: Some(engine.is_4g63),
        ..VehicleFacts::default()
    });
    let mut diagnoser = Diagnoser::new(&settings, History::default());
    for reading in simulation.readings(LOGGERS[place % LOGGERS.len()]) {
        #[allow(clippy::cast_possible_truncation)]
        let milliseconds = (reading.seconds * 1_000.0).round() as i64;
        diagnoser.push(Reading {
            at_ms: START_MS + seed.cast_signed() * 3_700_000 + milliseconds,
            channel: reading.parameter,
            value: reading.value,
            unit: Some(reading.unit),
            real: true,
        });
    }
    diagnoser.finish().0
}
