use super::*;
use crate::model::{EarlierDrive, History, Reading};
use crate::{Diagnoser, Settings};

#[test]
fn few_readings_and_less_than_four_fifths_of_a_drive_are_doubts() {
    let doubts = |readings, elapsed_seconds, covered_seconds| {
        let figures = Figures {
            readings,
            covered_seconds,
            elapsed_seconds,
            ..Figures::default()
        };
        let told = amount(&figures).into_iter();
        told.map(|doubt| doubt.explanation).collect::<Vec<_>>()
    };
    assert_eq!(doubts(59, 60.0, 0.0), ["The drive has 59 readings."]);
    assert!(doubts(60, 60.0, 0.0).is_empty());
    assert!(doubts(60, 100.0, 80.0).is_empty());
    let expected = ["Readings cover 79 s of 100 s."];
    assert_eq!(doubts(60, 100.0, 79.0), expected);
    assert_eq!(doubts(60, 61.0, 48.0), ["Readings cover 48 s of 61 s."]);
}

#[test]
fn a_step_of_the_clock_is_told_with_its_direction_and_the_number_of_others() {
    let told = |steps: &[i64]| {
        let mut diagnoser = Diagnoser::new(&Settings::default(), History::default());
        for second in 0..300 {
            let passed = usize::try_from(second / 100).expect("small");
            let stepped: i64 = steps.iter().take(passed).sum();
            diagnoser.push(Reading {
                at_ms: second * 1_000 + stepped,
                channel: "RPM",
                value: 800.0,
                unit: None,
                real: true,
            });
        }
        let doubts = diagnoser.finish().0.doubts;
        let step = doubts
            .into_iter()
            .find(|doubt| doubt.kind == DoubtKind::ClockStep);
        step.map(|doubt| doubt.explanation).unwrap_or_default()
    };
    assert_eq!(told(&[]), "");
    assert!(told(&[-3_600_000]).starts_with("The clock stepped backwards by "));
    assert!(!told(&[-3_600_000]).contains("more time"));
    let twice = told(&[823_270_210_000, -3_600_000]);
    assert!(
        twice.starts_with("The clock stepped forwards by "),
        "{twice}"
    );
    assert!(twice.contains(", and stepped 1 more time; "), "{twice}");
}

#[test]
fn a_speed_that_is_nearly_1_609_or_0_621_times_the_usual_one_is_in_another_unit() {
    let with = |speed: f64| Figures {
        speed_per_1000_rpm: Some(speed),
        ..Figures::default()
    };
    let earlier = EarlierDrive {
        drive: 1,
        figures: with(36.0),
    };
    let history = History {
        anchor: None,
        earlier: vec![earlier; 3],
    };
    let told = |speed| switched_speed(&with(speed), &history).map(|doubt| doubt.explanation);
    // Within 5 % of 57.9 and of 22.4.
    for speed in [55.1, 57.9, 60.8, 21.3, 22.4, 23.4] {
        assert!(told(speed).is_some(), "{speed}");
    }
    for speed in [55.0, 60.9, 21.2, 23.5, 36.0] {
        assert!(told(speed).is_none(), "{speed}");
    }
    let text = "58 km/h per 1,000 rpm, and 36 km/h on earlier drives";
    assert!(told(57.9).is_some_and(|told| told.contains(text)));
}
