use rstest::rstest;

use super::*;

fn canonical(name: &str, unit: Option<&str>, value: f64) -> (Channel, f64) {
    let meaning = meaning(name, unit).unwrap_or_else(|| panic!("{name} is known"));
    let scale = meaning
        .scale
        .unwrap_or_else(|| panic!("{unit:?} belongs to {name}"));
    (meaning.channel, scale.apply(value))
}

#[rstest]
#[case("RPM", Channel::Rpm)]
#[case("Engine RPM (rpm)", Channel::Rpm)]
#[case("ENGINE_RPM ()", Channel::Rpm)]
#[case("VEHICLE_SPEED ()", Channel::Speed)]
#[case("Speed (OBD)(km/h)", Channel::Speed)]
#[case("ECT", Channel::Coolant)]
#[case("COOLANT_TEMPERATURE ()", Channel::Coolant)]
#[case("iat", Channel::IntakeAir)]
#[case("STFT1", Channel::ShortTrim)]
#[case("LTFT1", Channel::LongTrim)]
#[case("O2_BANK1_SENSOR2_V", Channel::RearO2)]
#[case("BATTERY_V", Channel::BatteryVoltage)]
#[case("BAROMETRIC_KPA", Channel::Barometer)]
#[case("RUNTIME_SEC", Channel::RunTime)]
#[case("Voltage (Control Module)(V)", Channel::ModuleVoltage)]
#[case("Fuel Trim Bank 1 Long Term(%)", Channel::LongTrim)]
#[case("coolant_temp_c", Channel::Coolant)]
fn the_names_of_common_loggers_are_known(#[case] name: &str, #[case] channel: Channel) {
    assert_eq!(
        meaning(name, None).map(|meaning| meaning.channel),
        Some(channel)
    );
}

#[rstest]
#[case("COOLANT_TEMP", Some("℃"), 88.0, 88.0)]
#[case("COOLANT_TEMP", Some("ºC"), 88.0, 88.0)]
#[case("COOLANT_TEMP", Some("degree_Celsius"), 88.0, 88.0)]
#[case("COOLANT_TEMP", Some("°F"), 212.0, 100.0)]
#[case("COOLANT_TEMP", Some(""), 88.0, 88.0)]
#[case("Coolant temperature (°F)", None, 212.0, 100.0)]
#[case("SPEED", Some("km/hr"), 50.0, 50.0)]
#[case("SPEED", Some("kilometer_per_hour"), 50.0, 50.0)]
#[case("SPEED_MPH", None, 50.0, 80.4672)]
#[case("ENGINE_LOAD", Some("％"), 40.0, 40.0)]
#[case("MAF", Some("g/sec"), 3.0, 3.0)]
#[case("MAF", Some("gps"), 3.0, 3.0)]
#[case("BAROMETRIC_PRESSURE", Some("psi"), 14.5, 99.973_976_5)]
#[case("BAROMETRIC_PRESSURE", Some("inHg"), 29.92, 101.320_758_88)]
#[case("THROTTLE_POS", Some("fraction"), 0.25, 25.0)]
#[case("FUEL_SYSTEM_STATUS", Some("CL - closed loop"), 2.0, 2.0)]
fn values_become_canonical(
    #[case] name: &str,
    #[case] unit: Option<&str>,
    #[case] value: f64,
    #[case] expected: f64,
) {
    let (_, value) = canonical(name, unit, value);
    assert!((value - expected).abs() < 1e-6, "{value}");
}

#[test]
fn a_unit_of_another_dimension_does_not_belong_to_the_channel() {
    let meaning = meaning("COOLANT_TEMP", Some("V")).expect("the name is known");
    assert_eq!(meaning.scale, None);
}

#[test]
fn an_unknown_name_has_no_meaning() {
    assert_eq!(meaning("FLUX_CAPACITOR", None), None);
    assert_eq!(meaning("GPS Speed (Meters/second)", None), None);
    // The voltage of a sensor is not what it measures.
    assert_eq!(meaning("COOLANT_TEMP_V", None), None);
}

#[test]
fn what_stands_in_parentheses_is_part_of_the_name_unless_it_is_a_unit() {
    let channel = |name| meaning(name, None).map(|meaning| meaning.channel);
    assert_eq!(channel("Speed ()"), Some(Channel::Speed));
    assert_eq!(channel("Speed (mph)"), Some(Channel::Speed));
    assert_eq!(channel("Speed (rear wheels)"), None);
}

#[test]
fn no_name_belongs_to_two_channels() {
    let mut names: Vec<&str> = ALIASES
        .iter()
        .flat_map(|(_, names)| *names)
        .copied()
        .collect();
    names.extend(Channel::all().map(Channel::name));
    let before = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), before);
}

#[test]
fn every_form_of_the_fuel_status_says_whether_the_loop_is_closed() {
    for (value, closed) in [
        (0.0, false),
        (1.0, false),
        (2.0, true),
        (3.0, false),
        (4.0, false),
        (5.0, true),
        (8.0, false),
        (16.0, true),
    ] {
        assert_eq!(is_closed_loop(fuel_status(value)), closed, "{value}");
    }
}

#[rstest]
#[case::no_unit("THROTTLE_POS", None, true)]
#[case::a_blank_unit("THROTTLE_POS", Some(" "), true)]
#[case::logged("THROTTLE_POS", Some("%"), false)]
#[case::in_the_name("Throttle position (%)", None, false)]
#[case::both("Throttle position (%)", Some("%"), false)]
#[case::a_code("FUEL_SYSTEM_STATUS", None, false)]
fn a_unit_is_assumed_where_neither_the_reading_nor_its_name_has_one(
    #[case] name: &str,
    #[case] unit: Option<&str>,
    #[case] is_assumed: bool,
) {
    let meaning = meaning(name, unit).unwrap_or_else(|| panic!("{name} is known"));
    assert_eq!(meaning.unit_is_assumed, is_assumed);
}

#[test]
fn an_index_of_the_fuel_status_becomes_its_bit() {
    // 1 and 2 are the same in both; 4 as an index is 8 as a bit, and open loop either way.
    let statuses = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 8.0, 16.0].map(fuel_status);
    let bits = [0.0, 1.0, 2.0, 4.0, 4.0, 16.0, 8.0, 16.0];
    assert!(
        statuses
            .iter()
            .zip(bits)
            .all(|(status, bit)| (status - bit).abs() < 1e-9),
        "{statuses:?}"
    );
}
