//! The bodies of answers about analyses.

use actors::analysis::recommendations::Recommendation;
use actors::analysis::{
    Analysis, AnalysisStatus, PastAnalysis, RecommendationEvidence, RecordedAnalysis,
};
use actors::diagnosis::Finding;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::bodies::time;
use crate::http::schemas::{FindingSchema, RecommendationEvidenceSchema};

/// The result of an analysis.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(examples(json!({
    "status": "ok",
    "analysisId": "analysis-2026-02-01T14:30:10-k3v9x2m0qa",
    "recommendations": [{
        "rank": 1,
        "finding": null,
        "category": "general",
        "recommendation": "All is well. Log the rear oxygen sensor too, so that the catalyst can be judged.",
        "confidence": 0.8,
        "grounded": true,
        "evidence": null,
    }],
    "findings": [],
    "model": "gemma2:2b",
    "processingTimeMs": 8_350,
})))]
pub(in crate::http) struct AnalysisAnswer {
    /// Always `ok`.
    #[schema(examples("ok"))]
    status: &'static str,
    /// By which the analysis can be found again; missing if there was nothing to analyse.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, examples("analysis-2026-02-01T14:30:10-k3v9x2m0qa"))]
    analysis_id: Option<String>,
    /// The most important first.
    #[schema(max_items = 10)]
    recommendations: Vec<RecommendationBody>,
    /// What the rules found in the readings, the most severe first. It does not depend on the model.
    #[schema(value_type = Vec<FindingSchema>)]
    findings: Vec<Finding>,
    /// Why there are no recommendations; missing if there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        nullable = false,
        examples("No drive data found for the specified time window")
    )]
    message: Option<String>,
    /// The model that was asked.
    #[schema(examples("gemma2:2b"))]
    model: String,
    /// How long it took, in milliseconds.
    #[schema(examples(8_350))]
    processing_time_ms: u64,
}

/// One piece of advice.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Recommendation)]
struct RecommendationBody {
    /// Its place: 1 is the most important. Advice about more severe findings comes first, then the model's order counts.
    #[schema(minimum = 1, maximum = 10, examples(1))]
    rank: u32,
    /// The rule whose finding it is about; null if it is about none.
    #[schema(required = true, examples("coolant_overheating"))]
    finding: Option<String>,
    /// What it is about.
    #[schema(examples("cooling"))]
    category: String,
    /// The advice.
    #[schema(examples("The engine runs too hot: check the coolant level before the next drive."))]
    recommendation: String,
    /// How sure the model is.
    #[schema(minimum = 0.0, maximum = 1.0, examples(0.8))]
    confidence: f64,
    /// False where a number in it cannot be traced to the readings. Such advice about a finding is given in the server's own
    /// words instead, which are always grounded.
    #[schema(examples(true))]
    grounded: bool,
    /// The server's own figures of the finding; null if it is about none.
    #[schema(required = true, value_type = Option<RecommendationEvidenceSchema>)]
    evidence: Option<RecommendationEvidence>,
}

/// The newest first.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct AnalysisList {
    /// The newest first.
    analyses: Vec<PastAnalysisBody>,
    /// Where the list goes on; null at its end.
    #[schema(
        required = true,
        examples("2026-02-01T14:30:10.000000~analysis-2026-02-01T14:30:10-k3v9x2m0qa")
    )]
    next_cursor: Option<String>,
}

/// How an analysis stands.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "for the documentation")]
pub(in crate::http) enum AnalysisState {
    Success,
    Failed,
    Running,
}

/// An analysis as the history has it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PastAnalysis)]
struct PastAnalysisBody {
    /// Its name.
    #[schema(examples("analysis-2026-02-01T14:30:10-k3v9x2m0qa"))]
    analysis_id: String,
    /// How it stands.
    #[schema(value_type = AnalysisState)]
    status: &'static str,
    /// Whose readings were analysed.
    #[schema(examples("example-device"))]
    source_device: String,
    /// The device's id of the driving profile; null if none was asked for.
    #[schema(required = true, examples("daily"))]
    profile_id: Option<String>,
    /// When the analysed readings begin.
    #[schema(required = true, examples("2026-02-01T14:00:00"))]
    drive_start_time: Option<String>,
    /// When they end.
    #[schema(required = true, examples("2026-02-01T14:25:00"))]
    drive_end_time: Option<String>,
    /// The model that was asked.
    #[schema(examples("gemma2:2b"))]
    model: String,
    /// How long it took, in milliseconds; null while it runs.
    #[schema(required = true, examples(8_350))]
    processing_time_ms: Option<u64>,
    /// When it began, in UTC.
    #[schema(examples("2026-02-01T14:30:10"))]
    created_at: String,
    /// Why it failed; null if it did not.
    #[schema(required = true, examples(json!(null)))]
    error: Option<String>,
}

/// The same, with what it has recommended.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct AnalysisWithResult {
    #[serde(flatten)]
    analysis: PastAnalysisBody,
    /// What the rules found in the readings, the most severe first; null for analyses of earlier versions.
    #[schema(required = true, value_type = Option<Vec<FindingSchema>>)]
    findings: Option<Vec<Finding>>,
    /// The most important first; none unless it succeeded.
    #[schema(max_items = 10)]
    recommendations: Vec<RecommendationBody>,
}

impl From<Analysis> for AnalysisAnswer {
    fn from(analysis: Analysis) -> Self {
        Self {
            status: "ok",
            analysis_id: analysis.analysis_id,
            recommendations: bodies(analysis.recommendations),
            findings: analysis.findings,
            message: analysis.message,
            model: analysis.model,
            processing_time_ms: analysis.processing_time_ms,
        }
    }
}

fn bodies(recommendations: Vec<Recommendation>) -> Vec<RecommendationBody> {
    let body = |found: Recommendation| RecommendationBody {
        rank: found.rank,
        finding: found.finding,
        category: found.category,
        recommendation: found.recommendation,
        confidence: found.confidence,
        grounded: found.grounded,
        evidence: found.evidence,
    };
    recommendations.into_iter().map(body).collect()
}

impl AnalysisList {
    pub(super) fn new(analyses: Vec<PastAnalysis>, next_cursor: Option<String>) -> Self {
        Self {
            analyses: analyses.into_iter().map(PastAnalysisBody::from).collect(),
            next_cursor,
        }
    }
}

impl From<RecordedAnalysis> for AnalysisWithResult {
    fn from(recorded: RecordedAnalysis) -> Self {
        Self {
            analysis: recorded.analysis.into(),
            findings: recorded.findings,
            recommendations: bodies(recorded.recommendations),
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
