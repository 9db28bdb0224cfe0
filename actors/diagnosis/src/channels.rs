//! The channels that the server understands: one row each with name, unit and physical range.
//!
//! Every other file of the diagnosis speaks of a [`Channel`]; only [`names`] knows how loggers spell them.

pub mod names;

/// A measured quantity of the car.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Channel {
    Rpm,
    Speed,
    Coolant,
    IntakeAir,
    Ambient,
    Throttle,
    RelativeThrottle,
    Pedal,
    Load,
    Timing,
    ShortTrim,
    LongTrim,
    ShortTrim2,
    LongTrim2,
    FrontO2,
    RearO2,
    Maf,
    ManifoldPressure,
    Barometer,
    FuelStatus,
    Mil,
    DtcCount,
    ModuleVoltage,
    BatteryVoltage,
    FuelLevel,
    RunTime,
    OilTemp,
    CatalystTemp,
    CatalystTemp2,
    EquivalenceRatio,
    FuelPressure,
    ThrottleActuator,
}

/// Number of channels.
pub(crate) const CHANNELS: usize = 32;

/// What is known beforehand of a channel.
#[derive(Debug)]
pub struct ChannelSpec {
    /// The channel.
    pub channel: Channel,
    /// Canonical name, as diagnoses and the API spell it.
    pub name: &'static str,
    /// What a sentence calls it, lower case.
    pub label: &'static str,
    /// Canonical unit as [`super::units`] writes it; empty for counts and codes.
    pub unit: &'static str,
    /// A value below is no measurement.
    pub low: f64,
    /// A value above is no measurement.
    pub high: f64,
    /// The smallest step that the sensor reports; a standard deviation is never taken to be smaller.
    pub resolution: f64,
    /// Whether one value throughout is normal.
    pub may_rest: bool,
}

impl Channel {
    /// All channels, in the order of the table.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|spec| spec.channel)
    }

    /// Its row of the table.
    pub fn spec(self) -> &'static ChannelSpec {
        &TABLE[self.index()]
    }

    /// Canonical name.
    pub fn name(self) -> &'static str {
        self.spec().name
    }

    /// What a sentence calls it.
    pub fn label(self) -> &'static str {
        self.spec().label
    }

    /// Canonical unit.
    pub fn unit(self) -> &'static str {
        self.spec().unit
    }

    pub(crate) fn index(self) -> usize {
        self as usize
    }

    /// A bit of its own, for sets of channels: one of the lowest 32.
    pub fn bit(self) -> u64 {
        1 << self.index()
    }
}

#[allow(clippy::too_many_arguments)] // A row of a table.
const fn row(
    channel: Channel,
    name: &'static str,
    label: &'static str,
    unit: &'static str,
    low: f64,
    high: f64,
    resolution: f64,
    may_rest: bool,
) -> ChannelSpec {
    ChannelSpec {
        channel,
        name,
        label,
        unit,
        low,
        high,
        resolution,
        may_rest,
    }
}

/// Ranges are what the sensor can mean on an engine, which is narrower than what its PID can encode: a coolant of 215 °C
/// is a short circuit, and a fuel trim of −100 or 99.2 % a byte that was lost.
#[rustfmt::skip]
static TABLE: [ChannelSpec; CHANNELS] = [
    row(Channel::Rpm, "RPM", "engine speed", "rpm", 0.0, 10_000.0, 0.25, false),
    row(Channel::Speed, "SPEED", "vehicle speed", "km/h", 0.0, 300.0, 1.0, true),
    row(Channel::Coolant, "COOLANT_TEMP", "coolant temperature", "°C", -40.0, 150.0, 1.0, false),
    row(Channel::IntakeAir, "INTAKE_TEMP", "intake air temperature", "°C", -40.0, 130.0, 1.0, true),
    row(Channel::Ambient, "AMBIENT_TEMP", "outside temperature", "°C", -40.0, 70.0, 1.0, true),
    row(Channel::Throttle, "THROTTLE_POS", "throttle position", "%", 0.0, 100.0, 0.4, false),
    row(Channel::RelativeThrottle, "RELATIVE_THROTTLE_POS", "relative throttle position", "%", 0.0, 100.0, 0.4, true),
    row(Channel::Pedal, "ACCELERATOR_POS", "accelerator position", "%", 0.0, 100.0, 0.4, true),
    row(Channel::Load, "ENGINE_LOAD", "engine load", "%", 0.0, 150.0, 0.4, false),
    row(Channel::Timing, "TIMING_ADVANCE", "ignition timing", "°", -64.0, 64.0, 0.5, false),
    row(Channel::ShortTrim, "SHORT_FUEL_TRIM_1", "short-term fuel trim", "%", -60.0, 60.0, 0.8, false),
    row(Channel::LongTrim, "LONG_FUEL_TRIM_1", "long-term fuel trim", "%", -60.0, 60.0, 0.8, true),
    row(Channel::ShortTrim2, "SHORT_FUEL_TRIM_2", "short-term fuel trim of bank 2", "%", -60.0, 60.0, 0.8, true),
    row(Channel::LongTrim2, "LONG_FUEL_TRIM_2", "long-term fuel trim of bank 2", "%", -60.0, 60.0, 0.8, true),
    row(Channel::FrontO2, "O2_B1S1", "front O2 sensor", "V", 0.0, 1.3, 0.005, true),
    row(Channel::RearO2, "O2_B1S2", "rear O2 sensor", "V", 0.0, 1.3, 0.005, true),
    row(Channel::Maf, "MAF", "air mass", "g/s", 0.0, 655.35, 0.1, false),
    row(Channel::ManifoldPressure, "INTAKE_PRESSURE", "manifold pressure", "kPa", 0.0, 400.0, 1.0, true),
    row(Channel::Barometer, "BAROMETRIC_PRESSURE", "barometric pressure", "kPa", 45.0, 115.0, 1.0, true),
    row(Channel::FuelStatus, "FUEL_SYSTEM_STATUS", "fuel system status", "", 0.0, 16.0, 1.0, true),
    row(Channel::Mil, "MIL_ON", "malfunction lamp", "", 0.0, 1.0, 1.0, true),
    row(Channel::DtcCount, "DTC_COUNT", "stored trouble codes", "", 0.0, 255.0, 1.0, true),
    row(Channel::ModuleVoltage, "CONTROL_MODULE_VOLTAGE", "control module voltage", "V", 5.0, 20.0, 0.1, true),
    row(Channel::BatteryVoltage, "BATTERY_VOLTAGE", "battery voltage", "V", 5.0, 20.0, 0.1, true),
    row(Channel::FuelLevel, "FUEL_LEVEL", "fuel level", "%", 0.0, 100.0, 0.4, true),
    row(Channel::RunTime, "RUN_TIME", "time since engine start", "s", 0.0, 1e7, 1.0, true),
    row(Channel::OilTemp, "OIL_TEMP", "oil temperature", "°C", -40.0, 200.0, 1.0, true),
    row(Channel::CatalystTemp, "CATALYST_TEMP_B1S1", "catalyst temperature", "°C", -40.0, 1_200.0, 0.1, true),
    row(Channel::CatalystTemp2, "CATALYST_TEMP_B1S2", "rear catalyst temperature", "°C", -40.0, 1_200.0, 0.1, true),
    row(Channel::EquivalenceRatio, "COMMANDED_EQUIV_RATIO", "commanded equivalence ratio", "", 0.0, 2.0, 0.001, true),
    row(Channel::FuelPressure, "FUEL_PRESSURE", "fuel pressure", "kPa", 0.0, 65_536.0, 3.0, true),
    row(Channel::ThrottleActuator, "THROTTLE_ACTUATOR", "commanded throttle", "%", 0.0, 100.0, 0.4, true),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Unit;

    #[test]
    fn the_table_is_in_the_order_of_the_channels_and_complete() {
        for (index, spec) in TABLE.iter().enumerate() {
            assert_eq!(spec.channel.index(), index, "{}", spec.name);
            assert!(
                spec.low < spec.high && spec.resolution > 0.0,
                "{}",
                spec.name
            );
        }
        assert_eq!(Channel::ThrottleActuator.index() + 1, CHANNELS);
    }

    #[test]
    fn every_canonical_unit_is_the_label_of_a_known_unit() {
        for spec in TABLE.iter().filter(|spec| !spec.unit.is_empty()) {
            let unit = Unit::named(spec.unit).expect(spec.name);
            assert_eq!(unit.label(), spec.unit);
        }
    }
}
