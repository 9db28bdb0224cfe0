//! The alert rules and the dashboard for those who have Prometheus and Grafana.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use super::{repository, run};
use crate::support::{TestDatabase, TestServer, batch, eventually, readings, tool};

#[test]
fn the_alert_rules_are_valid_and_each_fires_for_its_fault_only() {
    let folder = repository("deploy/monitoring");
    for arguments in [
        ["check", "rules", "alerts.yml"],
        ["test", "rules", "alerts.test.yml"],
    ] {
        let ran = run(Command::new(tool("promtool"))
            .args(arguments)
            .current_dir(&folder));
        assert!(ran.succeeded, "{}{}", ran.stdout, ran.stderr);
    }
}

/// Every metric of ours in a text, without the ending of its kind.
fn metrics_in(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let mut metrics: Vec<String> = words
        .filter(|word| word.starts_with("eclipse_ai_"))
        .map(|word| {
            let endings = ["_total", "_bucket", "_sum", "_count"];
            let stem = endings.iter().find_map(|ending| word.strip_suffix(ending));
            stem.unwrap_or(word).to_owned()
        })
        .collect();
    metrics.sort();
    metrics.dedup();
    metrics
}

#[tokio::test]
async fn rules_and_dashboard_name_metrics_that_exist() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    // A metric is served once it has a value.
    let rows = batch(&json!({"realtime_data": readings(1..=5)}));
    assert_eq!(server.sync(&rows).await.0, 200);
    let dashboard = fs::read_to_string(repository("deploy/monitoring/dashboard.json")).unwrap();
    let parsed: Value = serde_json::from_str(&dashboard).unwrap();
    assert!(parsed["panels"].as_array().unwrap().len() > 10);
    let alerts = fs::read_to_string(repository("deploy/monitoring/alerts.yml")).unwrap();
    for text in [dashboard, alerts] {
        let metrics = metrics_in(&text);
        assert!(metrics.len() > 5, "{metrics:?}");
        eventually(&format!("{metrics:?} are served"), async || {
            let request = server.http.get(format!("{}/metrics", server.url));
            let text = request.send().await.unwrap().text().await.unwrap();
            let is_served = |metric: &String| text.contains(&format!("# TYPE {metric} "));
            metrics.iter().all(is_served)
        })
        .await;
    }
}
