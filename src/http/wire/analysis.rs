//! Analyses on the wire.

use actors::analysis::recommendations::Recommendation;
use actors::analysis::{Analysis, AnalysisStatus, PastAnalysis};
use serde::Serialize;

use super::time;

mod fields;
pub(super) mod filters;
mod request;

pub(in crate::http) use filters::AnalysisFilters;
pub(in crate::http) use request::AnalysisRequest;

/// The result of an analysis.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct AnalysisAnswer {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    analysis_id: Option<String>,
    recommendations: Vec<RecommendationBody>,
    /// Why there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    model: String,
    processing_time_ms: u64,
}

/// One piece of advice, 1 being the most important.
#[derive(Debug, Serialize)]
struct RecommendationBody {
    rank: u32,
    category: String,
    recommendation: String,
    /// 0 to 1.
    confidence: f64,
    /// False where a number in it contradicts what was measured.
    grounded: bool,
}

/// The newest first.
#[derive(Debug, Serialize)]
pub(in crate::http) struct AnalysisList {
    analyses: Vec<PastAnalysisBody>,
}

/// An analysis as the history has it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PastAnalysisBody {
    analysis_id: String,
    /// `running`, `success` or `failed`.
    status: &'static str,
    source_device: String,
    profile_id: Option<String>,
    drive_start_time: Option<String>,
    drive_end_time: Option<String>,
    model: String,
    processing_time_ms: Option<u64>,
    created_at: String,
    error: Option<String>,
}

/// The same, with what it has recommended.
#[derive(Debug, Serialize)]
pub(in crate::http) struct AnalysisWithResult {
    #[serde(flatten)]
    analysis: PastAnalysisBody,
    recommendations: Vec<RecommendationBody>,
}

impl From<Analysis> for AnalysisAnswer {
    fn from(analysis: Analysis) -> Self {
        Self {
            status: "ok",
            analysis_id: analysis.analysis_id,
            recommendations: bodies(analysis.recommendations),
            message: analysis.message,
            model: analysis.model,
            processing_time_ms: analysis.processing_time_ms,
        }
    }
}

fn bodies(recommendations: Vec<Recommendation>) -> Vec<RecommendationBody> {
    let body = |found: Recommendation| RecommendationBody {
        rank: found.rank,
        category: found.category,
        recommendation: found.recommendation,
        confidence: found.confidence,
        grounded: found.grounded,
    };
    recommendations.into_iter().map(body).collect()
}

impl From<Vec<PastAnalysis>> for AnalysisList {
    fn from(analyses: Vec<PastAnalysis>) -> Self {
        Self {
            analyses: analyses.into_iter().map(PastAnalysisBody::from).collect(),
        }
    }
}

impl From<(PastAnalysis, Vec<Recommendation>)> for AnalysisWithResult {
    fn from((analysis, recommendations): (PastAnalysis, Vec<Recommendation>)) -> Self {
        Self {
            analysis: analysis.into(),
            recommendations: bodies(recommendations),
        }
    }
}

impl From<PastAnalysis> for PastAnalysisBody {
    fn from(past: PastAnalysis) -> Self {
        Self {
            analysis_id: past.analysis_id,
            status: AnalysisStatus::as_str(past.status),
            source_device: past.device_id,
            profile_id: past.profile_id,
            drive_start_time: past.window_start.map(time),
            drive_end_time: past.window_end.map(time),
            model: past.model,
            processing_time_ms: past.processing_time_ms,
            created_at: time(past.created_at),
            error: past.error,
        }
    }
}
