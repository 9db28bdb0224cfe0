use serde::{Deserialize, Serialize};

use super::EngineState;

/// How urgent a finding is. The order is the order of severity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Tier {
    /// Drift: keep an eye on it.
    Watch,
    /// Safety: near a limit.
    Alert,
    /// Drift: find the cause.
    Investigate,
    /// Safety: repair before the next long or fast drive.
    Warning,
    /// Safety: do not drive on.
    Stop,
}

impl Tier {
    /// All tiers, the mildest first.
    pub const ALL: [Self; 5] = [
        Self::Watch,
        Self::Alert,
        Self::Investigate,
        Self::Warning,
        Self::Stop,
    ];

    /// The name as it is serialized.
    pub fn label(self) -> &'static str {
        match self {
            Self::Watch => "watch",
            Self::Alert => "alert",
            Self::Investigate => "investigate",
            Self::Warning => "warning",
            Self::Stop => "stop",
        }
    }

    /// Points towards the grade, before the weight of the system.
    pub fn points(self) -> f64 {
        match self {
            Self::Watch => 1.0,
            Self::Alert => 2.0,
            Self::Investigate => 3.0,
            Self::Warning => 5.0,
            Self::Stop => 15.0,
        }
    }
}

/// The part of the car a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum System {
    /// Trouble codes and the malfunction lamp.
    Codes,
    /// Coolant, thermostat, fan.
    Cooling,
    /// Mixture, pump, injectors.
    Fuel,
    /// Timing and knock.
    Ignition,
    /// Battery and alternator.
    Charging,
    /// Intake air and its sensors.
    Air,
    /// Idle control.
    Idle,
    /// O2 sensors and catalyst.
    Exhaust,
    /// The engine as a whole.
    Engine,
    /// Sensors and the log itself.
    Sensors,
}

impl System {
    /// All systems, in the order of the rules.
    pub const ALL: [Self; 10] = [
        Self::Codes,
        Self::Cooling,
        Self::Fuel,
        Self::Ignition,
        Self::Charging,
        Self::Air,
        Self::Idle,
        Self::Exhaust,
        Self::Engine,
        Self::Sensors,
    ];

    /// The name as it is serialized.
    pub fn label(self) -> &'static str {
        match self {
            Self::Codes => "codes",
            Self::Cooling => "cooling",
            Self::Fuel => "fuel",
            Self::Ignition => "ignition",
            Self::Charging => "charging",
            Self::Air => "air",
            Self::Idle => "idle",
            Self::Exhaust => "exhaust",
            Self::Engine => "engine",
            Self::Sensors => "sensors",
        }
    }
}

/// A letter for the whole drive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Grade {
    /// No findings.
    A,
    /// One thing to watch.
    #[serde(rename = "A-")]
    AMinus,
    /// Something small.
    #[serde(rename = "B+")]
    BPlus,
    /// Something to look into.
    B,
    /// Several things to look into.
    #[serde(rename = "B-")]
    BMinus,
    /// Needs repair.
    C,
    /// Do not drive on, or many faults.
    D,
}

impl Grade {
    /// The letter.
    pub fn label(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::AMinus => "A-",
            Self::BPlus => "B+",
            Self::B => "B",
            Self::BMinus => "B-",
            Self::C => "C",
            Self::D => "D",
        }
    }
}

/// A part of the drive.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Span {
    /// Seconds since the first reading.
    pub from_seconds: f64,
    /// Seconds since the first reading.
    pub to_seconds: f64,
}

/// A fault, or a sign of one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// The rule's id, such as `vacuum_leak`; drift rules begin with `drift_`, doubts with `sensor_`.
    pub rule: String,
    /// The part of the car.
    pub system: System,
    /// How urgent.
    pub tier: Tier,
    /// 0..1, from the amount of data.
    pub confidence: f64,
    /// A few words.
    pub title: String,
    /// One or two sentences with the figures.
    pub explanation: String,
    /// What it rests on, the most important first.
    pub evidence: Vec<Evidence>,
    /// What to check, the cheapest first.
    pub next_checks: Vec<String>,
    /// Where in the drive, for conditions that lasted some time.
    pub span: Option<Span>,
    /// How far beyond its threshold the leading figure is, in thresholds; orders equal tiers.
    pub beyond: f64,
    /// Rules whose findings this one explains; their evidence is part of this one's.
    pub explains: Vec<String>,
}

/// One figure that a finding rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// Readable name of the figure: "mean fuel trim sum".
    pub figure: String,
    /// Canonical name of the channel, where there is one.
    pub channel: Option<String>,
    /// Its value, rounded as it is shown.
    pub value: f64,
    /// Canonical unit; empty for counts.
    pub unit: String,
    /// The threshold it is compared with, in the same unit.
    pub threshold: Option<f64>,
    /// The state it is from; none for the whole drive.
    pub state: Option<EngineState>,
    /// Where in the drive.
    pub span: Option<Span>,
    /// For how many seconds the condition held, or how many seconds of data the figure has.
    pub seconds: Option<f64>,
}

/// A rule without an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NotJudged {
    /// The rule's id.
    pub rule: String,
    /// The part of the car.
    pub system: System,
    /// The kind of reason.
    pub reason: NotJudgedReason,
    /// The reason in words.
    pub explanation: String,
    /// What to log or do so that it can be judged.
    pub what_to_log: String,
}

/// Why a rule has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum NotJudgedReason {
    /// A channel was not logged.
    ChannelMissing,
    /// Too few readings or seconds in the state that the rule needs.
    TooLittleData,
    /// A channel that it needs is in doubt.
    ChannelInDoubt,
    /// A fact about the vehicle is not known.
    VehicleFactMissing,
    /// Too few earlier drives.
    InsufficientHistory,
    /// Switched off in the thresholds file.
    SwitchedOff,
}

/// Something that speaks against the data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Doubt {
    /// What kind.
    pub kind: DoubtKind,
    /// Canonical name of the channel; none for the log as a whole.
    pub channel: Option<String>,
    /// One sentence with the figures.
    pub explanation: String,
    /// Where it begins and ends, where that is known.
    pub span: Option<Span>,
}

/// What is wrong with the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DoubtKind {
    /// Values outside the sensor's physical range.
    OutOfRange,
    /// −40 °C throughout: the sensor's circuit is open.
    OpenCircuit,
    /// One value while the engine's state changes.
    Stuck,
    /// A jump that no sensor can make.
    Jump,
    /// Flat at the top of the sensor's range.
    Clipped,
    /// Values that fit only in another unit.
    UnitSwitched,
    /// The clock stepped backwards or far forwards.
    ClockStep,
    /// Long parts of the drive have no readings.
    Gaps,
    /// Too few readings for any judgement.
    TooFewReadings,
    /// Another drive of the car covers the same time.
    Overlap,
    /// A unit that does not belong to the channel.
    UnknownUnit,
}

impl DoubtKind {
    /// True for what concerns one sensor, false for the log as a whole.
    pub fn is_about_a_sensor(self) -> bool {
        !matches!(
            self,
            Self::ClockStep | Self::Gaps | Self::TooFewReadings | Self::Overlap
        )
    }
}
