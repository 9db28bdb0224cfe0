//! Analysis of drives: from stored readings to recommendations worded by a local model.
//!
//! A drive is diagnosed first (`compute`): findings, figures and evidence are the server's own ([`diagnosis`]),
//! and do not depend on a model. The words are the model's: it gets a bounded [`prompt`] with the findings, is asked over HTTP
//! ([`ollama`](crate::ollama)), and its answer is parsed defensively ([`recommendations`]), checked against the figures and
//! put in order (`advice`). The steps of one analysis are in `service.rs`; its results are in the tables `analysis_history`
//! and `ai_recommendations`.
//!
//! How it fails: an Ollama that is away, refuses or takes too long is an error to the one request it met, which carries the
//! findings all the same. A server that crashes in the middle leaves a row `running`, which any server sets to `failed` when
//! it is too old to be true.

use std::time::Duration;

pub mod analysis_id;
pub mod grounding;
pub mod prompt;
pub mod recommendations;

mod actor;
mod advice;
mod asking;
pub mod baselines;
mod compute;
mod device_events;
pub mod diagnoses;
mod diagnosing;
mod drive_checker;
mod drive_job;
mod drive_queue;
mod error;
mod evidence;
mod history;
mod messages;
mod model_error;
mod request;
mod results;
mod service;
mod subject;
mod vehicle;
mod wakeup;
mod window;

pub use self::actor::{AnalysisActor, AnalysisSettings, find_drive, lookup_admission};
pub use self::diagnoses::{DiagnosisSummary, StoredDiagnosis};
pub use self::diagnosing::{DIAGNOSIS_LIMIT, StoredDrive, diagnose_stored, report};
pub use self::error::{AnalysisError, Interruption};
pub use self::evidence::RecommendationEvidence;
pub use self::messages::{
    Analysis, AnalysisStatus, Analyze, DiagnosedDrive, DriveReport, FindAnalysis, FindDiagnosis,
    ListAnalyses, ListDrives, PastAnalysis, RecordedAnalysis, ReportDrive, Scope, StopAnalyzing,
    UnknownStatus,
};
pub use self::model_error::{ModelError, NoAnswer};

/// Time limit of a single small statement.
const STATEMENT_LIMIT: Duration = Duration::from_secs(5);
