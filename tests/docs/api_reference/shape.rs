//! Schemas as people think of them.

use actors::sync::tables::TABLES;
use serde_json::Value;
use utoipa::openapi::schema::{
    AdditionalProperties, ArrayItems, Components, Object, Schema, SchemaType, Type,
};
use utoipa::openapi::{OpenApi, RefOr, Response};

/// The schemas and responses that others refer to.
#[derive(Clone, Copy)]
pub(super) struct Schemas<'a>(Option<&'a Components>);

/// What a schema comes to, once its references and combinations are resolved.
pub(super) enum Shape<'a> {
    /// Fields: name, schema, whether it must be there.
    Fields(Vec<(&'a str, &'a RefOr<Schema>, bool)>),
    /// Any number of these, in a row.
    List(&'a RefOr<Schema>),
    /// Any number of these, by name, and an example of a name.
    Map(&'a RefOr<Schema>, Option<&'a Value>),
    /// One of these.
    Choice(Vec<&'a RefOr<Schema>>),
    /// A single value.
    Plain(&'a Object),
    /// Whatever it is.
    Any,
}

/// A shape, and whether null may stand in its place.
pub(super) struct Shaped<'a> {
    pub(super) shape: Shape<'a>,
    pub(super) may_be_null: bool,
}

impl<'a> Schemas<'a> {
    pub(super) fn of(document: &'a OpenApi) -> Self {
        Self(document.components.as_ref())
    }

    pub(super) fn named(self, name: &str) -> Option<&'a RefOr<Schema>> {
        self.0?.schemas.get(name)
    }

    /// The schemas of tables, with their names.
    pub(super) fn of_tables(self) -> impl Iterator<Item = (&'static str, &'a RefOr<Schema>)> {
        let tables = TABLES.iter();
        tables.filter_map(move |table| Some((table.name, self.named(table.name)?)))
    }

    pub(super) fn response(self, response: &'a RefOr<Response>) -> Option<&'a Response> {
        match response {
            RefOr::T(response) => Some(response),
            RefOr::Ref(reference) => {
                let (_, name) = reference.ref_location.rsplit_once('/')?;
                match self.0?.responses.get(name)? {
                    RefOr::T(response) => Some(response),
                    RefOr::Ref(_) => None,
                }
            }
        }
    }

    /// What a reference refers to; the schema itself if it is none.
    pub(super) fn resolve(self, schema: &'a RefOr<Schema>) -> &'a RefOr<Schema> {
        let referred = name(schema).and_then(|name| self.named(name));
        referred.map_or(schema, |schema| self.resolve(schema))
    }

    /// What a value is when it is not null, if that is one thing; its references are resolved.
    pub(super) fn but_null(self, schema: &'a RefOr<Schema>) -> &'a RefOr<Schema> {
        let schema = self.resolve(schema);
        let items = match schema {
            RefOr::T(Schema::OneOf(one)) if one.examples.is_empty() => &one.items,
            RefOr::T(Schema::AnyOf(any)) if any.examples.is_empty() => &any.items,
            _ => return schema,
        };
        let mut rest = items.iter().filter(|item| !is_null(item));
        match (rest.next(), rest.next()) {
            (Some(only), None) => self.but_null(only),
            _ => schema,
        }
    }

    pub(super) fn shape(self, schema: &'a RefOr<Schema>) -> Shaped<'a> {
        let (shape, may_be_null) = match self.resolve(schema) {
            RefOr::T(Schema::Object(object)) => {
                (shape_of_object(object), allows_null(&object.schema_type))
            }
            RefOr::T(Schema::Array(array)) => match &array.items {
                ArrayItems::RefOrSchema(items) => {
                    (Shape::List(items), allows_null(&array.schema_type))
                }
                ArrayItems::False => (Shape::Any, false),
            },
            RefOr::T(Schema::OneOf(one)) => return self.choice(&one.items),
            RefOr::T(Schema::AnyOf(any)) => return self.choice(&any.items),
            RefOr::T(Schema::AllOf(all)) => {
                let parts = all
                    .items
                    .iter()
                    .flat_map(|part| match self.shape(part).shape {
                        Shape::Fields(fields) => fields,
                        _ => Vec::new(),
                    });
                (Shape::Fields(parts.collect()), false)
            }
            RefOr::T(_) | RefOr::Ref(_) => (Shape::Any, false),
        };
        Shaped { shape, may_be_null }
    }

    fn choice(self, items: &'a [RefOr<Schema>]) -> Shaped<'a> {
        let (nulls, rest): (Vec<_>, Vec<_>) = items.iter().partition(|item| is_null(item));
        let may_be_null = !nulls.is_empty();
        match rest.as_slice() {
            [only] => Shaped {
                may_be_null,
                ..self.shape(only)
            },
            _ => Shaped {
                shape: Shape::Choice(rest),
                may_be_null,
            },
        }
    }
}

fn shape_of_object(object: &Object) -> Shape<'_> {
    if !object.properties.is_empty() {
        let fields = object.properties.iter();
        let is_required = |name: &String| object.required.contains(name);
        return Shape::Fields(
            fields
                .map(|(name, schema)| (name.as_str(), schema, is_required(name)))
                .collect(),
        );
    }
    match object.additional_properties.as_deref() {
        Some(AdditionalProperties::RefOr(schema)) => Shape::Map(schema, example_of_name(object)),
        _ if matches!(object.schema_type, SchemaType::AnyValue) => Shape::Any,
        _ => Shape::Plain(object),
    }
}

fn example_of_name(object: &Object) -> Option<&Value> {
    match object.property_names.as_deref()? {
        Schema::Object(name) => name.examples.first(),
        _ => None,
    }
}

/// The name that a reference refers to.
pub(super) fn name(schema: &RefOr<Schema>) -> Option<&str> {
    match schema {
        RefOr::Ref(reference) => Some(reference.ref_location.rsplit_once('/')?.1),
        RefOr::T(_) => None,
    }
}

/// Tables have a section of their own.
pub(super) fn is_table(name: &str) -> bool {
    TABLES.iter().any(|table| table.name == name)
}

pub(super) fn description(schema: &RefOr<Schema>) -> &str {
    let described = match schema {
        RefOr::Ref(reference) => return &reference.description,
        // What may be null is described beneath.
        RefOr::T(Schema::OneOf(one)) if one.description.is_none() => {
            let mut items = one.items.iter().map(description);
            return items.find(|text| !text.is_empty()).unwrap_or_default();
        }
        RefOr::T(Schema::Object(object)) => &object.description,
        RefOr::T(Schema::Array(array)) => &array.description,
        RefOr::T(Schema::OneOf(one)) => &one.description,
        RefOr::T(Schema::AllOf(all)) => &all.description,
        RefOr::T(Schema::AnyOf(any)) => &any.description,
        RefOr::T(_) => &None,
    };
    described.as_deref().unwrap_or_default()
}

fn allows_null(kind: &SchemaType) -> bool {
    matches!(kind, SchemaType::Array(types) if types.contains(&Type::Null))
}

fn is_null(schema: &RefOr<Schema>) -> bool {
    matches!(schema, RefOr::T(Schema::Object(object)) if object.schema_type == SchemaType::Type(Type::Null))
}
