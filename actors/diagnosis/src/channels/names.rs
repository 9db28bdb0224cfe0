//! How loggers spell channels, and how a logged value becomes one in the channel's canonical unit.

use super::Channel;
use crate::units::{Dimension, Unit};

/// What a logged name and unit mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Meaning {
    /// The channel.
    pub channel: Channel,
    /// How its values become canonical; none if the unit does not belong to the channel.
    pub scale: Option<Scale>,
    /// No unit was logged, so that a share may be logged as a fraction.
    pub unit_is_assumed: bool,
}

/// `value * factor + offset` is in the canonical unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    factor: f64,
    offset: f64,
}

impl Scale {
    const SAME: Self = Self {
        factor: 1.0,
        offset: 0.0,
    };

    /// The value in the canonical unit.
    pub fn apply(self, value: f64) -> f64 {
        value * self.factor + self.offset
    }

    fn between(from: Unit, to: Unit) -> Option<Self> {
        if from == to {
            return Some(Self::SAME);
        }
        let offset = from.convert(0.0, to)?;
        let factor = from.convert(1.0, to)? - offset;
        Some(Self { factor, offset })
    }
}

/// The channel and the conversion for a logged name and unit; none for a name that is not in the table.
pub fn meaning(name: &str, unit: Option<&str>) -> Option<Meaning> {
    let (plain, in_name) = split_unit(name);
    let (channel, in_name) = match by_alias(&plain) {
        Some(channel) => (channel, in_name),
        None => by_suffix(&plain)?,
    };
    let logged = unit.map(str::trim).filter(|unit| !unit.is_empty());
    let canonical = channel.unit();
    // Codes and counts have no unit, and the fuel status carries its label there.
    if canonical.is_empty() {
        return Some(Meaning {
            channel,
            scale: Some(Scale::SAME),
            unit_is_assumed: false,
        });
    }
    let canonical = Unit::named(canonical);
    let scale = match (logged, in_name) {
        (Some(text), _) => Unit::named(text).and_then(|unit| Scale::between(unit, canonical?)),
        (None, Some(unit)) => canonical.and_then(|canonical| Scale::between(unit, canonical)),
        (None, None) => Some(Scale::SAME),
    };
    Some(Meaning {
        channel,
        scale,
        unit_is_assumed: logged.is_none() && in_name.is_none(),
    })
}

/// The canonical form of a fuel system status: SAE J1979's bits, from the bits themselves or from an index of 0..5.
pub fn fuel_status(value: f64) -> f64 {
    if (value - 3.0).abs() < 0.01 {
        4.0
    } else if (value - 5.0).abs() < 0.01 {
        16.0
    } else {
        value
    }
}

/// Whether a canonical fuel system status means closed loop.
pub fn is_closed_loop(status: f64) -> bool {
    (status - 2.0).abs() < 0.01 || (status - 16.0).abs() < 0.01
}

/// Upper case words joined by underscores, and the unit in the last parentheses, if it is one.
fn split_unit(name: &str) -> (String, Option<Unit>) {
    let name = name.trim();
    let named = name.strip_suffix([')', ']']).and_then(|open| {
        let at = open.rfind(['(', '['])?;
        let unit = Unit::named(open[at + 1..].trim())?;
        Some((&open[..at], Some(unit)))
    });
    let (rest, unit) = named.unwrap_or((name, None));
    let mut plain = String::with_capacity(rest.len());
    for word in rest.split(|c: char| !c.is_alphanumeric()) {
        if !word.is_empty() {
            if !plain.is_empty() {
                plain.push('_');
            }
            plain.push_str(&word.to_uppercase());
        }
    }
    (plain, unit)
}

fn by_alias(plain: &str) -> Option<Channel> {
    Channel::all()
        .find(|channel| channel.name() == plain)
        .or_else(|| {
            ALIASES
                .iter()
                .find(|(_, names)| names.contains(&plain))
                .map(|(channel, _)| *channel)
        })
}

/// `COOLANT_TEMP_C`, `SPEED_MPH`: a known name with a unit of the right kind behind it.
fn by_suffix(plain: &str) -> Option<(Channel, Option<Unit>)> {
    let (stem, suffix) = plain.rsplit_once('_')?;
    let channel = by_alias(stem)?;
    let unit = Unit::named(match suffix {
        "KMH" | "KPH" => "km/h",
        "PCT" | "PERCENT" => "%",
        "GPS" | "GS" => "g/s",
        "DEG" => "°",
        suffix => suffix,
    })?;
    let dimension = Unit::named(channel.unit()).map(Unit::dimension);
    (dimension == Some(unit.dimension()) && unit.dimension() != Dimension::Distance)
        .then_some((channel, Some(unit)))
}

/// Names besides the canonical ones: python-OBD's, the logger's, short forms, and the headers of common applications.
#[rustfmt::skip]
static ALIASES: &[(Channel, &[&str])] = &[
    (Channel::Rpm, &["ENGINE_RPM", "ENGINE_SPEED", "ENGINE_REVOLUTIONS", "REVS", "N_ENGINE"]),
    (Channel::Speed, &["VEHICLE_SPEED", "VEHICLE_SPEED_SENSOR", "SPEED_OBD", "ROAD_SPEED", "VSS", "SPEED_SENSOR"]),
    (Channel::Coolant, &["COOLANT", "ENGINE_COOLANT_TEMP", "ENGINE_COOLANT_TEMPERATURE", "COOLANT_TEMPERATURE", "ECT",
        "CLT", "WATER_TEMP", "ENGINE_TEMP", "ENGINE_TEMPERATURE"]),
    (Channel::IntakeAir, &["INTAKE_AIR_TEMP", "INTAKE_AIR_TEMPERATURE", "INTAKE_TEMPERATURE", "AIR_INTAKE_TEMP",
        "AIR_INTAKE_TEMPERATURE", "IAT", "AIR_TEMP"]),
    (Channel::Ambient, &["AMBIANT_AIR_TEMP", "AMBIENT_AIR_TEMP", "AMBIENT_AIR_TEMPERATURE", "AMBIENT_TEMPERATURE",
        "OUTSIDE_TEMP", "OUTSIDE_AIR_TEMP", "AAT"]),
    (Channel::Throttle, &["THROTTLE", "THROTTLE_POSITION", "ABSOLUTE_THROTTLE_POSITION", "THROTTLE_POSITION_MANIFOLD",
        "TPS", "TP", "ABSOLUTE_THROTTLE_POS"]),
    (Channel::RelativeThrottle, &["RELATIVE_THROTTLE_POSITION", "RELATIVE_THROTTLE"]),
    (Channel::Pedal, &["ACCELERATOR_POS_D", "ACCELERATOR_PEDAL_POSITION_D", "ACCELERATOR_PEDAL_POSITION", "PEDAL_D",
        "PEDAL_POSITION", "ACCEL_PEDAL_POS_D", "ACCELERATORPEDAL_POSITION_D", "APP"]),
    (Channel::Load, &["LOAD", "CALCULATED_LOAD", "CALCULATED_ENGINE_LOAD", "CALCULATED_LOAD_VALUE", "CALCULATED_ENGINE_LOAD_VALUE",
        "ENGINE_LOAD_CALCULATED", "LOAD_PCT", "CLV"]),
    (Channel::Timing, &["TIMING", "IGNITION_TIMING", "IGNITION_ADVANCE", "SPARK_ADVANCE", "IGNITION_TIMING_ADVANCE",
        "IGNITION_TIMING_ADVANCE_FOR_1_CYLINDER", "SPARKADV"]),
    (Channel::ShortTrim, &["SHORT_TERM_FUEL_TRIM_1", "SHORT_TERM_FUEL_TRIM_BANK_1", "SHORT_TERM_FUEL_TRIM_BANK1",
        "SHORT_FUEL_TRIM_BANK_1", "FUEL_TRIM_BANK_1_SHORT_TERM", "SHORT_TERM_FUEL_TRIM", "SHORT_TERM_FUEL_BANK_1",
        "SHORT_TERM_FUEL_BANK1", "SHORT_TERM_FUEL_TRIM_BANK_1_SHORT", "STFT1", "STFT", "STFT_B1", "STFT_1", "SHRTFT1",
        "SHORT_FUEL_TRIM"]),
    (Channel::LongTrim, &["LONG_TERM_FUEL_TRIM_1", "LONG_TERM_FUEL_TRIM_BANK_1", "LONG_TERM_FUEL_TRIM_BANK1",
        "LONG_FUEL_TRIM_BANK_1", "FUEL_TRIM_BANK_1_LONG_TERM", "LONG_TERM_FUEL_TRIM", "LONG_TERM_FUEL_BANK_1",
        "LONG_TERM_FUEL_BANK1", "LTFT1", "LTFT", "LTFT_B1", "LTFT_1", "LONGFT1", "LONG_FUEL_TRIM"]),
    (Channel::ShortTrim2, &["SHORT_TERM_FUEL_TRIM_2", "SHORT_TERM_FUEL_TRIM_BANK_2", "SHORT_TERM_FUEL_TRIM_BANK2",
        "FUEL_TRIM_BANK_2_SHORT_TERM", "STFT2", "STFT_B2", "SHRTFT2"]),
    (Channel::LongTrim2, &["LONG_TERM_FUEL_TRIM_2", "LONG_TERM_FUEL_TRIM_BANK_2", "LONG_TERM_FUEL_TRIM_BANK2",
        "FUEL_TRIM_BANK_2_LONG_TERM", "LTFT2", "LTFT_B2", "LONGFT2"]),
    (Channel::FrontO2, &["O2_SENSOR_B1S1", "O2_BANK1_SENSOR1", "O2_BANK1_SENSOR1_V", "O2_BANK_1_SENSOR_1",
        "O2_BANK_1_SENSOR_1_VOLTAGE", "O2_VOLTS_BANK_1_SENSOR_1", "OXYGEN_SENSOR_1_VOLTAGE", "O2S11", "O2B1S1",
        "O2_VOLTAGE_B1S1", "OXYGEN_SENSOR_B1S1", "FRONT_O2", "BANK_1_SENSOR_1_VOLTAGE"]),
    (Channel::RearO2, &["O2_SENSOR_B1S2", "O2_BANK1_SENSOR2", "O2_BANK1_SENSOR2_V", "O2_BANK_1_SENSOR_2",
        "O2_BANK_1_SENSOR_2_VOLTAGE", "O2_VOLTS_BANK_1_SENSOR_2", "OXYGEN_SENSOR_2_VOLTAGE", "O2S12", "O2B1S2",
        "O2_VOLTAGE_B1S2", "OXYGEN_SENSOR_B1S2", "REAR_O2", "BANK_1_SENSOR_2_VOLTAGE"]),
    (Channel::Maf, &["MASS_AIR_FLOW", "MASS_AIR_FLOW_RATE", "MASS_AIRFLOW", "MAF_AIR_FLOW_RATE", "AIR_FLOW_RATE",
        "MAF_RATE", "AIR_FLOW_RATE_FROM_MASS_AIR_FLOW_SENSOR", "AIR_FLOW_RATE_MAF", "INTAKE_AIR_FLOW"]),
    (Channel::ManifoldPressure, &["MAP", "MANIFOLD_PRESSURE", "INTAKE_MANIFOLD_PRESSURE", "MANIFOLD_ABSOLUTE_PRESSURE",
        "INTAKE_MANIFOLD_ABSOLUTE_PRESSURE", "MDP"]),
    (Channel::Barometer, &["BAROMETRIC_KPA", "BAROMETER", "BAROMETRIC", "BARO", "ABSOLUTE_BAROMETRIC_PRESSURE",
        "BAROMETRIC_PRESSURE_FROM_VEHICLE"]),
    (Channel::FuelStatus, &["FUEL_STATUS", "FUEL_SYSTEM", "FUEL_SYSTEM_STATUS_1", "FUELSYS", "FUEL_SYSTEM_1_STATUS"]),
    (Channel::Mil, &["MIL", "MIL_STATUS", "CHECK_ENGINE", "CHECK_ENGINE_LIGHT", "MALFUNCTION_LAMP"]),
    (Channel::DtcCount, &["DTCS", "DTC_CNT", "NUMBER_OF_DTCS", "NUM_DTC", "TROUBLE_CODE_COUNT", "DTC_NUMBER"]),
    (Channel::ModuleVoltage, &["VOLTAGE_CONTROL_MODULE", "CONTROL_MODULE_VOLT", "ECU_VOLTAGE", "MODULE_VOLTAGE", "VPWR"]),
    (Channel::BatteryVoltage, &["BATTERY_V", "ELM_VOLTAGE", "BATTERY", "OBD_ADAPTER_VOLTAGE", "VOLTAGE_OBD_ADAPTER",
        "ADAPTER_VOLTAGE", "OBD_MODULE_VOLTAGE", "VOLTAGE", "BATTERY_VOLT", "SYSTEM_VOLTAGE"]),
    (Channel::FuelLevel, &["FUEL_TANK", "FUEL_TANK_LEVEL", "FUEL_LEVEL_INPUT", "FUEL_LEVEL_FROM_ENGINE_ECU", "FUEL_TANK_LEVEL_INPUT"]),
    (Channel::RunTime, &["RUNTIME", "RUNTIME_SEC", "RUN_TIME_SINCE_ENGINE_START", "TIME_SINCE_ENGINE_START",
        "ENGINE_RUN_TIME", "ENGINE_RUN_TINE", "RUNTM", "ENGINE_RUNTIME"]),
    (Channel::OilTemp, &["ENGINE_OIL_TEMP", "ENGINE_OIL_TEMPERATURE", "OIL_TEMPERATURE", "EOT"]),
    (Channel::CatalystTemp, &["CATALYST_TEMPERATURE_BANK1_SENSOR1", "CATALYST_TEMPERATURE_BANK_1_SENSOR_1",
        "CATALYST_TEMPERATURE_B1S1", "CATEMP11"]),
    (Channel::CatalystTemp2, &["CATALYST_TEMPERATURE_BANK1_SENSOR2", "CATALYST_TEMPERATURE_BANK_1_SENSOR_2",
        "CATALYST_TEMPERATURE_B1S2", "CATEMP12"]),
    (Channel::EquivalenceRatio, &["FUEL_AIR_COMMANDED_EQUIV_RATIO", "COMMANDED_EQUIVALENCE_RATIO",
        "FUEL_AIR_COMMANDED_EQUIVALENCE_RATIO", "COMMANDED_EQUIVALENCE_RATIO_LAMBDA"]),
    (Channel::FuelPressure, &["FUEL_RAIL_PRESSURE", "FUEL_RAIL_PRESSURE_DIRECT", "FUEL_RAIL_PRESSURE_ABS"]),
    (Channel::ThrottleActuator, &["COMMANDED_THROTTLE_ACTUATOR", "COMMANDED_THROTTLE_ACTUATOR_CONTROL"]),
];

#[cfg(test)]
mod tests;
