//! Schemas of the figures of a drive, and of what earlier drives had.
#![expect(dead_code, reason = "for the documentation")]

use utoipa::ToSchema;

use super::EngineStateSchema;

/// The figures of a drive.
#[derive(ToSchema)]
#[schema(as = Figures, rename_all = "camelCase")]
pub(super) struct FiguresSchema {
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
pub(super) struct BaselineSchema {
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
