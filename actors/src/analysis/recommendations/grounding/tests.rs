use chrono::NaiveDateTime;
use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::analysis::statistics::{Reading, StatisticsBuilder};

fn drive() -> Vec<ParameterStatistics> {
    let mut builder = StatisticsBuilder::new();
    let readings = [
        ("RPM", "revolutions_per_minute", [780.0, 2200.0, 3500.0]),
        ("COOLANT_TEMP", "degC", [71.0, 90.0, 96.0]),
        ("INTAKE_TEMP", "degC", [21.0, 30.0, 38.0]),
        ("SPEED", "kilometer_per_hour", [0.0, 60.0, 104.0]),
        ("LONG_FUEL_TRIM_1", "percent", [-3.1, 4.7, 12.5]),
        ("TIMING_ADVANCE", "degree", [5.0, 18.0, 31.0]),
        ("CONTROL_MODULE_VOLTAGE", "volt", [12.1, 12.3, 12.4]),
    ];
    for (parameter, unit, values) in readings {
        for value in values {
            builder.push(Reading {
                at: NaiveDateTime::default(),
                parameter,
                value,
                unit: Some(unit),
            });
        }
    }
    builder.finish().parameters
}

#[rstest]
#[case("COOLANT_TEMP reached 118 °C.")]
#[case("Coolant temperature peaked at 244°F, which is too hot.")]
#[case("The coolant rose to 130 degrees.")]
#[case("At 9500 rpm the engine was lean.")]
#[case("RPM: 9,500")]
#[case("RPM peaked at about 3600")]
#[case("rpm between 800 and 9500 were seen")]
#[case("Vehicle speed exceeded 120 mph.")]
#[case("LONG_FUEL_TRIM_1 of -18.5% points to a rich mixture.")]
#[case("Long-term fuel trim averaged 25 percent")]
#[case("CONTROL_MODULE_VOLTAGE stayed below 11 V")]
#[case("CONTROL_MODULE_VOLTAGE dropped below 11 V")]
#[case("COOLANT_TEMP stayed below 80 °C")]
#[case("Voltages are fine; CONTROL_MODULE_VOLTAGE was 14.2 V")]
#[case("Intake air temperature never fell below 35 °C")]
#[case("COOLANT_TEMP is normal. RPM is not: 9500 rpm.")]
fn a_value_outside_the_measured_range_is_not_grounded(#[case] text: &str) {
    assert!(!is_grounded(text, &drive()), "{text}");
}

#[rstest]
#[case("COOLANT_TEMP reached 96 °C at 3500 rpm.")]
#[case("Coolant temperature peaked at 205 °F.")]
#[case("RPM peaked at about 3550")]
#[case("RPM averaged about 2150, with a standard deviation of 1365.")]
#[case("SPEED never exceeded 65 mph")]
#[case("COOLANT_TEMP stayed below 105 °C")]
#[case("CONTROL_MODULE_VOLTAGE dropped below 12.2 V")]
#[case("Intake air temperature never fell below 20 °C")]
#[case("CONTROL_MODULE_VOLTAGE should be above 13.5 V with the engine running")]
#[case("Keep RPM below 7000 until COOLANT_TEMP is above 70 °C.")]
#[case("Advance the timing by 2 degrees in small steps.")]
#[case("LONG_FUEL_TRIM_1 at 12.5 % is above the usual 10 %: look for a vacuum leak.")]
#[case("O2_B1S1 was not logged: log it for 15 minutes, 3 drives at least.")]
#[case("Oil temperature was 150 °C")]
#[case("Replace the thermostat (82 °C) and 2.5 L of 10W-40.")]
#[case("Check cylinder 3 and code P0420 again in 500 miles.")]
#[case("Everything looks fine.")]
#[case("")]
fn what_agrees_with_the_figures_or_claims_nothing_is_grounded(#[case] text: &str) {
    assert!(is_grounded(text, &drive()), "{text}");
}

#[test]
fn without_figures_nothing_is_contradicted() {
    assert!(is_grounded("RPM reached 9500 rpm", &[]));
}

proptest! {
    #[test]
    fn any_measured_value_is_grounded_and_any_value_far_beyond_is_not(value in 780..=3500_i32, beyond in 4000..99_999_i32) {
        let measured = format!("RPM was {value} rpm");
        prop_assert!(is_grounded(&measured, &drive()));
        let invented = format!("RPM was {beyond} rpm");
        prop_assert!(!is_grounded(&invented, &drive()));
    }

    #[test]
    fn any_text_is_judged_without_a_panic(text in any::<String>(), near in "(RPM|COOLANT_TEMP|speed) [a-z0-9.,%° -]{0,30}") {
        is_grounded(&text, &drive());
        is_grounded(&near, &drive());
    }
}
