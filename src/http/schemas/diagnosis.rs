//! Schemas of a diagnosis, whose types live in a crate without OpenAPI. A test holds them against what is serialized.
#![expect(dead_code, reason = "for the documentation")]

use utoipa::ToSchema;

use self::figures::{BaselineSchema, FiguresSchema};

mod figures;

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
