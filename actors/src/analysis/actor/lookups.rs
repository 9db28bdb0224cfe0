//! Reading what is stored: analyses, drives and diagnoses.

use std::time::Duration;

use actix::{Handler, ResponseActFuture, WrapFuture as _};
use mysql_async::Conn;

use super::AnalysisActor;
use crate::analysis::STATEMENT_LIMIT;
use crate::analysis::diagnoses::{self, DiagnosisSummary};
use crate::analysis::diagnosing;
use crate::analysis::error::AnalysisError;
use crate::analysis::messages::{
    DiagnosedDrive, DriveReport, FindAnalysis, FindDiagnosis, ListAnalyses, ListDrives,
    PastAnalysis, RecordedAnalysis, ReportDrive,
};
use crate::analysis::{history, results};
use crate::database::DatabaseError;
use crate::device_id::DeviceId;
use crate::drives::{self, KnownDrive};

/// The time limit of listing drives, counting readings included.
const COUNT_LIMIT: Duration = Duration::from_secs(15);

/// The time limit of a report, reading all readings of the drive included.
const REPORT_LIMIT: Duration = Duration::from_secs(30);

impl Handler<ListAnalyses> for AnalysisActor {
    type Result = ResponseActFuture<Self, Result<Vec<PastAnalysis>, AnalysisError>>;

    fn handle(&mut self, wanted: ListAnalyses, _: &mut Self::Context) -> Self::Result {
        let database = self.database.clone();
        let listed = async move {
            let ListAnalyses {
                device_id,
                status,
                page,
                turn: _turn,
            } = wanted;
            let listed = database.run(STATEMENT_LIMIT, async |connection| {
                history::list(connection, device_id.as_deref(), status, &page).await
            });
            Ok(listed.await?)
        };
        Box::pin(listed.into_actor(self))
    }
}

impl Handler<FindAnalysis> for AnalysisActor {
    type Result = ResponseActFuture<Self, Result<RecordedAnalysis, AnalysisError>>;

    fn handle(&mut self, wanted: FindAnalysis, _: &mut Self::Context) -> Self::Result {
        let database = self.database.clone();
        let found = async move {
            let FindAnalysis {
                analysis_id,
                device_id,
                turn: _turn,
            } = wanted;
            let found = database.run(STATEMENT_LIMIT, async |connection| {
                let past = history::find(connection, &analysis_id).await?;
                let mut found = with_results(connection, past.into_iter().collect()).await?;
                Ok(found.pop())
            });
            let of_device = |found: &RecordedAnalysis| {
                device_id.is_none_or(|device_id| *device_id == *found.analysis.device_id)
            };
            found
                .await?
                .filter(of_device)
                .ok_or(AnalysisError::NotFound)
        };
        Box::pin(found.into_actor(self))
    }
}

/// The analyses with what they found, in two queries for all of them.
async fn with_results(
    connection: &mut Conn,
    analyses: Vec<PastAnalysis>,
) -> Result<Vec<RecordedAnalysis>, DatabaseError> {
    let ids: Vec<&str> = analyses
        .iter()
        .map(|analysis| analysis.analysis_id.as_str())
        .collect();
    let mut findings = history::findings_of(connection, &ids).await?;
    let mut recommendations = results::of_analyses(connection, &ids).await?;
    let recorded = analyses.into_iter().map(|analysis| RecordedAnalysis {
        findings: findings.remove(&analysis.analysis_id),
        recommendations: recommendations
            .remove(&analysis.analysis_id)
            .unwrap_or_default(),
        analysis,
    });
    Ok(recorded.collect())
}

/// A drive with its diagnosis and its analyses; nothing without a diagnosis, or where the drive is not of this device.
pub async fn find_drive(
    connection: &mut Conn,
    drive: i64,
    device_id: Option<&DeviceId>,
) -> Result<Option<DiagnosedDrive>, DatabaseError> {
    let stored = diagnoses::find(connection, drive)
        .await?
        .filter(|found| device_id.is_none_or(|device_id| **device_id == *found.device_id));
    let Some(stored) = stored else {
        return Ok(None);
    };
    let past = history::of_drive(connection, drive, &stored.device_id, stored.start).await?;
    let analyses = with_results(connection, past).await?;
    Ok(Some(DiagnosedDrive { stored, analyses }))
}

impl Handler<FindDiagnosis> for AnalysisActor {
    type Result = ResponseActFuture<Self, Result<DiagnosedDrive, AnalysisError>>;

    fn handle(&mut self, wanted: FindDiagnosis, _: &mut Self::Context) -> Self::Result {
        let database = self.database.clone();
        let found = async move {
            let FindDiagnosis {
                drive,
                device_id,
                turn: _turn,
            } = wanted;
            let found = database.run(STATEMENT_LIMIT, async |connection| {
                find_drive(connection, drive, device_id.as_ref()).await
            });
            found.await?.ok_or(AnalysisError::NoDiagnosis)
        };
        Box::pin(found.into_actor(self))
    }
}

impl Handler<ReportDrive> for AnalysisActor {
    type Result = ResponseActFuture<Self, Result<DriveReport, AnalysisError>>;

    fn handle(&mut self, wanted: ReportDrive, _: &mut Self::Context) -> Self::Result {
        let (database, settings) = (self.database.clone(), self.settings.diagnosis.clone());
        let silence = self.settings.timing.silence;
        let reported = async move {
            let ReportDrive {
                drive,
                device_id,
                turn: _turn,
            } = wanted;
            let report = Box::pin(database.run(REPORT_LIMIT, async |connection| {
                diagnosing::report(connection, &settings, silence, drive).await
            }));
            report
                .await?
                .filter(|report| device_id.is_none_or(|device_id| *device_id == *report.device_id))
                .ok_or(AnalysisError::NoDiagnosis)
        };
        Box::pin(reported.into_actor(self))
    }
}

impl Handler<ListDrives> for AnalysisActor {
    type Result =
        ResponseActFuture<Self, Result<Vec<(KnownDrive, Option<DiagnosisSummary>)>, AnalysisError>>;

    fn handle(&mut self, wanted: ListDrives, _: &mut Self::Context) -> Self::Result {
        let database = self.database.clone();
        let timing = self.settings.timing;
        let listed = async move {
            let ListDrives {
                device_id,
                page,
                turn: _turn,
            } = wanted;
            let listed = database.run(COUNT_LIMIT, async |connection| {
                let drives = drives::list(
                    connection,
                    device_id.as_deref(),
                    &page,
                    &timing,
                    drives::COUNTING,
                )
                .await?;
                diagnoses::summarized(connection, drives).await
            });
            Ok(listed.await?)
        };
        Box::pin(listed.into_actor(self))
    }
}
