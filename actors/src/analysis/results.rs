//! What an analysis has recommended, among the device's own recommendations.

use std::collections::HashMap;

use chrono::NaiveDateTime;
use mysql_async::prelude::Queryable as _;
use mysql_async::{Conn, Params, Value};
use rand::Rng as _;
use serde::{Deserialize, Serialize};

use super::evidence::RecommendationEvidence;
use super::recommendations::Recommendation;
use super::subject::Subject;
use crate::database::{DatabaseError, Statement};

/// The lowest place that the device's own column knows.
const LAST_PRIORITY: u32 = 5;

/// What the column `extra` has of a recommendation of ours.
#[derive(Debug, Serialize, Deserialize)]
struct Extra {
    rank: u32,
    category: String,
    confidence: f64,
    grounded: bool,
    #[serde(default)]
    finding: Option<String>,
    #[serde(default)]
    evidence: Option<RecommendationEvidence>,
}

/// Stores the recommendations of an analysis, with the `profile` of [`lock_profile`].
pub(super) async fn store(
    connection: &mut Conn,
    analysis_id: &str,
    subject: &Subject,
    profile: Option<i64>,
    recommendations: &[Recommendation],
    now: NaiveDateTime,
) -> Result<(), DatabaseError> {
    if recommendations.is_empty() {
        return Ok(());
    }
    let places = vec!["(?,?,?,?,?,?,?,?,?,?)"; recommendations.len()].join(",");
    let statement = format!(
        "INSERT INTO ai_recommendations (source_device, source_id, synced_at, sync_batch_id, timestamp, created_at, \
         recommendation, priority_rank, profile_id, extra) VALUES {places}"
    );
    let values = recommendations.iter().flat_map(|found| {
        let extra = Extra {
            rank: found.rank,
            category: found.category.clone(),
            confidence: found.confidence,
            grounded: found.grounded,
            finding: found.finding.clone(),
            evidence: found.evidence.clone(),
        };
        [
            Value::from(&subject.device_id),
            Value::from(new_source_id()),
            Value::from(now),
            Value::from(analysis_id),
            Value::from(now),
            Value::from(now),
            Value::from(&found.recommendation),
            Value::from(found.rank.min(LAST_PRIORITY)),
            Value::from(profile),
            Value::from(serde_json::json!(extra).to_string()),
        ]
    });
    let values = Params::Positional(values.collect());
    Ok(connection.exec_drop(statement, values).await?)
}

/// The recommendations of an analysis, the most important first.
pub(super) async fn of_analysis(
    connection: &mut Conn,
    analysis_id: &str,
) -> Result<Vec<Recommendation>, DatabaseError> {
    let mut found = of_analyses(connection, &[analysis_id]).await?;
    Ok(found.remove(analysis_id).unwrap_or_default())
}

/// The recommendations of each of some analyses that has any, the most important first.
pub(super) async fn of_analyses(
    connection: &mut Conn,
    analysis_ids: &[&str],
) -> Result<HashMap<String, Vec<Recommendation>>, DatabaseError> {
    let mut by_analysis: HashMap<String, Vec<Recommendation>> = HashMap::new();
    if analysis_ids.is_empty() {
        return Ok(by_analysis);
    }
    let query = format!(
        "SELECT sync_batch_id, recommendation, extra FROM ai_recommendations \
         WHERE sync_batch_id IN ({}) AND source_id < 0",
        vec!["?"; analysis_ids.len()].join(", ")
    );
    let rows: Vec<(String, String, Option<String>)> =
        Statement::new(query, analysis_ids.iter().copied())
            .fetch_all(connection)
            .await?;
    for (analysis_id, recommendation, extra) in rows {
        let extra: Option<Extra> = extra.and_then(|extra| serde_json::from_str(&extra).ok());
        let Some(extra) = extra else { continue };
        by_analysis
            .entry(analysis_id)
            .or_default()
            .push(Recommendation {
                rank: extra.rank,
                category: extra.category,
                recommendation,
                confidence: extra.confidence,
                grounded: extra.grounded,
                finding: extra.finding,
                evidence: extra.evidence,
            });
    }
    for recommendations in by_analysis.values_mut() {
        recommendations.sort_by_key(|found| found.rank);
    }
    Ok(by_analysis)
}

/// Our id of the subject's profile, if the device has ever named it.
///
/// Locks it, as the foreign key of the recommendations does. To be called before the drive is locked: batches lock
/// profiles first.
pub(super) async fn lock_profile(
    connection: &mut Conn,
    subject: &Subject,
) -> Result<Option<i64>, DatabaseError> {
    let Some(profile_id) = &subject.profile_id else {
        return Ok(None);
    };
    let query =
        "SELECT id FROM profiles WHERE source_device = ? AND source_id = ? LOCK IN SHARE MODE";
    Ok(connection
        .exec_first(query, (&subject.device_id, profile_id))
        .await?)
}

/// Below zero, where no device has ids, and no further than a JSON number is exact.
fn new_source_id() -> i64 {
    -rand::rng().random_range(1..1_i64 << 53)
}
