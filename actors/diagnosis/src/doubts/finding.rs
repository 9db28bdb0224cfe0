//! Doubts that need earlier drives, and doubts as findings.

use crate::baseline;
use crate::channels::Channel;
use crate::model::{Doubt, DoubtKind, Figures, Finding, History, System, Tier};
use crate::text;

/// A speed in miles that says it is in kilometres, or the other way round, shows against the gearing of earlier drives.
pub(crate) fn switched_speed(figures: &Figures, history: &History) -> Option<Doubt> {
    let (now, usual) = figures
        .speed_per_1000_rpm
        .zip(baseline::usual_gearing(history))?;
    let is_near = |ratio: f64, factor: f64| (ratio / factor - 1.0).abs() < 0.05;
    let ratio = now / usual;
    (is_near(ratio, 1.609) || is_near(ratio, 0.621)).then(|| Doubt {
        kind: DoubtKind::UnitSwitched,
        channel: Some(Channel::Speed.name().to_owned()),
        explanation: format!(
            "Vehicle speed is {} per 1,000 rpm, and {} on earlier drives: it seems to be logged in another unit.",
            text::value(now, "km/h"),
            text::value(usual, "km/h")
        ),
        span: None,
    })
}

/// A doubt about a sensor is a finding too.
pub(crate) fn about_sensor(doubt: &Doubt) -> Option<Finding> {
    let (rule, tier, title) = match doubt.kind {
        DoubtKind::OpenCircuit => (
            "sensor_open_circuit",
            Tier::Investigate,
            "A sensor's circuit is open",
        ),
        DoubtKind::OutOfRange => (
            "sensor_out_of_range",
            Tier::Investigate,
            "A sensor reads impossible values",
        ),
        DoubtKind::Jump => (
            "sensor_jumps",
            Tier::Investigate,
            "A sensor's reading jumps",
        ),
        DoubtKind::Stuck => (
            "sensor_stuck",
            Tier::Investigate,
            "A sensor's reading is stuck",
        ),
        DoubtKind::Clipped => (
            "sensor_clipped",
            Tier::Watch,
            "A sensor is at the end of its range",
        ),
        DoubtKind::UnitSwitched => (
            "sensor_unit",
            Tier::Watch,
            "A channel is logged in another unit",
        ),
        DoubtKind::UnknownUnit
        | DoubtKind::ClockStep
        | DoubtKind::Gaps
        | DoubtKind::TooFewReadings
        | DoubtKind::Overlap => return None,
    };
    Some(Finding {
        rule: rule.to_owned(),
        system: System::Sensors,
        tier,
        confidence: 0.9,
        title: title.to_owned(),
        explanation: doubt.explanation.clone(),
        evidence: Vec::new(),
        next_checks: vec![
            "Check the sensor's plug and wiring.".to_owned(),
            "Compare its reading with a measurement.".to_owned(),
            "Check the logger's setting for this channel.".to_owned(),
        ],
        span: doubt.span,
        beyond: 0.0,
        explains: doubt.channel.iter().cloned().collect(),
    })
}
