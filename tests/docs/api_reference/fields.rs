//! Tables of fields.

use std::fmt::Write as _;

use serde_json::Value;
use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::schema::{Object, Schema, SchemaType, Type};
use utoipa::openapi::{RefOr, Required};

use super::anchor;
use super::shape::{Schemas, Shape, Shaped, description, is_table, name};

const HEAD: &str = "| Field | Type | Meaning |\n|---|---|---|\n";

/// The fields of a body, those of inner objects too; empty if it has none.
pub(super) fn of(schema: &RefOr<Schema>, is_request: bool, schemas: Schemas<'_>) -> String {
    let mut table = Table {
        rows: String::new(),
        schemas,
        is_request,
    };
    table.add_fields("", schema);
    headed(table.rows)
}

/// The parameters of a path, a query or a header.
pub(super) fn of_parameters(operation: &Operation, schemas: Schemas<'_>) -> String {
    let mut rows = String::new();
    for parameter in operation.parameters.iter().flatten() {
        let RefOr::T(parameter) = parameter else {
            continue;
        };
        let place = match parameter.parameter_in {
            ParameterIn::Path => "path",
            ParameterIn::Header => "header",
            _ => "query",
        };
        let kind = parameter
            .schema
            .as_ref()
            .map(|schema| kind(schema, schemas));
        let required = match parameter.required {
            Required::True => ", required",
            Required::False => "",
        };
        let _ = writeln!(
            rows,
            "| `{}` ({place}) | {}{required} | {} |",
            parameter.name,
            kind.unwrap_or_default(),
            parameter.description.as_deref().unwrap_or_default()
        );
    }
    headed(rows)
}

fn headed(rows: String) -> String {
    if rows.is_empty() {
        rows
    } else {
        format!("{HEAD}{rows}")
    }
}

struct Table<'a> {
    rows: String,
    schemas: Schemas<'a>,
    is_request: bool,
}

impl<'a> Table<'a> {
    fn add_fields(&mut self, prefix: &str, schema: &'a RefOr<Schema>) {
        match self.schemas.shape(schema).shape {
            Shape::Fields(fields) => {
                for (name, field, is_required) in fields {
                    self.add(&format!("{prefix}{name}"), field, is_required);
                }
            }
            // Of alternatives only the first is shown here; the others have names of their own.
            Shape::Choice(choices) => {
                for choice in choices {
                    self.add_fields(prefix, choice);
                }
            }
            _ => {}
        }
    }

    fn add(&mut self, path: &str, schema: &'a RefOr<Schema>, is_required: bool) {
        let required = if is_required && self.is_request {
            ", required"
        } else {
            ""
        };
        let meaning = match description(schema) {
            "" => name(schema)
                .and_then(|name| self.schemas.named(name))
                .map_or("", description),
            described => described,
        };
        let _ = writeln!(
            self.rows,
            "| `{path}` | {}{required} | {} |",
            kind(schema, self.schemas),
            meaning.replace('\n', " ")
        );
        let inner = match self.schemas.shape(schema).shape {
            Shape::List(items) => Some((items, "[].")),
            Shape::Map(values, _) => Some((values, ".*.")),
            Shape::Fields(_) if !name(schema).is_some_and(is_table) => Some((schema, ".")),
            _ => None,
        };
        if let Some((schema, suffix)) = inner {
            self.add_fields(&format!("{path}{suffix}"), schema);
        }
    }
}

/// `integer or null, ≥ 0`
fn kind(schema: &RefOr<Schema>, schemas: Schemas<'_>) -> String {
    if let Some(name) = name(schema).filter(|name| is_table(name)) {
        return format!("[{name}](#{})", anchor(name));
    }
    let Shaped { shape, may_be_null } = schemas.shape(schema);
    let or_null = if may_be_null { " or null" } else { "" };
    match shape {
        Shape::Fields(_) => format!("object{or_null}"),
        Shape::Map(..) => format!("object by name{or_null}"),
        Shape::Any => "anything".to_owned(),
        Shape::List(items) => format!("list of {}{or_null}", plural(&kind(items, schemas))),
        Shape::Choice(choices) => {
            let choices: Vec<_> = choices
                .into_iter()
                .map(|choice| kind(choice, schemas))
                .collect();
            format!("{}{or_null}", choices.join(" or "))
        }
        Shape::Plain(object) => plain(object, or_null),
    }
}

fn plural(kind: &str) -> String {
    match kind {
        "object" | "string" | "integer" | "number" => format!("{kind}s"),
        _ => kind.to_owned(),
    }
}

fn plain(object: &Object, or_null: &str) -> String {
    if let Some(values) = &object.enum_values {
        let values: Vec<_> = values
            .iter()
            .filter(|value| !value.is_null())
            .map(|value| format!("`{}`", text(value)))
            .collect();
        return format!("{}{or_null}", values.join(" or "));
    }
    format!("{}{or_null}{}", type_name(object), limits(object))
}

fn type_name(object: &Object) -> &'static str {
    let types = match &object.schema_type {
        SchemaType::Type(kind) => std::slice::from_ref(kind),
        SchemaType::Array(types) => types.as_slice(),
        SchemaType::AnyValue => &[],
    };
    match types.iter().find(|kind| **kind != Type::Null) {
        Some(Type::String) if object.format.is_some() => "file",
        Some(Type::String) => "string",
        Some(Type::Integer) => "integer",
        Some(Type::Number) => "number",
        Some(Type::Boolean) => "boolean",
        Some(Type::Array) => "list",
        Some(Type::Object) => "object",
        Some(Type::Null) | None => "anything",
    }
}

fn limits(object: &Object) -> String {
    let number = |number: &Option<utoipa::Number>| {
        let value = number.as_ref().map(serde_json::to_value);
        let value = value.and_then(Result::ok)?;
        let text = text(&value);
        Some(text.strip_suffix(".0").map_or(text.clone(), str::to_owned))
    };
    let mut limits = String::new();
    match (number(&object.minimum), number(&object.maximum)) {
        (Some(least), Some(most)) => _ = write!(limits, ", {least} to {most}"),
        (Some(least), None) => _ = write!(limits, ", ≥ {least}"),
        (None, Some(most)) => _ = write!(limits, ", ≤ {most}"),
        (None, None) => {}
    }
    match (object.min_length, object.max_length) {
        (Some(least), Some(most)) => _ = write!(limits, ", {least} to {most} characters"),
        (None, Some(most)) => _ = write!(limits, ", ≤ {most} characters"),
        _ => {}
    }
    limits
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
