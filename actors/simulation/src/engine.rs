//! The engines that drives are simulated with.

use crate::Random;

/// What distinguishes one car from another.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "a car has each of these or not"
)]
pub struct Engine {
    /// For tables and test messages.
    pub name: &'static str,
    /// Swept volume in litres.
    pub displacement_l: f64,
    /// Highest torque in Nm.
    pub torque_nm: f64,
    /// Loaded weight in kg.
    pub weight_kg: f64,
    /// Mitsubishi's 4G63, for which some rules have limits of their own.
    pub is_4g63: bool,
    /// Compression ignition: no trims, no timing, no throttle to speak of.
    pub diesel: bool,
    /// The alternator rests while the engine works and charges on the overrun.
    pub smart_alternator: bool,
    /// The engine stops when the car does.
    pub stop_start: bool,
    /// Boosted: the load stays at 100 % while the air flow goes on rising.
    pub turbo: bool,
    /// Has a mass air flow sensor.
    pub has_maf: bool,
    /// Reports the manifold pressure. (The Eclipse reports its EGR system's sensor under the same name.)
    pub has_map: bool,
    /// Reports oxygen sensor voltages and the fuel system status.
    pub has_oxygen: bool,
    /// Warm idle speed in 1/min.
    pub idle_rpm: f64,
    /// Calculated load at warm idle in %.
    pub idle_load: f64,
    /// Throttle reading with the pedal released, in %.
    pub closed_throttle: f64,
    /// Temperature at which the thermostat starts to open, in °C.
    pub thermostat_c: f64,
    /// Temperature at which the fan starts, in °C.
    pub fan_on_c: f64,
    /// Timing at warm idle in degrees before top dead centre.
    pub idle_timing: f64,
    /// Timing at full load and 4,000 1/min in degrees before top dead centre.
    pub full_load_timing: f64,
    /// Engine speed per km/h, first to fifth gear.
    pub gears: [f64; 5],
    /// Charging voltage of a warm car.
    pub charging_v: f64,
    /// The load at which the ECU enriches, in %.
    pub enrichment_load: f64,
}

impl Engine {
    /// Mitsubishi Eclipse 2G with the turbocharged 4G63.
    pub const ECLIPSE_TURBO: Self = Self {
        name: "4G63 2.0 turbo",
        displacement_l: 1.997,
        torque_nm: 290.0,
        weight_kg: 1_480.0,
        is_4g63: true,
        diesel: false,
        smart_alternator: false,
        stop_start: false,
        turbo: true,
        has_maf: true,
        has_map: false,
        has_oxygen: true,
        idle_rpm: 750.0,
        idle_load: 22.0,
        closed_throttle: 11.0,
        thermostat_c: 82.0,
        fan_on_c: 94.0,
        idle_timing: 9.0,
        full_load_timing: 15.0,
        gears: [128.0, 76.0, 51.0, 38.0, 30.0],
        charging_v: 14.2,
        enrichment_load: 78.0,
    };
    /// Toyota Etios 1.5: no air flow sensor, no oxygen sensor voltages, low timing at low speed.
    pub const ETIOS: Self = Self {
        name: "Etios 1.5 (no MAF)",
        displacement_l: 1.496,
        torque_nm: 136.0,
        weight_kg: 1_080.0,
        is_4g63: false,
        diesel: false,
        smart_alternator: false,
        stop_start: false,
        turbo: false,
        has_maf: false,
        has_map: true,
        has_oxygen: false,
        idle_rpm: 700.0,
        idle_load: 26.0,
        closed_throttle: 16.0,
        thermostat_c: 83.0,
        fan_on_c: 93.0,
        idle_timing: 3.0,
        full_load_timing: 17.0,
        gears: [125.0, 68.0, 46.0, 35.0, 28.0],
        charging_v: 14.1,
        enrichment_load: 88.0,
    };
    /// Mazda MX-5 1.8.
    pub const MIATA: Self = Self {
        name: "Miata 1.8",
        displacement_l: 1.839,
        torque_nm: 162.0,
        weight_kg: 1_120.0,
        is_4g63: false,
        diesel: false,
        smart_alternator: false,
        stop_start: false,
        turbo: false,
        has_maf: true,
        has_map: false,
        has_oxygen: true,
        idle_rpm: 830.0,
        idle_load: 20.0,
        closed_throttle: 12.0,
        thermostat_c: 84.0,
        fan_on_c: 95.0,
        idle_timing: 10.0,
        full_load_timing: 22.0,
        gears: [135.0, 82.0, 59.0, 44.0, 36.0],
        charging_v: 14.4,
        enrichment_load: 85.0,
    };
    /// Mitsubishi Galant 2.4 with the 4G64.
    pub const GALANT: Self = Self {
        name: "4G64 2.4",
        displacement_l: 2.351,
        torque_nm: 200.0,
        weight_kg: 1_450.0,
        is_4g63: false,
        diesel: false,
        smart_alternator: false,
        stop_start: false,
        turbo: false,
        has_maf: true,
        has_map: false,
        has_oxygen: true,
        idle_rpm: 710.0,
        idle_load: 21.0,
        closed_throttle: 10.0,
        thermostat_c: 82.0,
        fan_on_c: 94.0,
        idle_timing: 8.0,
        full_load_timing: 20.0,
        gears: [118.0, 66.0, 44.0, 32.0, 25.0],
        charging_v: 14.0,
        enrichment_load: 82.0,
    };
    /// Volkswagen Golf 1.6.
    pub const GOLF: Self = Self {
        name: "Golf 1.6",
        displacement_l: 1.595,
        torque_nm: 145.0,
        weight_kg: 1_180.0,
        is_4g63: false,
        diesel: false,
        smart_alternator: false,
        stop_start: false,
        turbo: false,
        has_maf: true,
        has_map: true,
        has_oxygen: true,
        idle_rpm: 780.0,
        idle_load: 20.0,
        closed_throttle: 13.0,
        thermostat_c: 85.0,
        fan_on_c: 94.0,
        idle_timing: 6.0,
        full_load_timing: 21.0,
        gears: [122.0, 68.0, 47.0, 36.0, 29.0],
        charging_v: 13.9,
        enrichment_load: 86.0,
    };

    /// Volkswagen 1.4 TSI: direct injection, wideband sensor, hot thermostat, smart alternator, stop-start.
    pub const TSI: Self = Self {
        name: "1.4 TSI",
        displacement_l: 1.395,
        torque_nm: 250.0,
        weight_kg: 1_350.0,
        is_4g63: false,
        diesel: false,
        smart_alternator: true,
        stop_start: true,
        turbo: true,
        has_maf: false,
        has_map: true,
        has_oxygen: false,
        idle_rpm: 800.0,
        idle_load: 18.0,
        closed_throttle: 14.0,
        thermostat_c: 91.0,
        fan_on_c: 100.0,
        idle_timing: 5.0,
        full_load_timing: 8.0,
        gears: [115.0, 62.0, 42.0, 31.0, 24.0],
        charging_v: 14.3,
        enrichment_load: 96.0,
    };
    /// Volkswagen 2.0 TDI: a diesel, which shares only half of the channels.
    pub const TDI: Self = Self {
        name: "2.0 TDI",
        displacement_l: 1.968,
        torque_nm: 320.0,
        weight_kg: 1_500.0,
        is_4g63: false,
        diesel: true,
        smart_alternator: false,
        stop_start: false,
        turbo: true,
        has_maf: true,
        has_map: true,
        has_oxygen: false,
        idle_rpm: 830.0,
        idle_load: 24.0,
        closed_throttle: 83.5,
        thermostat_c: 86.0,
        fan_on_c: 97.0,
        idle_timing: 0.0,
        full_load_timing: 0.0,
        gears: [95.0, 52.0, 34.0, 25.0, 19.5],
        charging_v: 14.3,
        enrichment_load: 101.0,
    };

    /// Every engine.
    pub const ALL: [Self; 7] = [
        Self::ECLIPSE_TURBO,
        Self::ETIOS,
        Self::MIATA,
        Self::GALANT,
        Self::GOLF,
        Self::TSI,
        Self::TDI,
    ];

    /// One car of the kind: no two are quite alike.
    pub(crate) fn built(mut self, random: &mut Random) -> Self {
        self.idle_rpm += random.between(-25.0, 25.0);
        self.idle_load += random.between(-1.5, 1.5);
        self.closed_throttle += random.between(-1.0, 1.0);
        self.thermostat_c += random.between(-1.5, 1.5);
        self.fan_on_c += random.between(-2.0, 2.0);
        self.idle_timing += random.between(-2.0, 2.0);
        self.charging_v += random.between(-0.25, 0.25);
        self
    }
}
