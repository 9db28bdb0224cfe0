//! Calls to copy into a shell.

use serde_json::Value;
use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::schema::{KnownFormat, Schema, SchemaFormat};
use utoipa::openapi::{Content, RefOr, Required};

use super::example;
use super::shape::{Schemas, Shape};
use eclipse_ai_server::http::{Access, Endpoint};

/// The call of an endpoint with its examples for values.
pub(super) fn call(endpoint: &Endpoint, operation: &Operation, schemas: Schemas<'_>) -> String {
    let method = match endpoint.method.as_str() {
        // The body makes it a POST.
        "GET" => "",
        "POST" if operation.request_body.is_some() => "",
        "HEAD" => " -I",
        other => &format!(" -X {other}"),
    };
    let query = required(operation, ParameterIn::Query);
    let query: Vec<String> = query
        .map(|(name, example)| format!("{name}={example}"))
        .collect();
    let query = if query.is_empty() {
        String::new()
    } else {
        format!("?{}", query.join("&"))
    };
    let mut parts = vec![format!(
        "curl{method} \"$URL{}{query}\"",
        path(endpoint, operation)
    )];
    if endpoint.access == Access::Key {
        parts.push("-H \"X-API-Key: $API_KEY\"".to_owned());
    }
    let headers = required(operation, ParameterIn::Header);
    parts.extend(headers.map(|(name, example)| format!("-H \"{name}: {example}\"")));
    if let Some(RefOr::T(request)) = &operation.request_body {
        for (media_type, content) in &request.content {
            parts.extend(body(media_type, content, schemas));
        }
    }
    parts.join(" \\\n  ")
}

/// Names and examples of the parameters that a call must have.
fn required(operation: &Operation, place: ParameterIn) -> impl Iterator<Item = (&str, String)> {
    let parameters = operation.parameters.iter().flatten();
    parameters.filter_map(move |parameter| {
        let RefOr::T(parameter) = parameter else {
            return None;
        };
        let is_needed = parameter.parameter_in == place && parameter.required == Required::True;
        let json = serde_json::to_value(parameter).unwrap_or_default();
        is_needed.then(|| {
            (
                parameter.name.as_str(),
                json.get("example").map_or_else(String::new, text),
            )
        })
    })
}

/// The path with an example in the place of each name.
fn path(endpoint: &Endpoint, operation: &Operation) -> String {
    let parameters = operation.parameters.iter().flatten();
    parameters.fold(endpoint.documented_path(), |path, parameter| {
        let RefOr::T(parameter) = parameter else {
            return path;
        };
        if parameter.parameter_in != ParameterIn::Path {
            return path;
        }
        // The field is private, and only its JSON shows it.
        let json = serde_json::to_value(parameter).unwrap_or_default();
        let example = json
            .get("example")
            .map_or_else(|| parameter.name.to_uppercase(), text);
        path.replace(&format!("{{{}}}", parameter.name), &example)
    })
}

fn body(media_type: &str, content: &RefOr<Content>, schemas: Schemas<'_>) -> Vec<String> {
    let RefOr::T(Content {
        schema: Some(schema),
        ..
    }) = content
    else {
        return Vec::new();
    };
    if media_type == "application/partial-upload" {
        return vec![
            format!("-H \"Content-Type: {media_type}\""),
            "--data-binary \"@part\"".to_owned(),
        ];
    }
    if media_type != "multipart/form-data" {
        let json = example::of(schema, schemas);
        return vec![
            format!("-H \"Content-Type: {media_type}\""),
            format!("-d '{json}'"),
        ];
    }
    let Shape::Fields(fields) = schemas.shape(schema).shape else {
        return Vec::new();
    };
    let required = fields.into_iter().filter(|(.., is_required)| *is_required);
    required
        .map(|(name, field, _)| {
            if is_file(field) {
                format!("-F \"{name}=@obd.db\"")
            } else {
                format!(
                    "-F \"{name}={}\"",
                    example::of(field, schemas).trim_matches('"')
                )
            }
        })
        .collect()
}

fn is_file(schema: &RefOr<Schema>) -> bool {
    let binary = SchemaFormat::KnownFormat(KnownFormat::Binary);
    matches!(schema, RefOr::T(Schema::Object(object)) if object.format.as_ref() == Some(&binary))
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}
