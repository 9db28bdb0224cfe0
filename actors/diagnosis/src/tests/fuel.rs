//! Where the rules about the mixture begin to fire, and what they show.

use rstest::rstest;

use super::*;

/// Both fuel trims together at warm idle, at cruise and under load; none: no such part of the drive.
type Trims = (Option<f64>, Option<f64>, Option<f64>);

const LONG: f64 = 2.0;

/// Idle for 100 s, cruise for 109 s of which the first 9 are not steady yet, and load for 50 s.
fn driven((idle, cruise, load): Trims, history: History) -> Diagnosis {
    let mut diagnoser = Diagnoser::new(&Settings::default(), history);
    let mut from = 0;
    for (sum, seconds, rpm, speed, work) in [
        (idle, 100, 800.0, 0.0, 25.0),
        (cruise, 109, 2_400.0, 90.0, 40.0),
        (load, 50, 2_400.0, 90.0, 75.0),
    ] {
        let Some(sum) = sum else {
            continue;
        };
        let channels: [Logged<'_>; 7] = [
            ("RPM", 1, &|_| rpm),
            ("SPEED", 1, &|_| speed),
            ("ENGINE_LOAD", 1, &|_| work),
            ("COOLANT_TEMP", 1, &|_| 88.0),
            ("FUEL_SYSTEM_STATUS", 1, &|_| 2.0),
            ("LONG_FUEL_TRIM_1", 1, &|_| LONG),
            ("SHORT_FUEL_TRIM_1", 1, &|_| sum - LONG),
        ];
        log(&mut diagnoser, from..from + seconds, &channels);
        from += seconds;
    }
    diagnoser.finish().0
}

/// The finding about the mixture, and all its evidence as value, threshold, state and seconds.
type Mixture<'a> = (&'a str, Tier, Vec<Piece>);
type Piece = (f64, Option<f64>, EngineState, f64);

fn mixture(diagnosis: &Diagnosis) -> Option<Mixture<'_>> {
    let [finding] = &diagnosis.findings[..] else {
        assert!(diagnosis.findings.is_empty(), "{:?}", rules(diagnosis));
        return None;
    };
    let pieces = finding.evidence.iter().map(|piece| {
        assert_eq!((piece.unit.as_str(), piece.span), ("%", None));
        let state = piece.state.expect("a trim is of a state");
        let seconds = piece.seconds.expect("a trim lasts");
        (piece.value, piece.threshold, state, seconds)
    });
    Some((&finding.rule, finding.tier, pieces.collect()))
}

fn idle(sum: f64, threshold: Option<f64>) -> Piece {
    (sum, threshold, EngineState::Idle, 100.0)
}

fn cruise(sum: f64, threshold: Option<f64>) -> Piece {
    (sum, threshold, EngineState::Cruise, 100.0)
}

#[rstest]
#[case::a_leak((Some(10.0), Some(3.0), None), "vacuum_leak", vec![idle(10.0, Some(10.0)), cruise(3.0, None)])]
#[case::a_large_leak((Some(22.0), Some(14.0), None), "vacuum_leak", vec![idle(22.0, Some(10.0)), cruise(14.0, None)])]
#[case::a_weak_supply((Some(1.0), Some(8.0), None), "fuel_supply_weak", vec![cruise(8.0, Some(8.0)), idle(1.0, None)])]
#[case::a_supply_that_is_weak_under_load(
    (Some(1.0), Some(2.0), Some(8.0)), "fuel_supply_weak",
    vec![(8.0, Some(8.0), EngineState::HighLoad, 50.0), idle(1.0, None)],
)]
#[case::a_cruise_that_is_leaner_than_the_load(
    (Some(1.0), Some(9.0), Some(8.5)), "fuel_supply_weak", vec![cruise(9.0, Some(8.0)), idle(1.0, None)],
)]
#[case::lean_everywhere((Some(10.0), Some(8.0), None), "lean_everywhere", vec![idle(10.0, Some(10.0)), cruise(8.0, None)])]
#[case::leaner_at_idle((Some(17.0), Some(10.5), None), "lean_everywhere", vec![idle(17.0, Some(10.0)), cruise(10.5, None)])]
#[case::leaner_at_cruise((Some(10.0), Some(16.5), None), "lean_everywhere", vec![idle(10.0, Some(10.0)), cruise(16.5, None)])]
#[case::leaner_under_load(
    (Some(10.0), Some(9.0), Some(16.5)), "lean_everywhere", vec![idle(10.0, Some(10.0)), cruise(9.0, None)],
)]
#[case::much_leaner_under_load(
    (Some(10.0), Some(9.0), Some(17.0)), "fuel_supply_weak",
    vec![(17.0, Some(8.0), EngineState::HighLoad, 50.0), idle(10.0, None)],
)]
fn lean(#[case] trims: Trims, #[case] rule: &str, #[case] evidence: Vec<Piece>) {
    let diagnosis = driven(trims, History::default());
    assert_eq!(mixture(&diagnosis), Some((rule, Tier::Warning, evidence)));
}

#[rstest]
#[case::nearly_lean_at_idle((Some(9.9), Some(0.0), None))]
#[case::nearly_a_leak((Some(10.0), Some(3.1), None))]
#[case::nearly_lean_at_cruise((Some(0.0), Some(7.9), None))]
#[case::nearly_a_weak_supply((Some(1.1), Some(8.0), None))]
#[case::nearly_a_weak_supply_under_load((Some(1.1), Some(2.0), Some(8.0)))]
#[case::nearly_lean_under_load((Some(0.0), Some(2.0), Some(7.9)))]
#[case::lean_everywhere_but_at_idle((Some(9.9), Some(8.0), None))]
#[case::lean_everywhere_but_at_cruise((Some(10.0), Some(7.9), None))]
#[case::nearly_lean_at_idle_alone((Some(9.9), None, None))]
#[case::nearly_rich_at_idle((Some(-11.9), Some(0.0), None))]
#[case::nearly_rich_at_cruise((Some(0.0), Some(-11.9), None))]
fn not_lean(#[case] trims: Trims) {
    let diagnosis = driven(trims, History::default());
    assert_eq!(mixture(&diagnosis), None);
    for rule in ["vacuum_leak", "fuel_supply_weak", "lean_everywhere"] {
        assert!(passed(&diagnosis, rule) || trims.1.is_none(), "{rule}");
    }
}

#[test]
fn lean_at_idle_without_any_driving_has_no_cause() {
    let diagnosis = driven((Some(10.0), None, None), History::default());
    let evidence = vec![idle(10.0, Some(10.0))];
    let expected = ("lean_at_idle", Tier::Investigate, evidence);
    assert_eq!(mixture(&diagnosis), Some(expected));
    assert!(says(
        &diagnosis,
        "lean_at_idle",
        "add +10.0 % at warm idle;"
    ));
    for rule in ["vacuum_leak", "fuel_supply_weak", "lean_everywhere"] {
        assert!(too_little(&diagnosis, rule), "{rule}");
    }
    // 0.5 + 0.45 * 100 / 120
    let confidence = shown(&diagnosis, "lean_at_idle").map(|shown| shown.confidence);
    assert_eq!(confidence, Some(0.88));
}

#[test]
fn a_mixture_is_told_in_words_with_its_places_and_the_shorter_of_two_decides_how_sure_it_is() {
    for (trims, rule, text, sure) in [
        (
            (Some(12.0), Some(3.0), None),
            "vacuum_leak",
            "+12.0 % at warm idle and +3.0 % at cruise",
            0.88,
        ),
        (
            (Some(0.0), Some(2.0), Some(9.0)),
            "fuel_supply_weak",
            "+9.0 % under load and 0.0 % at warm idle",
            // 0.5 + 0.45 * 50 / 120
            0.69,
        ),
    ] {
        let diagnosis = driven(trims, History::default());
        assert!(says(&diagnosis, rule, text), "{text}");
        let confidence = shown(&diagnosis, rule).map(|shown| shown.confidence);
        assert_eq!(confidence, Some(sure), "{rule}");
    }
}

#[rstest]
#[case::at_idle((Some(-12.0), Some(0.0), None), idle(-12.0, Some(-12.0)))]
#[case::at_cruise((Some(0.0), Some(-12.0), None), cruise(-12.0, Some(-12.0)))]
#[case::at_cruise_alone((None, Some(-12.0), None), cruise(-12.0, Some(-12.0)))]
#[case::the_richer_of_two((Some(-14.0), Some(-15.0), None), cruise(-15.0, Some(-12.0)))]
fn rich(#[case] trims: Trims, #[case] evidence: Piece) {
    let diagnosis = driven(trims, History::default());
    let expected = ("rich", Tier::Investigate, vec![evidence]);
    assert_eq!(mixture(&diagnosis), Some(expected));
    assert!(says(&diagnosis, "rich", "take away fuel: −1"));
}

#[test]
fn a_car_that_was_always_rich_is_rich_4_points_below_its_own_normal() {
    let anchor = |idle, cruise| History {
        anchor: Some(EarlierDrive {
            drive: 1,
            figures: driven((Some(idle), Some(cruise), None), History::default()).figures,
        }),
        earlier: Vec::new(),
    };
    let rich = |idle, history| {
        let diagnosis = driven((Some(idle), Some(0.0), None), history);
        shown(&diagnosis, "rich").map(|shown| (shown.value, shown.threshold))
    };
    assert_eq!(rich(-14.0, anchor(-10.0, 0.0)), Some((-14.0, Some(-14.0))));
    assert_eq!(rich(-13.9, anchor(-10.0, 0.0)), None);
    // The normal of the other state says nothing, and one that is less rich leaves the limit as it is.
    assert_eq!(rich(-12.0, anchor(-5.0, -10.0)), Some((-12.0, Some(-12.0))));
}

#[test]
fn trims_without_warm_closed_loop_judge_nothing() {
    let diagnosis = diagnosed(
        300,
        &[
            ("RPM", 1, &|_| 800.0),
            ("SPEED", 1, &|_| 0.0),
            ("COOLANT_TEMP", 1, &|_| 60.0),
            ("FUEL_SYSTEM_STATUS", 1, &|_| 2.0),
            ("LONG_FUEL_TRIM_1", 1, &|_| 20.0),
            ("SHORT_FUEL_TRIM_1", 1, &|_| 5.0),
        ],
    );
    for rule in [
        "vacuum_leak",
        "fuel_supply_weak",
        "lean_everywhere",
        "lean_at_idle",
        "rich",
    ] {
        assert!(too_little(&diagnosis, rule), "{rule}");
    }
}

#[rstest]
#[case::in_time(181, 180, 10.0, None)]
#[case::late(182, 181, 10.0, Some("before it goes into"))]
#[case::never(181, i64::MAX, 10.0, Some("without"))]
#[case::not_yet(180, i64::MAX, 10.0, None)]
#[case::too_cold(400, 300, 9.0, None)]
fn a_loop_that_stays_open_for_more_than_3_minutes_after_a_start_is_too_long(
    #[case] seconds: i64,
    #[case] closed_at: i64,
    #[case] coolant: f64,
    #[case] text: Option<&str>,
) {
    // The engine starts at second 20, and the temperature then counts.
    let since_start = |second: i64| second - 20;
    let diagnosis = diagnosed(
        20 + seconds,
        &[
            ("RPM", 1, &|second| if second < 20 { 0.0 } else { 900.0 }),
            ("COOLANT_TEMP", 1, &|second| {
                coolant + float(since_start(second).clamp(0, 120) / 2)
            }),
            ("FUEL_SYSTEM_STATUS", 1, &|second| {
                if since_start(second) < closed_at {
                    1.0
                } else {
                    2.0
                }
            }),
        ],
    );
    let rule = "open_loop_too_long";
    let expected = text.map(|_| Shown {
        tier: Tier::Watch,
        value: 181.0,
        unit: "s",
        threshold: Some(180.0),
        seconds: Some(181.0),
        span: Some((20.0, 201.0)),
        // 0.5 + 0.45 * 181 / 360
        confidence: 0.73,
    });
    assert_eq!(shown(&diagnosis, rule), expected);
    if let Some(text) = text {
        assert!(says(&diagnosis, rule, text));
    } else {
        assert_eq!(passed(&diagnosis, rule), closed_at == 180);
        assert_eq!(too_little(&diagnosis, rule), closed_at != 180);
    }
}

#[test]
fn only_the_first_start_of_a_drive_shows_for_how_long_the_loop_stays_open() {
    let stopped_with = |rpm: f64| {
        diagnosed(
            300,
            &[
                ("RPM", 1, &|second| {
                    if (100..110).contains(&second) {
                        rpm
                    } else {
                        900.0
                    }
                }),
                ("COOLANT_TEMP", 1, &|_| 20.0),
                ("FUEL_SYSTEM_STATUS", 1, &|_| 1.0),
            ],
        )
    };
    assert!(too_little(&stopped_with(0.0), "open_loop_too_long"));
    assert!(shown(&stopped_with(500.0), "open_loop_too_long").is_some());
}

#[test]
fn driving_that_is_no_cruise_is_told_as_driving() {
    let at = |second: i64, idle: f64, driving: f64| if second < 100 { idle } else { driving };
    let diagnosis = diagnosed(
        240,
        &[
            ("RPM", 1, &|second| at(second, 800.0, 1_500.0)),
            ("SPEED", 1, &|second| at(second, 0.0, 30.0)),
            ("COOLANT_TEMP", 1, &|_| 88.0),
            ("FUEL_SYSTEM_STATUS", 1, &|_| 2.0),
            ("LONG_FUEL_TRIM_1", 1, &|_| LONG),
            ("SHORT_FUEL_TRIM_1", 1, &|second| at(second, 9.0, 1.0)),
        ],
    );
    let text = "+11.0 % at warm idle and +3.0 % while driving";
    assert!(says(&diagnosis, "vacuum_leak", text));
}
