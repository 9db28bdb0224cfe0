//! Earlier drives of the same car.

use simulation::{Engine, Fault, Logger, Planted, Route, Simulation, Strength};

use super::*;

fn drive(planted: Option<Planted>, seed: u64, history: History) -> Diagnosis {
    let simulation = Simulation {
        planted,
        ..Simulation::healthy(Engine::ECLIPSE_TURBO, Route::Motorway, seed)
    };
    let settings = Settings::for_vehicle(VehicleFacts::eclipse());
    let mut diagnoser = Diagnoser::new(&settings, history);
    for reading in &simulation.readings(Logger::Rows(1.0)) {
        diagnoser.push(reading.into());
    }
    diagnoser.finish().0
}

fn healthy_history() -> History {
    let earlier = (10..15).map(|seed| EarlierDrive {
        drive: i64::try_from(seed).expect("small"),
        figures: drive(None, seed, History::default()).figures,
    });
    History {
        anchor: None,
        earlier: earlier.collect(),
    }
}

#[test]
fn without_history_drift_and_knock_are_not_judged() {
    let diagnosis = drive(None, 1, History::default());
    for rule in ["drift_timing", "drift_charging", "knock_retard"] {
        assert_eq!(
            not_judged(&diagnosis, rule),
            Some(NotJudgedReason::InsufficientHistory),
            "{rule}"
        );
    }
}

#[test]
fn a_healthy_drive_after_healthy_drives_has_no_drift() {
    let diagnosis = drive(None, 20, healthy_history());
    assert_eq!(rules(&diagnosis), Vec::<&str>::new());
    assert!(!diagnosis.baseline.figures.is_empty());
    assert_eq!(diagnosis.baseline.earlier_drives, [10, 11, 12, 13, 14]);
}

#[test]
fn a_retard_against_earlier_drives_is_knock() {
    let planted = Planted {
        fault: Fault::KnockRetard,
        strength: Strength::Medium,
    };
    let diagnosis = drive(Some(planted), 20, healthy_history());
    assert_eq!(
        diagnosis.findings[0].rule, "knock_retard",
        "{:?} {:?}",
        diagnosis.findings, diagnosis.not_judged
    );
}

#[test]
fn a_speed_in_miles_shows_against_the_gearing_of_earlier_drives() {
    let mut history = healthy_history();
    for earlier in &mut history.earlier {
        earlier.figures.speed_per_1000_rpm = earlier
            .figures
            .speed_per_1000_rpm
            .map(|speed| speed * 1.609);
    }
    let diagnosis = drive(None, 20, history);
    assert!(
        diagnosis
            .doubts
            .iter()
            .any(|doubt| doubt.kind == DoubtKind::UnitSwitched),
        "{:?}",
        diagnosis.doubts
    );
    let reasons = diagnosis.not_judged.iter();
    let fan = reasons.filter(|reason| reason.rule == "fan_weak");
    let fan: Vec<_> = fan.map(|reason| reason.explanation.as_str()).collect();
    assert_eq!(fan, ["SPEED is in doubt."]);
}
