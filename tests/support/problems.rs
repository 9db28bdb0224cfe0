use serde_json::Value;

use super::{TestDatabase, TestServer};

/// Posts `body`, asserts that it is refused and nothing is stored, and returns the problems.
pub(crate) async fn refused(
    server: &TestServer,
    database: &TestDatabase,
    body: impl Into<Vec<u8>>,
) -> Vec<Value> {
    let body = body.into();
    let shown = String::from_utf8_lossy(&body[..body.len().min(200)]).into_owned();
    let (status, answer) = server.sync_bytes(body).await;
    assert_eq!(status, 422, "{shown}: {answer}");
    for table in ["realtime_data", "statistics", "profiles", "extra_rows"] {
        assert_eq!(
            database.count(table, "TRUE").await,
            0,
            "{table} after {shown}"
        );
    }
    let problems = answer["detail"].as_array().unwrap().clone();
    for problem in &problems {
        let fields: Vec<&String> = problem.as_object().unwrap().keys().collect();
        assert_eq!(fields, ["input", "loc", "msg", "type"], "{shown}");
        assert_eq!(problem["loc"][0], "body");
    }
    problems
}

/// Kinds and places of problems.
pub(crate) fn kinds_and_places(problems: &[Value]) -> Vec<(&str, String)> {
    let place = |problem: &Value| {
        let steps = problem["loc"].as_array().unwrap()[1..].iter();
        let steps = steps.map(|step| {
            step.as_str()
                .map_or_else(|| step.to_string(), str::to_owned)
        });
        steps.collect::<Vec<_>>().join(".")
    };
    problems
        .iter()
        .map(|problem| (problem["type"].as_str().unwrap(), place(problem)))
        .collect()
}
