//! What is known beforehand of the common OBD-II parameters: how people call them, their standard unit, and
//! between which values a healthy 1998 Mitsubishi Eclipse keeps them.
//!
//! The limits say where a reading deserves a look, not where something breaks: time spent beyond them is
//! counted and shown to the model, nothing is refused because of them.

use super::units::Unit;

/// A parameter that this server knows something about.
#[derive(Debug)]
pub struct KnownParameter {
    /// The names under which loggers store it, upper case; the first is the usual one.
    pub names: &'static [&'static str],
    /// What a sentence calls it, lower case.
    pub spoken: &'static [&'static str],
    /// The unit of `low` and `high`, and of readings that carry none.
    pub unit: &'static str,
    /// Below this a reading deserves a look.
    pub low: Option<f64>,
    /// Above this a reading deserves a look.
    pub high: Option<f64>,
}

/// The bounds of one parameter in the unit of its readings.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Limits {
    /// Below this a reading deserves a look.
    pub low: Option<f64>,
    /// Above this a reading deserves a look.
    pub high: Option<f64>,
}

/// All parameters with a meaning known beforehand.
pub fn known_parameters() -> &'static [KnownParameter] {
    KNOWN
}

/// The entry of a parameter, by any of its stored names, in any case.
pub fn known_parameter(name: &str) -> Option<&'static KnownParameter> {
    KNOWN.iter().find(|known| {
        known
            .names
            .iter()
            .any(|known| known.eq_ignore_ascii_case(name))
    })
}

/// The limits of `parameter` for readings in `unit`; `None` when the parameter is unknown, or its readings are
/// in a unit that measures something else.
pub fn limits_of(parameter: &str, unit: Option<&str>) -> Option<Limits> {
    let known = known_parameter(parameter)?;
    let standard = Unit::named(known.unit)?;
    let readings = match unit {
        Some(unit) => Unit::named(unit)?,
        None => standard,
    };
    let convert = |bound: Option<f64>| bound.and_then(|bound| standard.convert(bound, readings));
    (standard.dimension() == readings.dimension()).then(|| Limits {
        low: convert(known.low),
        high: convert(known.high),
    })
}

const fn known(
    names: &'static [&'static str],
    spoken: &'static [&'static str],
    unit: &'static str,
    low: Option<f64>,
    high: Option<f64>,
) -> KnownParameter {
    KnownParameter {
        names,
        spoken,
        unit,
        low,
        high,
    }
}

#[rustfmt::skip]
static KNOWN: &[KnownParameter] = &[
    // The red zone of the 1995-99 tachometer begins at 7000. No lower bound: 0 is a stopped engine.
    known(&["RPM", "ENGINE_RPM"], &["engine speed", "engine rpm", "revs"], "rpm", None, Some(7000.0)),
    // No car of the series goes faster: more than this is a faulty sensor.
    known(&["SPEED", "VEHICLE_SPEED"], &["vehicle speed", "road speed"], "km/h", None, Some(230.0)),
    // Workshop manual: thermostat opens at 82 ± 1.5 °C and is fully open at 95 °C. Far below, it hangs open (or
    // the engine is still cold); 105 °C is past the second stage of the fan.
    known(&["COOLANT_TEMP", "ENGINE_COOLANT_TEMP"],
        &["coolant temperature", "engine temperature", "coolant"], "°C", Some(70.0), Some(105.0)),
    // Every 10 K of intake air cost some degrees of knock margin; above 60 °C the intake is heat-soaked.
    known(&["INTAKE_TEMP", "INTAKE_AIR_TEMP", "IAT"],
        &["intake air temperature", "intake temperature", "intake air"], "°C", None, Some(60.0)),
    // By definition of the PID 0x11: more or less is a wiring fault.
    known(&["THROTTLE_POS", "THROTTLE_POSITION"], &["throttle position", "throttle opening", "throttle"],
        "%", Some(0.0), Some(100.0)),
    // Workshop practice (also the makers' scan tables): warm and in closed loop, both trims move within ±10 %.
    // The short one swings further for moments at every change of throttle.
    known(&["SHORT_FUEL_TRIM_1", "SHORT_TERM_FUEL_TRIM_1"], &["short-term fuel trim", "short term fuel trim", "stft"],
        "%", Some(-15.0), Some(15.0)),
    known(&["LONG_FUEL_TRIM_1", "LONG_TERM_FUEL_TRIM_1"], &["long-term fuel trim", "long term fuel trim", "ltft"],
        "%", Some(-10.0), Some(10.0)),
    // A narrow-band sensor swings between some 0.04 and 0.9 V (makers' scan tables); beyond, it is stuck or shorted.
    known(&["O2_B1S1", "O2_SENSOR_B1S1"], &["upstream oxygen sensor", "upstream o2 sensor", "front o2 sensor"],
        "V", Some(0.04), Some(1.0)),
    known(&["O2_B1S2", "O2_SENSOR_B1S2"], &["downstream oxygen sensor", "downstream o2 sensor", "rear o2 sensor"],
        "V", Some(0.04), Some(1.0)),
    // 210 hp need about 200 g/s of air; the stock T25 turbo moves little more.
    known(&["MAF", "MASS_AIR_FLOW"], &["mass air flow", "mass airflow", "air flow", "airflow"], "g/s", None, Some(210.0)),
    // Base timing is 5° before top dead centre. Below zero the control unit is pulling timing because of knock.
    known(&["TIMING_ADVANCE"], &["timing advance", "ignition timing", "ignition advance", "spark advance", "timing"],
        "degree", Some(0.0), Some(45.0)),
    // SAE J1979 calculated load: 100 % is all that the engine can give at that speed.
    known(&["ENGINE_LOAD", "CALCULATED_LOAD"], &["engine load", "calculated load"], "%", None, Some(100.0)),
    // Workshop manual, regulated voltage: 13.1 V (hot) to 15.4 V (at -20 °C).
    known(&["CONTROL_MODULE_VOLTAGE", "BATTERY_VOLTAGE", "BATTERY_V", "ELM_VOLTAGE"],
        &["control module voltage", "battery voltage", "system voltage", "charging voltage"], "V", Some(13.1), Some(15.4)),
    // Mineral oil of the prescribed grades thins out and oxidises from here on.
    known(&["OIL_TEMP", "ENGINE_OIL_TEMP"], &["oil temperature", "engine oil temperature"], "°C", None, Some(130.0)),
    // Absolute: one atmosphere and the stock boost of 0.8 bar, rounded up.
    known(&["INTAKE_PRESSURE", "MAP"], &["intake pressure", "manifold pressure", "manifold absolute pressure"],
        "kPa", None, Some(190.0)),
    // Above this a catalyst's ceramic starts to sinter.
    known(&["CATALYST_TEMP_B1S1"], &["catalyst temperature", "catalytic converter temperature"], "°C", None, Some(900.0)),
    // The in-tank pump is cooled by fuel.
    known(&["FUEL_LEVEL"], &["fuel level"], "%", Some(5.0), None),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_follow_the_unit_of_the_readings() {
        let celsius = limits_of("coolant_temp", Some("degC")).expect("known");
        assert_eq!(
            celsius,
            Limits {
                low: Some(70.0),
                high: Some(105.0)
            }
        );
        let fahrenheit = limits_of("COOLANT_TEMP", Some("°F")).expect("known");
        assert!((fahrenheit.high.expect("has one") - 221.0).abs() < 1e-9);
        assert_eq!(limits_of("COOLANT_TEMP", None), Some(celsius));
    }

    #[test]
    fn a_foreign_unit_or_an_unknown_parameter_has_no_limits() {
        assert_eq!(limits_of("COOLANT_TEMP", Some("V")), None);
        assert_eq!(limits_of("COOLANT_TEMP", Some("bananas")), None);
        assert_eq!(limits_of("FLUX_CAPACITOR", Some("V")), None);
    }

    #[test]
    fn every_entry_has_a_known_unit_and_ordered_limits() {
        for known in known_parameters() {
            assert!(Unit::named(known.unit).is_some(), "{:?}", known.names);
            if let (Some(low), Some(high)) = (known.low, known.high) {
                assert!(low < high, "{:?}", known.names);
            }
            assert!(known.names.iter().all(|name| *name == name.to_uppercase()));
            assert!(known.spoken.iter().all(|name| *name == name.to_lowercase()));
        }
    }
}
