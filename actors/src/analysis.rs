//! Analysis of drives: from stored readings to recommendations worded by a local model.
//!
//! The figures are ours ([`statistics`]), the words the model's: it gets a bounded [`prompt`], is asked over HTTP
//! ([`ollama`](crate::ollama)), and its answer is taken apart with distrust and held against the figures
//! ([`recommendations`]). The way of one analysis is in `service.rs`; what is left of it is in the tables
//! `analysis_history` and `ai_recommendations`.
//!
//! How it fails: an Ollama that is away, says no or takes too long is an error to the one request it met. A server
//! that ends in the middle leaves a row `running`, which any server sets to `failed` when it is too old to be true.

use std::time::Duration;

pub mod analysis_id;
pub mod prompt;
pub mod recommendations;
pub mod statistics;

mod actor;
pub mod diagnoses;
mod diagnosing;
mod drive_checker;
mod drive_job;
mod drive_queue;
mod error;
mod history;
mod messages;
mod readings;
mod request;
mod results;
mod service;
mod subject;
mod vehicle;
mod wakeup;

pub use self::actor::{AnalysisActor, AnalysisSettings, lookup_admission};
pub use self::diagnoses::{DiagnosisSummary, StoredDiagnosis};
pub use self::diagnosing::{DIAGNOSIS_LIMIT, diagnose_stored};
pub use self::error::{AnalysisError, Interruption};
pub use self::messages::{
    Analysis, AnalysisStatus, Analyze, DriveReport, FindAnalysis, FindDiagnosis, ListAnalyses,
    ListDrives, PastAnalysis, ReportDrive, Scope, StopAnalyzing, UnknownStatus,
};

/// Time limit of a single small statement.
const STATEMENT_LIMIT: Duration = Duration::from_secs(5);
