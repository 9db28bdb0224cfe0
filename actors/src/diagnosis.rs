//! The computed diagnosis of a drive: readings in, findings out.
//!
//! Pure: no I/O, no clock, no SQL, no knowledge of where readings come from. A CSV file, a test and the database use the
//! same path: [`Diagnoser::new`], one [`Diagnoser::push`] per reading in the order in which the device took them,
//! [`Diagnoser::finish`]. Memory is bounded by channels and states, never by the length of the drive.

mod model;
mod thresholds;

pub use model::{
    BaselineComparison, BaselineFigure, ChannelFigures, Diagnosis, Doubt, DoubtKind, EarlierDrive,
    EngineState, Evidence, Figures, Finding, Grade, History, NotJudged, NotJudgedReason,
    OperatingBin, Reading, Span, StateFigures, StateSpan, System, Tier, Trace, TracePoint, Traces,
    VehicleFacts, WarmUp,
};
pub use thresholds::Settings;

/// Version of the built-in rules; changes whenever a rule, a default threshold or a template changes.
pub const RULES_VERSION: u32 = 1;

/// Takes the readings of one drive, in the order in which the device took them, and diagnoses it.
#[derive(Debug)]
pub struct Diagnoser {
    figures: Figures,
    settings: Settings,
    history: History,
}

impl Diagnoser {
    /// Begins with no readings.
    pub fn new(settings: &Settings, history: History) -> Self {
        Self {
            figures: Figures::default(),
            settings: settings.clone(),
            history,
        }
    }

    /// Adds one reading.
    pub fn push(&mut self, reading: Reading<'_>) {
        if self.figures.readings == 0 {
            self.figures.start_ms = reading.at_ms;
        }
        self.figures.readings += 1;
    }

    /// The diagnosis, and the drive at the resolution of a plot.
    pub fn finish(self) -> (Diagnosis, Traces) {
        let diagnosis = Diagnosis {
            rules_version: RULES_VERSION,
            thresholds_version: self.settings.version(),
            grade: None,
            grade_reason: "not judged yet".to_owned(),
            findings: Vec::new(),
            not_judged: Vec::new(),
            passed: Vec::new(),
            doubts: Vec::new(),
            figures: self.figures,
            baseline: BaselineComparison {
                anchor_drive: self.history.anchor.map(|anchor| anchor.drive),
                ..BaselineComparison::default()
            },
        };
        (diagnosis, Traces::default())
    }
}
