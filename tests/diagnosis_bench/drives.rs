//! From a simulated drive to its diagnosis.

use actors::diagnosis::{
    Diagnoser, Diagnosis, EarlierDrive, History, Reading, Settings, VehicleFacts,
};
use simulation::{Engine, Logger, Simulation};

pub(crate) const LOGGERS: [Logger; 4] = [
    Logger::Pi,
    Logger::Phone,
    Logger::Rows(1.0),
    Logger::Rows(0.5),
];

/// The facts about the car that the owner configures.
pub(crate) fn settings(engine: &Engine) -> Settings {
    Settings::for_vehicle(VehicleFacts {
        displacement_l: Some(engine.displacement_l),
        turbo: Some(engine.turbo),
        is_4g63: Some(engine.is_4g63),
        ..VehicleFacts::default()
    })
}

pub(crate) fn diagnose(simulation: &Simulation, logger: Logger, history: History) -> Diagnosis {
    let mut diagnoser = Diagnoser::new(&settings(&simulation.engine), history);
    for reading in simulation.readings(logger) {
        diagnoser.push(Reading {
            at_ms: milliseconds(reading.seconds),
            channel: reading.parameter,
            value: reading.value,
            unit: Some(reading.unit),
            real: true,
        });
    }
    diagnoser.finish().0
}

/// Five healthy drives of the same car before `simulation`.
pub(crate) fn history(simulation: &Simulation, logger: Logger) -> History {
    let earlier = (1..=5).map(|number| {
        let mut earlier = simulation.clone();
        earlier.planted = None;
        earlier.seed = simulation
            .seed
            .wrapping_mul(31)
            .wrapping_add(1_000 + number);
        EarlierDrive {
            drive: i64::try_from(number).unwrap(),
            figures: diagnose(&earlier, logger, History::default()).figures,
        }
    });
    History {
        anchor: None,
        earlier: earlier.collect(),
    }
}

#[allow(clippy::cast_possible_truncation)]
pub(crate) fn milliseconds(seconds: f64) -> i64 {
    (seconds * 1_000.0).round() as i64
}
