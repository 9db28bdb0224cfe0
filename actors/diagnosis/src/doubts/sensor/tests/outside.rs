//! Values that no sensor gives.

use rstest::rstest;

use super::*;

/// A coolant sensor with so many good readings, then values outside its range.
fn outside(good: i64, values: &[f64]) -> Option<Doubt> {
    let mut sensor = SensorWatch::new(Channel::Coolant);
    for index in 0..good {
        sensor.reading(index * 1_000, 88.0);
    }
    for (index, value) in (good..).zip(values) {
        sensor.out_of_range(index * 1_000, *value);
    }
    sensor.outside_doubt()
}

#[test]
fn three_values_outside_the_range_and_a_fiftieth_of_all_are_a_doubt() {
    assert!(outside(147, &[400.0; 3]).is_some());
    assert!(outside(148, &[400.0; 3]).is_none());
    assert!(outside(0, &[400.0; 2]).is_none());
    let doubt = outside(7, &[400.0, 400.0, 215.0]).expect("outside");
    assert_eq!(doubt.kind, DoubtKind::OutOfRange);
    assert_eq!(
        doubt.explanation,
        "3 of 10 readings of coolant temperature are outside the sensor's range, such as 215 °C."
    );
    let span = doubt.span.map(|span| (span.from_seconds, span.to_seconds));
    assert_eq!(span, Some((7.0, 9.0)));
}

#[test]
fn nine_of_ten_values_that_fit_in_another_unit_are_a_switched_unit() {
    let kind = |strays: usize| {
        let values: Vec<f64> = (0..10)
            .map(|at| if at < strays { 400.0 } else { 190.0 })
            .collect();
        outside(0, &values).map(|doubt| (doubt.kind, doubt.explanation.contains("another unit")))
    };
    assert_eq!(kind(1), Some((DoubtKind::UnitSwitched, true)));
    assert_eq!(kind(2), Some((DoubtKind::OutOfRange, false)));
}

#[rstest]
#[case::fahrenheit(Channel::Coolant, 190.0, true)]
#[case::the_end_of_a_sensor(Channel::Coolant, 215.0, false)]
#[case::just_below_its_end(Channel::Coolant, 214.0, true)]
#[case::too_cold(Channel::Coolant, -100.0, false)]
#[case::miles(Channel::Speed, 480.0, true)]
#[case::too_many_miles(Channel::Speed, 490.0, false)]
#[case::psi(Channel::Barometer, 10.0, true)]
#[case::bar(Channel::Barometer, 1.01, true)]
#[case::hectopascal(Channel::Barometer, 1_013.0, true)]
#[case::inches_of_mercury(Channel::Barometer, 29.92, true)]
#[case::no_pressure(Channel::Barometer, 5.0, false)]
#[case::a_pressure_times_psi(Channel::Barometer, 400.0, true)]
#[case::millivolt(Channel::FrontO2, 900.0, true)]
#[case::a_short_to_5_v(Channel::FrontO2, 5.0, false)]
#[case::a_short_to_the_battery(Channel::FrontO2, 14.4, false)]
#[case::no_voltage(Channel::FrontO2, 1_301.0, false)]
#[case::no_other_unit(Channel::Timing, 100.0, false)]
fn a_value_outside_its_range_may_fit_in_another_unit(
    #[case] channel: Channel,
    #[case] value: f64,
    #[case] fits: bool,
) {
    assert_eq!(fits_another_unit(channel, value), fits);
}

#[rstest]
#[case::coolant(Channel::Coolant, &[-40.0; 5], true)]
#[case::nearly(Channel::IntakeAir, &[-39.5; 5], true)]
#[case::cold(Channel::IntakeAir, &[-39.0; 5], false)]
#[case::few(Channel::Ambient, &[-40.0; 4], false)]
#[case::not_throughout(Channel::OilTemp, &[-40.0, -40.0, -40.0, -40.0, -40.0, 20.0], false)]
#[case::oil(Channel::OilTemp, &[-40.0; 9], true)]
#[case::no_such_sensor(Channel::CatalystTemp, &[-40.0; 9], false)]
fn a_temperature_of_minus_40_throughout_is_an_open_circuit(
    #[case] channel: Channel,
    #[case] values: &[f64],
    #[case] is_open: bool,
) {
    let mut sensor = SensorWatch::new(channel);
    for (at_ms, value) in (0..).step_by(1_000).zip(values) {
        sensor.reading(at_ms, *value);
    }
    assert_eq!(sensor.open_doubt().is_some(), is_open);
}
