//! The OpenAPI document: what the handlers and the bodies say of themselves, and what is the same for all endpoints.

use actix_web::http::Method;
use serde_json::json;
use utoipa::OpenApi as _;
use utoipa::openapi::encoding::EncodingBuilder;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder};

use crate::http::{Access, analysis, backup, bodies, drives, endpoints, health, metrics, sync};

/// The name of the key among the security schemes.
const KEY: &str = "ApiKey";

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "eclipse-ai-server",
        description = "Takes a car's data in, has it analysed, keeps its backups, and says how it is.\n\n\
            Times are UTC, written `2026-02-01T14:30:05`. A 2xx means that everything is stored for good. A 4xx names \
            what to mend, and where. 429, 503 and other 5xx ask to come again with the same request, which is always safe.\n\n\
            Every answer has an `X-Request-Id`, which the server's log has too. Other paths are 404, other methods 405.",
    ),
    paths(
        sync::store_batch,
        analysis::analyze_drive,
        analysis::list_analyses,
        analysis::find_analysis,
        drives::list_drives,
        backup::store_backup,
        backup::list_backups,
        backup::download_backup,
        health::check_health,
        metrics::collect,
        super::openapi_json,
        super::to_page,
        super::page,
    ),
    components(schemas(bodies::Detail)),
    tags(
        (name = "Sync", description = "Rows from the device's database."),
        (name = "Analysis", description = "What a local model recommends after a drive."),
        (name = "Backup", description = "Files that the server keeps."),
        (name = "Service", description = "About the server itself."),
    ),
)]
struct Described;

/// The OpenAPI document of all endpoints.
pub fn document() -> OpenApi {
    let mut document = Described::openapi();
    for endpoint in endpoints() {
        let item = document.paths.paths.get_mut(&endpoint.documented_path());
        if let Some(operation) = item.and_then(|item| operation(item, &endpoint.method)) {
            complete(operation, endpoint.access);
        }
    }
    name_uploads(&mut document);
    let components = document.components.get_or_insert_default();
    let key = ApiKeyValue::with_description(
        "X-API-Key",
        "The shared key of the server, or a device's own key.",
    );
    components.add_security_scheme(KEY, SecurityScheme::ApiKey(ApiKey::Header(key)));
    for error in &COMMON_ERRORS {
        let response = error.response().into();
        components.responses.insert(error.name.to_owned(), response);
    }
    document
}

/// The operation of a path for a method that the server has.
fn operation<'a>(item: &'a mut PathItem, method: &Method) -> Option<&'a mut Operation> {
    match *method {
        Method::GET => item.get.as_mut(),
        Method::POST => item.post.as_mut(),
        _ => None,
    }
}

/// That the file of an upload comes with a name: the macros do not know headers of fields.
fn name_uploads(document: &mut OpenApi) {
    let upload = document.paths.paths.get_mut("/api/v1/backup");
    let Some(RefOr::T(form)) = upload
        .and_then(|item| item.post.as_mut())
        .and_then(|operation| operation.request_body.as_mut())
    else {
        return;
    };
    let name = HeaderBuilder::new()
        .description(Some("With the name that the device has for the file."))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String).build()))
        .example(Some(json!("form-data; name=\"file\"; filename=\"obd.db\"")));
    let file = EncodingBuilder::new()
        .content_type(Some("application/octet-stream"))
        .header("Content-Disposition", name.build())
        .build();
    for content in form.content.values_mut() {
        if let RefOr::T(content) = content {
            content.encoding.insert("file".to_owned(), file.clone());
        }
    }
}

/// What is the same for all endpoints, or for all that want a key.
fn complete(operation: &mut Operation, access: Access) {
    if access == Access::Key {
        let no_scopes: [&str; 0] = [];
        let key = SecurityRequirement::new(KEY, no_scopes);
        operation.security.get_or_insert_default().push(key);
    }
    for error in &COMMON_ERRORS {
        if access == Access::Key || !error.is_about_keys {
            let responses = &mut operation.responses.responses;
            // What an endpoint says itself goes before.
            responses
                .entry(error.status.to_owned())
                .or_insert_with(|| RefOr::Ref(Ref::from_response_name(error.name)));
        }
    }
}

/// An error that any endpoint can answer with.
struct CommonError {
    status: &'static str,
    name: &'static str,
    description: &'static str,
    /// What the body says, where there is one.
    example: Option<&'static str>,
    is_about_keys: bool,
}

static COMMON_ERRORS: [CommonError; 4] = [
    CommonError {
        status: "400",
        name: "NotHttp",
        description: "What was sent is not HTTP. There is no body.",
        example: None,
        is_about_keys: false,
    },
    CommonError {
        status: "401",
        name: "Unauthorized",
        description: "There is no key, or the server does not know it. The owner has to mend that.",
        example: Some("Invalid API key"),
        is_about_keys: true,
    },
    CommonError {
        status: "500",
        name: "InternalError",
        description: "The server failed; its log says why.",
        example: Some("Internal server error"),
        is_about_keys: false,
    },
    CommonError {
        status: "503",
        name: "Unavailable",
        description: "Not now; come again after `Retry-After` with the same request.",
        example: Some("The server is busy, try again"),
        is_about_keys: true,
    },
];

impl CommonError {
    fn response(&self) -> Response {
        let mut response = ResponseBuilder::new().description(self.description);
        if let Some(example) = self.example {
            let body = ContentBuilder::new()
                .schema(Some(Ref::from_schema_name("Detail")))
                .example(Some(json!({ "detail": example })));
            response = response.content("application/json", body.build());
        }
        if self.status == "503" {
            let seconds = ObjectBuilder::new()
                .schema_type(Type::Integer)
                .minimum(Some(0))
                .build();
            let header = HeaderBuilder::new()
                .schema(Some(seconds))
                .description(Some("When to come again, in seconds."));
            response = response.header("Retry-After", header.build());
        }
        response.build()
    }
}

#[cfg(test)]
mod tests;
