//! A figure that drifts against earlier drives, from readings to the finding.

use rstest::rstest;

use super::*;

/// Warm idle in closed loop with a long-term trim.
fn idle(trim: f64, turbo: Option<bool>, history: History) -> Diagnosis {
    let vehicle = VehicleFacts {
        turbo,
        ..VehicleFacts::default()
    };
    let mut diagnoser = Diagnoser::new(&Settings::for_vehicle(vehicle), history);
    let channels: [Logged<'_>; 5] = [
        ("RPM", 1, &|_| 800.0),
        ("SPEED", 1, &|_| 0.0),
        ("COOLANT_TEMP", 1, &|_| 88.0),
        ("FUEL_SYSTEM_STATUS", 1, &|_| 2.0),
        ("LONG_FUEL_TRIM_1", 1, &|_| trim),
    ];
    log(&mut diagnoser, 0..120, &channels);
    diagnoser.finish().0
}

/// Drives with that trim: an anchor, or three earlier ones.
fn at(trim: f64, is_anchor: bool) -> History {
    let drive = EarlierDrive {
        drive: 1,
        figures: idle(trim, None, History::default()).figures,
    };
    History {
        anchor: is_anchor.then(|| drive.clone()),
        earlier: vec![drive; if is_anchor { 0 } else { 3 }],
    }
}

#[rstest]
#[case::lean_with_a_turbocharger(2.0, 8.0, Some(true), Tier::Investigate)]
#[case::lean_without(2.0, 8.0, Some(false), Tier::Watch)]
#[case::lean_and_not_known(2.0, 8.0, None, Tier::Watch)]
#[case::rich_with_a_turbocharger(9.0, 1.0, Some(true), Tier::Watch)]
fn a_lean_drift_of_a_turbocharged_engine_goes_up_one_tier(
    #[case] before: f64,
    #[case] now: f64,
    #[case] turbo: Option<bool>,
    #[case] tier: Tier,
    #[values(true, false)] is_anchor: bool,
) {
    let diagnosis = idle(now, turbo, at(before, is_anchor));
    assert_eq!(
        verdict(&diagnosis, "drift_fuel"),
        Some((tier, now, Some(before)))
    );
    let finding = finding(&diagnosis, "drift_fuel").expect("found");
    // Trims of healthy drives differ by 1.5 points; three drives widen that by the root of 4/3.
    let sigma = if is_anchor { 1.5 } else { 1.732 };
    assert!(
        (finding.beyond - (now - before).abs() / sigma).abs() < 0.002,
        "{}",
        finding.beyond
    );
}

#[test]
fn what_equals_earlier_drives_has_not_drifted() {
    let diagnosis = idle(4.0, Some(true), at(4.0, false));
    assert!(passed(&diagnosis, "drift_fuel"));
    // A drift rule is judged on its own figures only.
    let reason = not_judged(&diagnosis, "drift_cooling");
    assert_eq!(reason, Some(NotJudgedReason::InsufficientHistory));
}
