//! What loggers make of a drive: polling rates, names, units and the resolution of OBD-II.

use crate::{Moment, Random, STEP_SECONDS};

/// One recorded value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// Since key-on.
    pub seconds: f64,
    /// The parameter's name as this logger writes it.
    pub parameter: &'static str,
    /// The value, rounded as OBD-II transmits it.
    pub value: f64,
    /// The unit as this logger writes it.
    pub unit: &'static str,
}

/// A kind of logger.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Logger {
    /// The owner's Raspberry Pi: one parameter at a time, the important ones once a second, others up to every 30 s.
    Pi,
    /// All channels in one row, at this interval in seconds.
    Rows(f64),
    /// An app on a phone: every channel each 2.5 s or so, a few readings lost, the connection gone now and then.
    Phone,
}

impl Logger {
    /// The logger's name for tables.
    pub fn name(self) -> String {
        match self {
            Self::Pi => "Pi".to_owned(),
            Self::Phone => "phone".to_owned(),
            Self::Rows(interval) => format!("{} Hz", 1.0 / interval),
        }
    }

    /// Whether the logger records the channel (python-OBD's name).
    pub fn records(self, channel: &str) -> bool {
        CHANNELS
            .iter()
            .any(|known| known.name == channel && (self != Self::Pi || known.pi_seconds.is_some()))
    }

    pub(crate) fn record(self, seed: u64, moments: impl Iterator<Item = Moment>) -> Vec<Reading> {
        let mut random = Random::new(seed ^ 0x10_66E6);
        let mut due: Vec<f64> = CHANNELS
            .iter()
            .map(|channel| match self {
                Self::Pi => random.between(0.0, channel.pi_seconds.unwrap_or_default().min(4.0)),
                Self::Phone => random.between(0.0, 2.5),
                Self::Rows(_) => 0.0,
            })
            .collect();
        let mut connection = Connection::default();
        let mut readings = Vec::new();
        for moment in moments {
            let gone = self == Self::Phone && connection.is_gone(moment.seconds, &mut random);
            for (channel, due) in CHANNELS.iter().zip(&mut due) {
                if *due > moment.seconds + 1e-9 {
                    continue;
                }
                let (interval, late, parameter) = match self {
                    Self::Pi => {
                        let Some(interval) = channel.pi_seconds else {
                            continue;
                        };
                        let name = channel.pi_name.unwrap_or(channel.name);
                        (interval, random.between(0.0, 0.2), name)
                    }
                    Self::Phone => {
                        let interval = random.between(2.0, 3.0);
                        (interval, random.between(0.0, 0.25), channel.name)
                    }
                    Self::Rows(interval) => (interval, 0.0, channel.name),
                };
                *due += interval;
                let lost = self == Self::Phone && (gone || random.chance(0.03));
                let Some(value) = (channel.value)(&moment).filter(|_| !lost) else {
                    continue;
                };
                readings.push(Reading {
                    seconds: moment.seconds + late,
                    parameter,
                    value: transmitted(value, channel.resolution),
                    unit: match channel.name {
                        "FUEL_SYSTEM_STATUS" => fuel_system_label(value),
                        _ => channel.unit,
                    },
                });
            }
        }
        readings.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
        readings
    }
}

/// A connection that is gone for 10 to 40 s about every seven minutes.
#[derive(Default)]
struct Connection {
    gone_until: f64,
}

impl Connection {
    fn is_gone(&mut self, seconds: f64, random: &mut Random) -> bool {
        if random.chance(STEP_SECONDS / 420.0) {
            self.gone_until = seconds + random.between(10.0, 40.0);
        }
        seconds < self.gone_until
    }
}

/// Rounds to the resolution, and to the digits that a logger writes.
fn transmitted(value: f64, resolution: f64) -> f64 {
    let rounded = (value / resolution).round() * resolution;
    (rounded * 1e4).round() / 1e4
}

fn fuel_system_label(value: f64) -> &'static str {
    if value < 1.5 {
        "Open loop due to insufficient engine temperature"
    } else if value < 2.5 {
        "Closed loop, using oxygen sensor feedback to determine fuel mix"
    } else {
        "Open loop due to engine load OR fuel cut due to deceleration"
    }
}

#[derive(Clone, Copy)]
struct Channel {
    name: &'static str,
    /// The Pi's name where it differs.
    pi_name: Option<&'static str>,
    unit: &'static str,
    resolution: f64,
    /// Seconds between two readings on the Pi; `None`: not polled.
    pi_seconds: Option<f64>,
    value: fn(&Moment) -> Option<f64>,
}

const fn channel(
    name: &'static str,
    unit: &'static str,
    resolution: f64,
    pi_seconds: Option<f64>,
    value: fn(&Moment) -> Option<f64>,
) -> Channel {
    Channel {
        name,
        pi_name: None,
        unit,
        resolution,
        pi_seconds,
        value,
    }
}

const fn renamed(pi_name: &'static str, channel: Channel) -> Channel {
    Channel {
        pi_name: Some(pi_name),
        ..channel
    }
}

const EIGHT_BITS: f64 = 100.0 / 255.0;
const TRIM: f64 = 100.0 / 128.0;

const CHANNELS: &[Channel] = &[
    channel("RPM", "revolutions_per_minute", 0.25, Some(1.0), |m| {
        Some(m.rpm)
    }),
    channel("SPEED", "kilometer_per_hour", 1.0, Some(3.0), |m| {
        Some(m.speed)
    }),
    channel("COOLANT_TEMP", "degree_Celsius", 1.0, Some(1.0), |m| {
        Some(m.coolant)
    }),
    channel("INTAKE_TEMP", "degree_Celsius", 1.0, Some(10.0), |m| {
        Some(m.intake_air)
    }),
    channel("ENGINE_LOAD", "percent", EIGHT_BITS, Some(1.0), |m| {
        Some(m.load)
    }),
    channel("THROTTLE_POS", "percent", EIGHT_BITS, Some(3.0), |m| {
        Some(m.throttle)
    }),
    channel("TIMING_ADVANCE", "degree", 0.5, Some(1.0), |m| m.timing),
    channel("MAF", "gps", 0.01, None, |m| m.maf),
    channel("INTAKE_PRESSURE", "kilopascal", 1.0, Some(30.0), |m| {
        m.manifold
    }),
    channel("SHORT_FUEL_TRIM_1", "percent", TRIM, Some(1.0), |m| {
        m.short_trim
    }),
    channel("LONG_FUEL_TRIM_1", "percent", TRIM, Some(10.0), |m| {
        m.long_trim
    }),
    channel("O2_B1S1", "volt", 0.005, Some(10.0), |m| m.front_oxygen),
    renamed(
        "O2_BANK1_SENSOR2_V",
        channel("O2_B1S2", "volt", 0.005, Some(3.0), |m| m.rear_oxygen),
    ),
    channel("FUEL_SYSTEM_STATUS", "", 1.0, Some(1.0), |m| m.fuel_system),
    renamed(
        "BATTERY_V",
        channel("CONTROL_MODULE_VOLTAGE", "volt", 0.1, Some(10.0), |m| {
            Some(m.voltage)
        }),
    ),
    channel("MIL_ON", "", 1.0, Some(30.0), |m| {
        Some(f64::from(u8::from(m.codes > 0.0)))
    }),
    channel("DTC_COUNT", "count", 1.0, Some(30.0), |m| Some(m.codes)),
];
