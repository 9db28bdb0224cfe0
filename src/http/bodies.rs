//! Error bodies and the format of times, shared by all endpoints. Other bodies stand beside their handlers.

use actors::problem::Problem;
use chrono::NaiveDateTime;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// Formats a time for a response: UTC, to the second.
pub(super) fn time(time: NaiveDateTime) -> String {
    time.format("%Y-%m-%dT%H:%M:%S").to_string()
}

/// An error in one sentence.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Detail {
    /// What is wrong.
    #[schema(examples("The server is busy, try again"))]
    detail: String,
    /// The request's id in the server's log, which has the details; in a 5xx only.
    // Added by `trace`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, examples("5f0c6f9a3b1d2e47"))]
    request_id: Option<String>,
}

impl Detail {
    pub(super) fn new(sentence: &str) -> Self {
        Self {
            detail: sentence.to_owned(),
            request_id: None,
        }
    }
}

/// A request that failed validation.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct InvalidRequest {
    /// The first 50 problems, and the number of further ones.
    #[schema(min_items = 1, max_items = 51, value_type = Vec<ProblemBody>)]
    detail: Vec<Problem>,
}

/// One problem in a request, in the format of FastAPI.
#[derive(ToSchema)]
#[schema(as = Problem, examples(json!({
    "type": "int_type",
    "loc": ["body", "tables", "realtime_data", "rows", 3, "drive_id"],
    "msg": "Input should be an integer (row with id 3966)",
    "input": "seven",
})))]
#[expect(
    dead_code,
    reason = "documents `Problem`, which lives in a crate without OpenAPI"
)]
struct ProblemBody {
    /// The kind of problem, named as in pydantic.
    #[schema(rename = "type", examples("int_type"))]
    kind: String,
    /// The location: names of fields, and indexes from 0.
    loc: Vec<Step>,
    /// What is wrong, in one sentence.
    #[schema(examples("Input should be an integer (row with id 3966)"))]
    msg: String,
    /// The value at that location, shortened.
    input: Value,
}

/// One step of a location in a request.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "documents the steps of `Problem::loc`")]
enum Step {
    /// The name of a field.
    Field(String),
    /// An index into a list, from 0.
    Index(usize),
}

impl From<&[Problem]> for InvalidRequest {
    fn from(problems: &[Problem]) -> Self {
        Self {
            detail: problems.to_vec(),
        }
    }
}

/// The bytes of a file.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "for the documentation")]
pub(in crate::http) struct FileContent(Vec<u8>);
