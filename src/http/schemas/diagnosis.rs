//! Schemas of a diagnosis, whose types live in a crate without OpenAPI. A test holds them against what is serialized.
#![expect(dead_code, reason = "for the documentation")]

use utoipa::ToSchema;

/// The computed diagnosis of a drive. Times within are seconds since the first reading, clock steps removed.
#[derive(ToSchema)]
#[schema(as = Diagnosis, rename_all = "camelCase")]
pub(in crate::http) struct DiagnosisSchema {
    /// Version of the built-in rules.
    #[schema(examples(2))]
    rules_version: u32,
    /// Identifies the effective thresholds, weights, switched-off rules and vehicle facts.
    #[schema(examples("built-in"))]
    thresholds_version: String,
    /// From `A` to `D`; null where too little was judged.
    #[schema(required = true, examples("B+"))]
    grade: Option<String>,
    /// Why this grade, or why none.
    #[schema(examples("The idle speed hunts (watch)."))]
    grade_reason: String,
    /// The most severe first.
    findings: Vec<FindingSchema>,
    /// Rules that could not be judged.
    not_judged: Vec<NotJudgedSchema>,
    /// Rules that were judged and found nothing.
    #[schema(examples("vacuum_leak"))]
    passed: Vec<String>,
    /// What speaks against the data themselves.
    doubts: Vec<DoubtSchema>,
    /// What everything rests on.
    figures: FiguresSchema,
    /// How the drive compares with earlier ones.
    baseline: BaselineSchema,
}

/// A fault, or a sign of one.
#[derive(ToSchema)]
#[schema(as = Finding, rename_all = "camelCase")]
pub(in crate::http) struct FindingSchema {
    /// The rule's id; drift rules begin with `drift_`, doubts about a sensor with `sensor_`.
    #[schema(examples("vacuum_leak"))]
    rule: String,
    /// The part of the car.
    system: SystemSchema,
    /// How urgent it is.
    tier: TierSchema,
    /// From the amount of data.
    #[schema(minimum = 0.0, maximum = 1.0, examples(0.9))]
    confidence: f64,
    /// A few words.
    #[schema(examples("Unmetered air at idle: a vacuum leak"))]
    title: String,
    /// One or two sentences with the figures.
    #[schema(examples("At warm idle the fuel trims add 14.2 %, at cruise 2.1 %."))]
    explanation: String,
    /// What it rests on, the most important first.
    evidence: Vec<EvidenceSchema>,
    /// What to check, the cheapest first.
    #[schema(examples("Listen for hissing at the intake hoses."))]
    next_checks: Vec<String>,
    /// Where in the drive; null if it did not last for one time.
    #[schema(required = true)]
    span: Option<SpanSchema>,
    /// How far beyond its threshold the leading figure is, in thresholds.
    #[schema(examples(0.42))]
    beyond: f64,
    /// Rules whose findings this one explains.
    #[schema(examples("idle_hunting"))]
    explains: Vec<String>,
}

/// One figure that a finding rests on.
#[derive(ToSchema)]
#[schema(as = Evidence, rename_all = "camelCase")]
struct EvidenceSchema {
    /// Its name.
    #[schema(examples("both fuel trims together"))]
    figure: String,
    /// The channel, where there is one.
    #[schema(required = true, examples("LONG_FUEL_TRIM_1"))]
    channel: Option<String>,
    /// Its value, rounded.
    #[schema(examples(14.2))]
    value: f64,
    /// Its unit; empty for counts.
    #[schema(examples("%"))]
    unit: String,
    /// The limit that it is compared with, in the same unit.
    #[schema(required = true, examples(10.0))]
    threshold: Option<f64>,
    /// The state of the engine; null for the whole drive.
    #[schema(required = true)]
    state: Option<EngineStateSchema>,
    /// Where in the drive.
    #[schema(required = true)]
    span: Option<SpanSchema>,
    /// For how many seconds it held, or how many seconds of data it has.
    #[schema(required = true, examples(320.0))]
    seconds: Option<f64>,
}

/// A part of a drive, in seconds since its first reading.
#[derive(ToSchema)]
#[schema(as = Span, rename_all = "camelCase")]
struct SpanSchema {
    /// Its begin.
    #[schema(examples(40.0))]
    from_seconds: f64,
    /// Its end.
    #[schema(examples(360.0))]
    to_seconds: f64,
}

/// How urgent a finding is, the mildest first.
#[derive(ToSchema)]
#[schema(as = Tier, rename_all = "camelCase")]
enum TierSchema {
    Watch,
    Alert,
    Investigate,
    Warning,
    Stop,
}

/// A part of the car.
#[derive(ToSchema)]
#[schema(as = System, rename_all = "camelCase")]
enum SystemSchema {
    Codes,
    Cooling,
    Fuel,
    Ignition,
    Charging,
    Air,
    Idle,
    Exhaust,
    Engine,
    Sensors,
}

/// What the engine does.
#[derive(ToSchema)]
#[schema(as = EngineState, rename_all = "camelCase")]
enum EngineStateSchema {
    Off,
    Cold,
    Idle,
    Cruise,
    HighLoad,
    WideOpen,
    Overrun,
    Other,
    Unknown,
}

/// A rule without an answer.
#[derive(ToSchema)]
#[schema(as = NotJudged, rename_all = "camelCase")]
struct NotJudgedSchema {
    /// The rule's id.
    #[schema(examples("catalyst_weak"))]
    rule: String,
    /// The part of the car.
    system: SystemSchema,
    /// The kind of reason.
    reason: NotJudgedReasonSchema,
    /// The reason in words.
    #[schema(examples("The rear O2 sensor was not logged."))]
    explanation: String,
    /// What to log or do so that it can be judged.
    #[schema(examples("Log O2_B1S2."))]
    what_to_log: String,
}

/// Why a rule has no answer.
#[derive(ToSchema)]
#[schema(as = NotJudgedReason, rename_all = "camelCase")]
enum NotJudgedReasonSchema {
    ChannelMissing,
    TooLittleData,
    ChannelInDoubt,
    VehicleFactMissing,
    InsufficientHistory,
    SwitchedOff,
}

/// Something that speaks against the data.
#[derive(ToSchema)]
#[schema(as = Doubt, rename_all = "camelCase")]
struct DoubtSchema {
    /// What kind.
    kind: DoubtKindSchema,
    /// The channel; null for the log as a whole.
    #[schema(required = true, examples("COOLANT_TEMP"))]
    channel: Option<String>,
    /// One sentence with the figures.
    #[schema(examples("The clock stepped back by 3,600 s."))]
    explanation: String,
    /// Where it begins and ends, where that is known.
    #[schema(required = true)]
    span: Option<SpanSchema>,
}

/// What is wrong with the data.
#[derive(ToSchema)]
#[schema(as = DoubtKind, rename_all = "camelCase")]
enum DoubtKindSchema {
    OutOfRange,
    OpenCircuit,
    Stuck,
    Jump,
    Clipped,
    UnitSwitched,
    ClockStep,
    Gaps,
    TooFewReadings,
    Overlap,
    UnknownUnit,
}

/// The figures of a drive.
#[derive(ToSchema)]
#[schema(as = Figures, rename_all = "camelCase")]
struct FiguresSchema {
    /// Time of the first reading, in milliseconds since 1970, UTC.
    #[schema(examples(1_769_954_400_000_i64))]
    start_ms: i64,
    /// Readings used.
    #[schema(examples(7_500))]
    readings: u64,
    /// Readings left out: outside the sensor's range, or of a channel or unit that is not known.
    #[schema(examples(0))]
    left_out: u64,
    /// Seconds covered by readings.
    #[schema(examples(1_490.0))]
    covered_seconds: f64,
    /// Seconds from the first to the last reading.
    #[schema(examples(1_500.0))]
    elapsed_seconds: f64,
    /// Seconds with the engine running.
    #[schema(examples(1_480.0))]
    running_seconds: f64,
    /// From the speed over time; null without a speed.
    #[schema(required = true, examples(18.4))]
    distance_km: Option<f64>,
    /// Null where the engine was warm, or there is no coolant temperature.
    #[schema(required = true)]
    warm_up: Option<WarmUpSchema>,
    /// Whether the fuel was cut on overrun; null where that cannot be seen.
    #[schema(required = true, examples(true))]
    fuel_cut_seen: Option<bool>,
    /// km/h per 1,000 rpm in the highest gear used.
    #[schema(required = true, examples(38.5))]
    speed_per_1000_rpm: Option<f64>,
    /// By state of the engine; only states that occur.
    states: Vec<StateFiguresSchema>,
    /// Of each channel over the whole drive.
    channels: Vec<ChannelFiguresSchema>,
    /// Timing and air mass by engine speed and load.
    bins: Vec<OperatingBinSchema>,
    /// Logged names that are not understood.
    #[schema(max_items = 50, examples("BOOST_TARGET"))]
    unknown_channels: Vec<String>,
}

/// The figures of one state.
#[derive(ToSchema)]
#[schema(as = StateFigures, rename_all = "camelCase")]
struct StateFiguresSchema {
    /// The state.
    state: EngineStateSchema,
    /// Seconds in it.
    #[schema(examples(320.0))]
    seconds: f64,
    /// The share of time in closed loop; null where it cannot be determined.
    #[schema(required = true, examples(0.98))]
    closed_loop_share: Option<f64>,
    /// Mean of both fuel trims together in closed loop, %.
    #[schema(required = true, examples(2.3))]
    fuel_trim_sum: Option<f64>,
    /// The channels within the state; trims in closed loop only.
    channels: Vec<ChannelFiguresSchema>,
}

/// The figures of one channel.
#[derive(ToSchema)]
#[schema(as = ChannelFigures, rename_all = "camelCase")]
struct ChannelFiguresSchema {
    /// Its canonical name.
    #[schema(examples("COOLANT_TEMP"))]
    channel: String,
    /// Its unit; empty for counts and codes.
    #[schema(examples("°C"))]
    unit: String,
    /// Number of readings.
    #[schema(examples(50))]
    readings: u64,
    /// Seconds that they cover.
    #[schema(examples(1_490.0))]
    seconds: f64,
    /// Smallest value.
    #[schema(examples(21.0))]
    min: f64,
    /// 5th percentile.
    #[schema(examples(30.0))]
    p5: f64,
    /// Median.
    #[schema(examples(88.0))]
    median: f64,
    /// 95th percentile.
    #[schema(examples(92.0))]
    p95: f64,
    /// Largest value.
    #[schema(examples(94.0))]
    max: f64,
    /// Arithmetic mean.
    #[schema(examples(82.4))]
    mean: f64,
    /// Standard deviation.
    #[schema(examples(9.1))]
    spread: f64,
}

/// How the engine warmed up.
#[derive(ToSchema)]
#[schema(as = WarmUp, rename_all = "camelCase")]
struct WarmUpSchema {
    /// First coolant temperature, °C.
    #[schema(examples(21.0))]
    from_c: f64,
    /// Highest coolant temperature, °C.
    #[schema(examples(94.0))]
    highest_c: f64,
    /// Running seconds from 30 to 70 °C.
    #[schema(required = true, examples(380.0))]
    seconds_30_to_70: Option<f64>,
    /// Mean rise, K/min.
    #[schema(required = true, examples(6.3))]
    kelvin_per_minute: Option<f64>,
    /// Running seconds that the rise rests on.
    #[schema(examples(380.0))]
    watched_seconds: f64,
}

/// One bin of engine speed and load.
#[derive(ToSchema)]
#[schema(as = OperatingBin, rename_all = "camelCase")]
struct OperatingBinSchema {
    /// Lower bound of the engine speed; 500 rpm wide.
    #[schema(examples(2_000))]
    rpm_from: u32,
    /// Lower bound of the load in %; 10 % wide.
    #[schema(examples(40))]
    load_from: u32,
    /// Seconds in the bin.
    #[schema(examples(75))]
    seconds: u32,
    /// Mean timing, degrees before top dead centre.
    #[schema(required = true, examples(24.5))]
    timing: Option<f64>,
    /// Mean air mass, g/s.
    #[schema(required = true, examples(18.2))]
    maf: Option<f64>,
}

/// A drive against earlier ones.
#[derive(ToSchema)]
#[schema(as = BaselineComparison, rename_all = "camelCase")]
struct BaselineSchema {
    /// The reference drive, where one is set.
    #[schema(required = true, examples(3))]
    anchor_drive: Option<i64>,
    /// The earlier drives compared with.
    #[schema(examples(7))]
    earlier_drives: Vec<i64>,
    /// One entry for each figure that both have.
    figures: Vec<BaselineFigureSchema>,
}

/// One figure against its history.
#[derive(ToSchema)]
#[schema(as = BaselineFigure, rename_all = "camelCase")]
struct BaselineFigureSchema {
    /// Its name.
    #[schema(examples("long-term fuel trim at warm idle"))]
    figure: String,
    /// Its unit.
    #[schema(examples("%"))]
    unit: String,
    /// In this drive.
    #[schema(examples(3.1))]
    value: f64,
    /// In the reference drive.
    #[schema(required = true, examples(1.6))]
    anchor: Option<f64>,
    /// Mean of the earlier drives.
    #[schema(required = true, examples(1.9))]
    mean: Option<f64>,
    /// Standard deviation used.
    #[schema(examples(1.5))]
    sigma: f64,
    /// How many earlier drives have the figure.
    #[schema(examples(5))]
    drives: u32,
    /// Whether it is outside of the usual.
    #[schema(examples(false))]
    drifted: bool,
}

/// The server's own figures of the finding that a recommendation names.
#[derive(ToSchema)]
#[schema(as = RecommendationEvidence, rename_all = "camelCase")]
pub(in crate::http) struct RecommendationEvidenceSchema {
    /// How urgent the finding is.
    tier: TierSchema,
    /// The figures in words.
    #[schema(examples("Both fuel trims together 14.2 % (limit 10.0 %), warm idle, 5 min 20 s."))]
    sentence: String,
    /// The figures with units, limits and times.
    figures: Vec<EvidenceSchema>,
}

#[cfg(test)]
mod tests;
