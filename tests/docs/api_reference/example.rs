//! Examples, made of those of the single fields.

use serde_json::Value;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{Object, Schema};

use super::shape::{Schemas, Shape};

/// An example of a body, as indented JSON with its fields in the order of the schema.
pub(super) fn of(schema: &RefOr<Schema>, schemas: Schemas<'_>) -> String {
    Writer {
        schemas,
        is_bare: false,
    }
    .write(schema, 0)
}

/// The same with those fields only that are always there: some others exclude each other.
pub(super) fn of_required(schema: &RefOr<Schema>, schemas: Schemas<'_>) -> String {
    Writer {
        schemas,
        is_bare: true,
    }
    .write(schema, 0)
}

struct Writer<'a> {
    schemas: Schemas<'a>,
    /// Leaves out what need not be there.
    is_bare: bool,
}

impl<'a> Writer<'a> {
    fn write(&self, schema: &'a RefOr<Schema>, depth: usize) -> String {
        let schema = self.schemas.but_null(schema);
        if let Some(example) = given(schema) {
            return indented(example, depth);
        }
        match self.schemas.shape(schema).shape {
            Shape::Fields(fields) => {
                let fields = fields
                    .into_iter()
                    .filter(|(.., is_required)| *is_required || !self.is_bare);
                let fields = fields.map(|(name, field, _)| {
                    let value = self.write(field, depth + 1);
                    format!("\"{name}\": {value}")
                });
                block('{', &fields.collect::<Vec<_>>(), '}', depth)
            }
            Shape::List(items) => block('[', &[self.write(items, depth + 1)], ']', depth),
            Shape::Choice(choices) => choices
                .first()
                .map_or_else(null, |first| self.write(first, depth)),
            Shape::Plain(object) => indented(&of_plain(object), depth),
            Shape::Map(values, name) => {
                let name = name.map_or_else(|| "\"…\"".to_owned(), Value::to_string);
                let value = self.write(values, depth + 1);
                block('{', &[format!("{name}: {value}")], '}', depth)
            }
            Shape::Any => null(),
        }
    }
}

fn null() -> String {
    "null".to_owned()
}

/// The example that a schema gives itself.
pub(super) fn given(schema: &RefOr<Schema>) -> Option<&Value> {
    let examples = match schema {
        RefOr::T(Schema::Object(object)) => &object.examples,
        RefOr::T(Schema::Array(array)) => &array.examples,
        RefOr::T(Schema::OneOf(one)) => &one.examples,
        RefOr::T(Schema::AnyOf(any)) => &any.examples,
        RefOr::T(Schema::AllOf(all)) => &all.examples,
        RefOr::T(_) | RefOr::Ref(_) => return None,
    };
    examples.first()
}

fn of_plain(object: &Object) -> Value {
    let first = object.enum_values.iter().flatten().next();
    first.cloned().unwrap_or(Value::Null)
}

fn indented(value: &Value, depth: usize) -> String {
    let pretty = serde_json::to_string_pretty(value).unwrap_or_default();
    pretty.replace('\n', &format!("\n{}", "  ".repeat(depth)))
}

fn block(open: char, items: &[String], close: char, depth: usize) -> String {
    let inner = "  ".repeat(depth + 1);
    let items = items.join(&format!(",\n{inner}"));
    format!("{open}\n{inner}{items}\n{}{close}", "  ".repeat(depth))
}
