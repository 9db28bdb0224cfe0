//! What can be asked of the [`AnalysisActor`](super::AnalysisActor).

use std::str::FromStr;

use actix::Message;
use chrono::NaiveDateTime;
use tokio_util::sync::CancellationToken;

use super::diagnoses::{DiagnosisSummary, StoredDiagnosis};
use super::error::AnalysisError;
use super::recommendations::Recommendation;
use crate::admission::Turn;
use crate::device_id::DeviceId;
use crate::diagnosis::{Diagnosis, Finding, Traces};
use crate::drives::KnownDrive;
use crate::page::Page;

/// Analyse stored readings and wait for the result.
#[derive(Debug, Message)]
#[rtype(result = "Result<Analysis, AnalysisError>")]
pub struct Analyze {
    /// The device; for a window, by default the one that has readings in it.
    pub device_id: Option<DeviceId>,
    /// The device's own id of a profile, to which the result belongs.
    pub profile_id: Option<String>,
    /// Which readings.
    pub scope: Scope,
    /// Only the figures of these parameters are put before the model; by default all.
    pub parameters: Option<Vec<String>>,
    /// Topics for the recommendations.
    pub focus_areas: Vec<String>,
    /// Cancelled when the requester is gone: the model is stopped then.
    pub cancelled: CancellationToken,
    /// The right to the model.
    pub turn: Turn,
}

/// The readings that a request wants analysed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All that were taken in a window.
    Window {
        /// Its start, inclusive, UTC.
        start: NaiveDateTime,
        /// Its end, inclusive, UTC.
        end: NaiveDateTime,
    },
    /// Those of a drive.
    Drive {
        /// The device's number of the drive; of several drives with it, the latest is meant.
        drive_id: i64,
    },
}

/// List the analyses that were made, the newest first.
#[derive(Debug, Message)]
#[rtype(result = "Result<Vec<PastAnalysis>, AnalysisError>")]
pub struct ListAnalyses {
    /// Only of this device.
    pub device_id: Option<DeviceId>,
    /// Only with this status.
    pub status: Option<AnalysisStatus>,
    /// By the time at which the model was asked.
    pub page: Page<String>,
    /// The right to a connection.
    pub turn: Turn,
}

/// Find an analysis and what it has recommended.
#[derive(Debug, Message)]
#[rtype(result = "Result<RecordedAnalysis, AnalysisError>")]
pub struct FindAnalysis {
    /// Its id.
    pub analysis_id: String,
    /// Only if it is of this device.
    pub device_id: Option<DeviceId>,
    /// The right to a connection.
    pub turn: Turn,
}

/// List the drives that are known, the latest first.
#[derive(Debug, Message)]
#[rtype(result = "Result<Vec<(KnownDrive, Option<DiagnosisSummary>)>, AnalysisError>")]
pub struct ListDrives {
    /// Only of this device.
    pub device_id: Option<DeviceId>,
    /// By the begin of the drive.
    pub page: Page<i64>,
    /// The right to a connection.
    pub turn: Turn,
}

/// Find the diagnosis of a drive, and its analyses.
#[derive(Debug, Message)]
#[rtype(result = "Result<DiagnosedDrive, AnalysisError>")]
pub struct FindDiagnosis {
    /// `drives.id`.
    pub drive: i64,
    /// Only if it is a drive of this device.
    pub device_id: Option<DeviceId>,
    /// The right to a connection.
    pub turn: Turn,
}

/// Gather what the report of a drive shows.
#[derive(Debug, Message)]
#[rtype(result = "Result<DriveReport, AnalysisError>")]
pub struct ReportDrive {
    /// `drives.id`.
    pub drive: i64,
    /// Only if it is a drive of this device.
    pub device_id: Option<DeviceId>,
    /// The right to a connection.
    pub turn: Turn,
}

/// What the report of a drive shows.
#[derive(Clone, Debug)]
pub struct DriveReport {
    /// `drives.id`.
    pub drive: i64,
    /// Whose drive it is.
    pub device_id: String,
    /// Its diagnosis.
    pub diagnosis: Diagnosis,
    /// Whether readings of it are no longer stored.
    pub are_readings_gone: bool,
    /// The drive at the resolution of a plot, of the readings that are stored.
    pub traces: Traces,
    /// Those of the latest analysis of the drive.
    pub recommendations: Vec<Recommendation>,
}

impl DriveReport {
    /// `Drive 7 of chi-eclipse-01`, and what is missing.
    pub fn title(&self) -> String {
        let missing = if self.are_readings_gone {
            ", whose readings are no longer stored"
        } else {
            ""
        };
        format!("Drive {} of {}{missing}", self.drive, self.device_id)
    }
}

/// End the analysis that runs, and begin none any more: the server is to stop.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub struct StopAnalyzing;

/// The result of an analysis.
#[derive(Clone, Debug, PartialEq)]
pub struct Analysis {
    /// Its id in the history, where a model was asked.
    pub analysis_id: Option<String>,
    /// What the rules found, the most severe first.
    pub findings: Vec<Finding>,
    /// The most important first; none if there was no data.
    pub recommendations: Vec<Recommendation>,
    /// The model that was asked, or would have been.
    pub model: String,
    /// From the first query to the answer, in ms; 1 at least.
    pub processing_time_ms: u64,
    /// Why there are no recommendations, where there are none.
    pub message: Option<String>,
}

/// An analysis as the history has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastAnalysis {
    /// Its id.
    pub analysis_id: String,
    /// How it stands.
    pub status: AnalysisStatus,
    /// Whose readings were analysed.
    pub device_id: String,
    /// The device's own id of the profile.
    pub profile_id: Option<String>,
    /// Begin of the drive or the window, UTC.
    pub window_start: Option<NaiveDateTime>,
    /// Its end, UTC.
    pub window_end: Option<NaiveDateTime>,
    /// The model that was asked.
    pub model: String,
    /// How long it took, in ms, once it has ended.
    pub processing_time_ms: Option<u64>,
    /// When the model was asked, UTC.
    pub created_at: NaiveDateTime,
    /// Why it failed.
    pub error: Option<String>,
}

/// An analysis of the history with its results.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordedAnalysis {
    /// The analysis.
    pub analysis: PastAnalysis,
    /// What the rules found, the most severe first; none of an analysis that an earlier version made.
    pub findings: Option<Vec<Finding>>,
    /// What the model recommended, the most important first.
    pub recommendations: Vec<Recommendation>,
}

/// A drive with its diagnosis and its analyses.
#[derive(Clone, Debug, PartialEq)]
pub struct DiagnosedDrive {
    /// The diagnosis.
    pub stored: StoredDiagnosis,
    /// The analyses of the drive, the newest first.
    pub analyses: Vec<RecordedAnalysis>,
}

/// How an analysis stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnalysisStatus {
    /// The model is being asked.
    Running,
    /// Its recommendations are stored.
    Success,
    /// There are none.
    Failed,
}

impl AnalysisStatus {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Success => "success",
            Self::Failed => "failed",
        }
    }
}

/// Not the name of a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a status is running, success or failed")]
pub struct UnknownStatus;

impl FromStr for AnalysisStatus {
    type Err = UnknownStatus;

    fn from_str(name: &str) -> Result<Self, UnknownStatus> {
        let named = |status: &Self| status.as_str() == name;
        let all = [Self::Running, Self::Success, Self::Failed];
        all.into_iter().find(named).ok_or(UnknownStatus)
    }
}
