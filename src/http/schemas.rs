//! Schemas of batches and of values in them, for the OpenAPI document. Built from the registry that batches are parsed by.

use std::borrow::Cow;

use actors::device_id::ID_CHARACTERS;
use actors::sync::tables::{Column, ColumnType, Key, Presence, TABLES, Table};
use serde_json::{Value, json};
use utoipa::openapi::schema::{
    AdditionalProperties, AnyOf, AnyOfBuilder, ArrayBuilder, KnownFormat, Object, ObjectBuilder,
    Schema, SchemaFormat, SchemaType, Type,
};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

mod columns;
mod diagnosis;

use columns::meaning_of;
pub(super) use diagnosis::{DiagnosisSchema, FindingSchema, RecommendationEvidenceSchema};

/// A time as devices write it, in a form that generators of examples understand.
const TIME_PATTERN: &str = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?$";

/// The request of `POST /api/v1/sync`, for the documentation: batches are read by
/// [`actors::sync::batch::read`], without a copy in between.
pub(super) struct SyncBatch;

/// A time as devices write it, for the documentation.
pub(super) struct DeviceTime;

impl ToSchema for DeviceTime {
    fn name() -> Cow<'static, str> {
        "DeviceTime".into()
    }
}

impl PartialSchema for DeviceTime {
    fn schema() -> RefOr<Schema> {
        let (kind, time) = typed(ColumnType::Time);
        time.schema_type(kind)
            .description(Some(
                "A time. With a zone it is converted to UTC; without one it is taken as UTC.",
            ))
            .examples([json!("2026-02-01T14:00:00")])
            .into()
    }
}

/// A device's id of a driving profile, for the documentation.
pub(super) struct ProfileId;

impl ToSchema for ProfileId {
    fn name() -> Cow<'static, str> {
        "ProfileId".into()
    }
}

impl PartialSchema for ProfileId {
    fn schema() -> RefOr<Schema> {
        let description =
            "The device's id of a driving profile. A number is taken as its decimal text.";
        Schema::AnyOf(text_or_number(description, "\"daily\"", &[])).into()
    }
}

/// The id of a device, for the documentation.
pub(super) struct DeviceIdSchema;

impl ToSchema for DeviceIdSchema {
    fn name() -> Cow<'static, str> {
        "DeviceId".into()
    }
}

impl PartialSchema for DeviceIdSchema {
    fn schema() -> RefOr<Schema> {
        let description = "The id of a device. No control characters, `/` or `\\`, no blanks at either end, no leading dot.";
        id(description, "example-device", DEVICE_ID_PATTERN).into()
    }
}

impl ToSchema for SyncBatch {
    fn name() -> Cow<'static, str> {
        "SyncBatch".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((DeviceIdSchema::name().into(), DeviceIdSchema::schema()));
        for table in &TABLES {
            schemas.push((row_name(table), Schema::Object(row(table)).into()));
            schemas.push((table.name.to_owned(), Schema::Object(rows_of(table)).into()));
        }
    }
}

impl PartialSchema for SyncBatch {
    fn schema() -> RefOr<Schema> {
        let tables = TABLES.iter().fold(ObjectBuilder::new(), |tables, table| {
            tables.property(table.name, Ref::from_schema_name(table.name))
        });
        let tables = tables.description(Some(
            "The rows by table. Other tables are rejected, unless `EXTRA_TABLES` names them.",
        ));
        ObjectBuilder::new()
            .description(Some(
                "Rows of one device, stored completely or not at all. Further fields are stored with the device.",
            ))
            .property("deviceId", Ref::from_schema_name(DeviceIdSchema::name()))
            .property("batchId", id("The device's name for the batch; not necessarily unique.", "sync-2026-02-01T14:30:00", ID_PATTERN))
            .property("tables", tables)
            .required("deviceId")
            .required("batchId")
            .required("tables")
            .examples([example()])
            .into()
    }
}

/// Harmless if it is sent: the device is none of the owner's, and simulated readings are left out of analyses.
fn example() -> Value {
    json!({
        "deviceId": "example-device",
        "batchId": "sync-2026-02-01T14:30:00",
        "tables": {
            "realtime_data": {
                "lastSyncedId": 3965,
                "rows": [{
                    "id": 3966,
                    "timestamp": "2026-02-01T14:25:00",
                    "parameter_name": "RPM",
                    "value": 2500.0,
                    "unit": "rpm",
                    "profile_id": "daily",
                    "data_source": "simulated"
                }]
            }
        }
    })
}

fn row_name(table: &Table) -> String {
    format!("{}_row", table.name)
}

fn rows_of(table: &Table) -> Object {
    ObjectBuilder::new()
        .description(Some(format!("Rows of `{}`.", table.name)))
        .property(
            "lastSyncedId",
            ObjectBuilder::new()
                .schema_type(SchemaType::from_iter([Type::Integer, Type::Null]))
                .description(Some("The device's own sync position. The server ignores it."))
                .examples([json!(3965)]),
        )
        .property(
            "rows",
            ArrayBuilder::new()
                .items(Ref::from_schema_name(row_name(table)))
                .description(Some("New and changed rows, in any order. Of several rows with the same key, the last one counts.")),
        )
        .required("rows")
        .into()
}

fn row(table: &Table) -> Object {
    let mut row = ObjectBuilder::new()
        .description(Some(format!(
            "A row of `{}`. Omitted columns keep their stored value. Further columns are stored unchanged.",
            table.name
        )))
        .additional_properties(Some(AdditionalProperties::FreeForm(true)));
    match table.key {
        Key::Integer(names) => {
            for name in names {
                row = row.property(*name, integer_key(name));
            }
            // With two names for the key, either is enough.
            if let [only] = names {
                row = row.required(*only);
            }
        }
        Key::Text => row = row.property("id", text_key("\"daily\"")).required("id"),
        // The other column is enough.
        Key::TextIn(_) => row = row.property("id", text_key("\"4A3AK34T6WE000001\"")),
    }
    for column in table.columns {
        row = row.property(column.name, cell(column));
        if column.presence == Presence::Required {
            row = row.required(column.name);
        }
    }
    row.examples(example_of_row(table)).into()
}

/// Of a row whose key has two names, both of which would be one too many.
fn example_of_row(table: &Table) -> Option<Value> {
    let Key::Integer([key, _, ..]) = table.key else {
        return None;
    };
    let names = table.columns.iter().map(|column| column.name);
    let cells = std::iter::once(*key).chain(names).filter_map(|name| {
        let example = serde_json::from_str(meaning_of(name)?.example).ok()?;
        Some((name.to_owned(), example))
    });
    Some(Value::Object(cells.collect()))
}

fn integer_key(name: &str) -> Schema {
    let key = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
        .minimum(Some(0));
    Schema::Object(explained(key, name).into())
}

fn text_key(example: &str) -> Schema {
    Schema::AnyOf(text_or_number("The row's key on the device.", example, &[]))
}

/// A key that is a text on the device; a number is taken as its decimal text. The example is JSON.
fn text_or_number(description: &str, example: &str, also: &[Type]) -> AnyOf {
    let text = ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(ID_CHARACTERS))
        .pattern(Some(ID_PATTERN));
    let number = ObjectBuilder::new().schema_type(Type::Integer);
    let text_or_number = AnyOfBuilder::new().item(text).item(number);
    also.iter()
        .fold(text_or_number, |any, kind| {
            any.item(ObjectBuilder::new().schema_type(kind.clone()))
        })
        .description(Some(description))
        .examples(serde_json::from_str::<Value>(example))
        .build()
}

/// No blanks at the ends, no control characters; in the words that all kinds of regular expressions share.
const ID_PATTERN: &str =
    r"^[^\s\x00-\x1F\x7F-\x9F]([^\x00-\x1F\x7F-\x9F]*[^\s\x00-\x1F\x7F-\x9F])?$";

/// The same for device ids.
const DEVICE_ID_PATTERN: &str =
    r"^[^\s./\\\x00-\x1F\x7F-\x9F]([^/\\\x00-\x1F\x7F-\x9F]*[^\s/\\\x00-\x1F\x7F-\x9F])?$";

fn id(description: &str, example: &str, pattern: &str) -> Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(ID_CHARACTERS))
        .pattern(Some(pattern))
        .description(Some(description))
        .examples([json!(example)])
        .into()
}

fn cell(column: &Column) -> Schema {
    // Null means the default, if there is one.
    let may_be_null = column.presence != Presence::Required;
    if matches!(column.kind, ColumnType::Key | ColumnType::Profile) {
        let also: &[Type] = if may_be_null { &[Type::Null] } else { &[] };
        let (description, example) = meaning_of(column.name)
            .map_or_else(Default::default, |meaning| {
                (meaning.description, meaning.example)
            });
        return Schema::AnyOf(text_or_number(description, example, also));
    }
    let (kind, cell) = typed(column.kind);
    let cell = if may_be_null {
        cell.schema_type(SchemaType::from_iter([kind, Type::Null]))
    } else {
        cell.schema_type(kind)
    };
    Schema::Object(explained(cell, column.name).into())
}

fn typed(kind: ColumnType) -> (Type, ObjectBuilder) {
    let cell = ObjectBuilder::new();
    let known = |format| Some(SchemaFormat::KnownFormat(format));
    match kind {
        ColumnType::Integer(i64::MIN, i64::MAX) | ColumnType::SameTable => {
            (Type::Integer, cell.format(known(KnownFormat::Int64)))
        }
        ColumnType::Integer(least, most) => (
            Type::Integer,
            cell.format(known(KnownFormat::Int64))
                .minimum(Some(least))
                .maximum(Some(most)),
        ),
        ColumnType::Real => (Type::Number, cell.format(known(KnownFormat::Double))),
        // A limit in bytes equals one in characters for ASCII text only; OpenAPI has no other.
        ColumnType::Characters(limit) | ColumnType::Bytes(limit) => {
            (Type::String, cell.max_length(Some(limit)))
        }
        ColumnType::Time => (Type::String, cell.pattern(Some(TIME_PATTERN))),
        ColumnType::Key | ColumnType::Profile => {
            (Type::String, cell.max_length(Some(ID_CHARACTERS)))
        }
    }
}

fn explained(cell: ObjectBuilder, name: &str) -> ObjectBuilder {
    match meaning_of(name) {
        Some(meaning) => cell
            .description(Some(meaning.description))
            .examples(serde_json::from_str::<Value>(meaning.example)),
        None => cell,
    }
}
