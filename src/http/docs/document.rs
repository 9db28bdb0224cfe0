//! The OpenAPI document: the descriptions of handlers and bodies, and what all endpoints have in common.

use actix_web::http::Method;
use serde_json::json;
use utoipa::OpenApi as _;
use utoipa::openapi::encoding::EncodingBuilder;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, PathItem};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{OpenApi, Ref, RefOr, Required};

use crate::http::{
    Access, analysis, backup, bodies, diagnosis, drives, endpoints, health, metrics, ping, sync,
};

mod errors;

use errors::COMMON_ERRORS;

/// The name of the key among the security schemes.
const KEY: &str = "ApiKey";

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "eclipse-ai-server",
        description = "Ingests a car's OBD-II data, analyses drives with a local LLM, stores backups and reports its own health.\n\n\
            Times are UTC, written `2026-02-01T14:30:05`. In requests they are accepted in the years 1900 to 8999, with or without a fraction \
            of a second; one with an offset, such as `+01:00`, is converted to UTC. After a 2xx, everything is committed. A 4xx names what to fix, \
            and where. After 429, 503 or another 5xx, retry the same request; re-sending is idempotent.\n\n\
            Every answer has an `X-Request-Id`, which is also in the server's log. Unknown paths get 404, other methods 405.",
    ),
    paths(
        sync::store_batch,
        sync::status::sync_status,
        analysis::analyze_drive,
        analysis::list_analyses,
        analysis::find_analysis,
        drives::list_drives,
        diagnosis::find_diagnosis,
        diagnosis::report_drive,
        backup::store_backup,
        backup::uploads::create_upload,
        backup::uploads::find_upload,
        backup::uploads::append_upload,
        backup::uploads::cancel_upload,
        backup::list_backups,
        backup::download_backup,
        health::check_health,
        ping::ping,
        metrics::collect,
        super::openapi_json,
        super::to_page,
        super::page,
    ),
    servers((url = "/", description = "This server.")),
    components(schemas(bodies::Detail)),
    tags(
        (name = "Sync", description = "Rows from the device's database."),
        (name = "Analysis", description = "Drives, and their analysis by a local model."),
        (name = "Backup", description = "Files of devices."),
        (name = "Service", description = "The server itself."),
    ),
)]
struct Described;

/// The OpenAPI document of all endpoints.
pub fn document() -> OpenApi {
    let mut document = Described::openapi();
    for endpoint in endpoints() {
        let path = endpoint.documented_path();
        let item = document.paths.paths.get_mut(&path);
        if let Some(operation) = item.and_then(|item| operation(item, &endpoint.method)) {
            complete(&path, operation, endpoint.access);
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
        Method::HEAD => item.head.as_mut(),
        Method::PATCH => item.patch.as_mut(),
        Method::DELETE => item.delete.as_mut(),
        _ => None,
    }
}

/// Adds the file name of an upload's part: the macros cannot describe headers of parts.
fn name_uploads(document: &mut OpenApi) {
    let upload = document.paths.paths.get_mut("/api/v1/backup");
    let Some(RefOr::T(form)) = upload
        .and_then(|item| item.post.as_mut())
        .and_then(|operation| operation.request_body.as_mut())
    else {
        return;
    };
    let name = HeaderBuilder::new()
        .description(Some("Contains the device's name for the file."))
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

/// Adds what all endpoints have in common, or all that require a key.
fn complete(path: &str, operation: &mut Operation, access: Access) {
    let no_scopes: [&str; 0] = [];
    operation.security = Some(match access {
        Access::Key => vec![SecurityRequirement::new(KEY, no_scopes)],
        Access::Open => Vec::new(),
    });
    for parameter in operation.parameters.iter_mut().flatten() {
        leave_optional_empty(parameter);
    }
    for (status, response) in &mut operation.responses.responses {
        errors::give_example(path, status, response);
    }
    for error in &COMMON_ERRORS {
        if access == Access::Key || !error.is_about_keys {
            let responses = &mut operation.responses.responses;
            // An endpoint's own description takes precedence.
            responses
                .entry(error.status.to_owned())
                .or_insert_with(|| RefOr::Ref(Ref::from_response_name(error.name)));
        }
    }
}

/// The page `/docs` sends examples as they are: a filter or a range that was not asked for would hide data.
fn leave_optional_empty(parameter: &mut RefOr<Parameter>) {
    if let RefOr::T(parameter) = parameter
        && !matches!(parameter.required, Required::True)
    {
        let without_example = ParameterBuilder::from(parameter.clone()).example(None);
        *parameter = without_example.build();
    }
}

#[cfg(test)]
mod tests;
