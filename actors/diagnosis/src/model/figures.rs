use serde::{Deserialize, Serialize};

/// What the engine does in one second. A second has exactly one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum EngineState {
    /// RPM below 400.
    Off,
    /// Running, coolant below 70 °C.
    Cold,
    /// Warm, standing, RPM 500–1,100, throttle closed or unknown.
    Idle,
    /// Warm, at least 40 km/h and steady for 10 s, load 20–60 %.
    Cruise,
    /// Warm, load at least 70 %, RPM at least 1,000, more than 5 s after the start.
    HighLoad,
    /// The same with load at least 90 %, or with throttle at least 80 % and a load that is unknown or at least 50 %.
    WideOpen,
    /// Warm, throttle closed, above 20 km/h, RPM above 1,200.
    Overrun,
    /// Warm and none of the others.
    Other,
    /// The channels that determine the state are missing.
    Unknown,
}

impl EngineState {
    /// All states, in the order in which they are shown.
    pub const ALL: [Self; 9] = [
        Self::Off,
        Self::Cold,
        Self::Idle,
        Self::Cruise,
        Self::HighLoad,
        Self::WideOpen,
        Self::Overrun,
        Self::Other,
        Self::Unknown,
    ];

    /// The readable name, lower case.
    pub fn label(self) -> &'static str {
        match self {
            Self::Off => "engine off",
            Self::Cold => "cold engine",
            Self::Idle => "warm idle",
            Self::Cruise => "cruise",
            Self::HighLoad => "high load",
            Self::WideOpen => "wide open throttle",
            Self::Overrun => "overrun",
            Self::Other => "other driving",
            Self::Unknown => "unknown state",
        }
    }
}

/// The figures of one drive.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Figures {
    /// Time of the first reading, as the caller counts it.
    pub start_ms: i64,
    /// Readings used.
    pub readings: u64,
    /// Readings left out: not finite, outside the sensor's range, a unit or channel that is not known.
    pub left_out: u64,
    /// Seconds covered by readings.
    pub covered_seconds: f64,
    /// Seconds from the first to the last reading, clock steps removed.
    pub elapsed_seconds: f64,
    /// Seconds with the engine running.
    pub running_seconds: f64,
    /// Distance from speed over time; none without a speed channel.
    pub distance_km: Option<f64>,
    /// How the engine warmed up; none where it was warm or there is no coolant channel.
    pub warm_up: Option<WarmUp>,
    /// Whether the fuel was cut on overrun (front O2 near 0 V or open loop by deceleration); none if it cannot be seen.
    pub fuel_cut_seen: Option<bool>,
    /// Speed per 1,000 rpm in the highest gear used, km/h: shows a changed unit or tyre size.
    pub speed_per_1000_rpm: Option<f64>,
    /// The figures by state; only states that occur.
    pub states: Vec<StateFigures>,
    /// The figures of each channel over the whole drive, by name.
    pub channels: Vec<ChannelFigures>,
    /// Timing and air mass by RPM and load, for comparisons between drives.
    pub bins: Vec<OperatingBin>,
    /// Logged names that are not in the table of channels, at most 50.
    pub unknown_channels: Vec<String>,
}

impl Figures {
    /// The figures of a state, if it occurs.
    pub fn state(&self, state: EngineState) -> Option<&StateFigures> {
        self.states.iter().find(|figures| figures.state == state)
    }

    /// The figures of a channel over the whole drive, by canonical name.
    pub fn channel(&self, name: &str) -> Option<&ChannelFigures> {
        self.channels.iter().find(|figures| figures.channel == name)
    }
}

/// The figures of one state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StateFigures {
    /// The state.
    pub state: EngineState,
    /// Seconds in it.
    pub seconds: f64,
    /// Seconds in closed loop as a share (0..1); none where it cannot be determined.
    pub closed_loop_share: Option<f64>,
    /// Mean of short- and long-term fuel trim together, closed loop only, %.
    pub fuel_trim_sum: Option<f64>,
    /// The channels' figures within the state, by name; trims in closed loop only.
    pub channels: Vec<ChannelFigures>,
}

impl StateFigures {
    /// The figures of a channel within the state, by canonical name.
    pub fn channel(&self, name: &str) -> Option<&ChannelFigures> {
        self.channels.iter().find(|figures| figures.channel == name)
    }
}

/// The figures of one channel, in its canonical unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChannelFigures {
    /// Canonical name, such as `COOLANT_TEMP`.
    pub channel: String,
    /// Canonical unit; empty for counts and codes.
    pub unit: String,
    /// Number of readings.
    pub readings: u64,
    /// Seconds that they cover.
    pub seconds: f64,
    /// Smallest value.
    pub min: f64,
    /// 5th percentile.
    pub p5: f64,
    /// 50th percentile.
    pub median: f64,
    /// 95th percentile.
    pub p95: f64,
    /// Largest value.
    pub max: f64,
    /// Arithmetic mean.
    pub mean: f64,
    /// Standard deviation; 0 for a single reading.
    pub spread: f64,
}

/// How the engine warmed up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WarmUp {
    /// First coolant temperature, °C.
    pub from_c: f64,
    /// Highest coolant temperature of the drive, °C.
    pub highest_c: f64,
    /// Running seconds from 30 to 70 °C, where both were passed.
    pub seconds_30_to_70: Option<f64>,
    /// Mean rise between 30 and 70 °C, or over the part of it that the drive has, K/min.
    pub kelvin_per_minute: Option<f64>,
    /// Running seconds that the rise rests on.
    pub watched_seconds: f64,
}

/// One bin of RPM and load.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OperatingBin {
    /// Lower bound of RPM; bins are 500 rpm wide.
    pub rpm_from: u32,
    /// Lower bound of load in %; bins are 10 % wide.
    pub load_from: u32,
    /// Seconds in the bin.
    pub seconds: u32,
    /// Mean ignition timing, degrees before top dead centre.
    pub timing: Option<f64>,
    /// Mean air mass, g/s.
    pub maf: Option<f64>,
}
