//! The errors of endpoints: those that any endpoint has, and an example for each, as the server answers it.

use serde_json::{Value, json};
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};

/// Gives an error of an endpoint its example.
pub(super) fn give_example(path: &str, status: &str, response: &mut RefOr<Response>) {
    let RefOr::T(response) = response else {
        return;
    };
    for content in response.content.values_mut() {
        let RefOr::T(content) = content else {
            continue;
        };
        let is = |name| content.schema == Some(Ref::from_schema_name(name).into());
        let example = if is("Detail") {
            detail(path, status).map(|text| json!({ "detail": text }))
        } else if is("InvalidRequest") {
            Some(invalid_request(path))
        } else if is("RefusedUpload") {
            Some(json!({ "detail": "File extension not allowed. Allowed: .db, .log, .json, .gz" }))
        } else {
            None
        };
        if content.example.is_none() {
            content.example = example;
        }
    }
}

/// The text of an error with the common body: that of the endpoint, or that of any endpoint.
fn detail(path: &str, status: &str) -> Option<&'static str> {
    let details = DETAILS.iter();
    let mut matching = details.filter(|(of, known, _)| *known == status && path.starts_with(of));
    matching.next().map(|(_, _, text)| *text)
}

/// By the beginning of the path and the status. The first that matches counts.
static DETAILS: [(&str, &str, &str); 16] = [
    ("/api/v1/analyses/", "404", "No such analysis"),
    (
        "/api/v1/analyze",
        "429",
        "Too many analyses are waiting, try again",
    ),
    ("/api/v1/backup", "413", "File too large. Max: 100MB"),
    ("/api/v1/backup/uploads/", "404", "No such upload"),
    (
        "/api/v1/backup/uploads/",
        "415",
        "The content type should be application/partial-upload",
    ),
    ("/api/v1/backups/", "404", "No such backup"),
    (
        "/api/v1/drives/",
        "404",
        "No such drive, or not diagnosed yet",
    ),
    ("", "400", "The request's body cannot be read"),
    (
        "",
        "403",
        "The API key belongs to another device than the request names",
    ),
    ("", "404", "Not Found"),
    ("", "408", "Nothing was sent for 30 seconds"),
    ("", "409", "The upload continues at byte 8388608"),
    ("", "413", "Payload too large. Max: 10MB"),
    (
        "",
        "415",
        "A compressed body is not taken: send it without Content-Encoding",
    ),
    ("", "416", "The range lies beyond the end of the file"),
    ("", "507", "No space is left for backups"),
];

/// A request that failed validation at this endpoint, for example.
fn invalid_request(path: &str) -> Value {
    let problem = match path {
        "/api/v1/sync" => json!({
            "type": "float_type",
            "loc": ["body", "tables", "realtime_data", "rows", 0, "value"],
            "msg": "Input should be a finite number (row with id 3966)",
            "input": "fast",
        }),
        "/api/v1/analyze" => json!({
            "type": "datetime_parsing",
            "loc": ["body", "driveStartTime"],
            "msg": "Input should be a valid datetime such as 2026-02-01T14:25:00, in the years 1900 to 8999",
            "input": "this morning",
        }),
        "/api/v1/backups" => json!({
            "type": "literal_error",
            "loc": ["query", "type"],
            "msg": "Input should be 'database', 'logs' or 'config'",
            "input": "photos",
        }),
        "/api/v1/sync/status" => json!({
            "type": "string_pattern_mismatch",
            "loc": ["query", "deviceId"],
            "msg": "String should not start with a dot, or contain '/' or '\\'",
            "input": "a/b",
        }),
        // The lists with pages.
        _ => json!({
            "type": "datetime_parsing",
            "loc": ["query", "from"],
            "msg": "Input should be a valid datetime such as 2026-02-01T14:25:00, in the years 1900 to 8999",
            "input": "yesterday",
        }),
    };
    json!({ "detail": [problem] })
}

/// An error that any endpoint can answer with.
pub(super) struct CommonError {
    pub(super) status: &'static str,
    pub(super) name: &'static str,
    description: &'static str,
    /// The schema of the body.
    schema: &'static str,
    /// The `detail` of the body, if there is one.
    example: Option<fn() -> Value>,
    pub(super) is_about_keys: bool,
}

pub(super) static COMMON_ERRORS: [CommonError; 5] = [
    CommonError {
        status: "400",
        name: "NotHttp",
        description: "The request is not valid HTTP. The answer has no body.",
        schema: "Detail",
        example: None,
        is_about_keys: false,
    },
    CommonError {
        status: "401",
        name: "Unauthorized",
        description: "The key is missing or unknown. The owner must correct it.",
        schema: "Detail",
        example: Some(|| json!("Invalid API key")),
        is_about_keys: true,
    },
    CommonError {
        status: "422",
        name: "UnknownParameter",
        description: "The query has a parameter that the endpoint does not have.",
        schema: "InvalidRequest",
        example: Some(|| {
            json!([{
                "type": "extra_forbidden",
                "loc": ["query", "devcieId"],
                "msg": "Extra inputs are not permitted",
                "input": "example-device",
            }])
        }),
        is_about_keys: true,
    },
    CommonError {
        status: "500",
        name: "InternalError",
        description: "Internal error; the server's log has the cause.",
        schema: "Detail",
        example: Some(|| json!("Internal server error")),
        is_about_keys: false,
    },
    CommonError {
        status: "503",
        name: "Unavailable",
        description: "Temporarily unavailable. Retry the same request after `Retry-After`.",
        schema: "Detail",
        example: Some(|| json!("The server is busy, try again")),
        is_about_keys: true,
    },
];

impl CommonError {
    pub(super) fn response(&self) -> Response {
        let mut response = ResponseBuilder::new().description(self.description);
        if let Some(detail) = self.example {
            let body = ContentBuilder::new()
                .schema(Some(Ref::from_schema_name(self.schema)))
                .example(Some(json!({ "detail": detail() })));
            response = response.content("application/json", body.build());
        }
        if self.status == "503" {
            let seconds = ObjectBuilder::new()
                .schema_type(Type::Integer)
                .minimum(Some(0))
                .build();
            let header = HeaderBuilder::new()
                .schema(Some(seconds))
                .description(Some("Seconds to wait before the retry."));
            response = response.header("Retry-After", header.build());
        }
        response.build()
    }
}
