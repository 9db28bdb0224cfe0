use std::collections::BTreeSet;

use actors::sync::timestamp::ACCEPTED_YEARS;
use serde_json::{Map, Value};

use super::*;

fn json() -> Value {
    serde_json::to_value(document()).unwrap()
}

fn fields(value: &Value) -> &Map<String, Value> {
    value.as_object().unwrap()
}

/// Every operation, with `GET /path` for its name.
fn operations(document: &Value) -> Vec<(String, &Value)> {
    let paths = fields(&document["paths"]).iter();
    paths
        .flat_map(|(path, item)| {
            let operations = fields(item).iter();
            operations.map(move |(method, it)| (format!("{} {path}", method.to_uppercase()), it))
        })
        .collect()
}

/// What a reference refers to; the value itself if it is none.
fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap(),
        None => value,
    }
}

/// The paths of the fields below `value` that lack something.
fn lacking(value: &Value, at: &str, is_lacking: &impl Fn(&Value) -> bool, found: &mut Vec<String>) {
    for (name, inner) in value.as_object().into_iter().flatten() {
        let at = format!("{at}/{name}");
        if name == "properties" {
            for (name, field) in fields(inner) {
                if is_lacking(field) {
                    found.push(format!("{at}/{name}"));
                }
            }
        }
        lacking(inner, &at, is_lacking, found);
    }
    for inner in value.as_array().into_iter().flatten() {
        lacking(inner, at, is_lacking, found);
    }
}

fn fields_lacking(is_lacking: impl Fn(&Value, &Value) -> bool) -> Vec<String> {
    let (document, mut found) = (json(), Vec::new());
    let schemas = &document["components"]["schemas"];
    lacking(
        schemas,
        "",
        &|field| is_lacking(&document, field),
        &mut found,
    );
    found
}

#[test]
fn every_endpoint_is_documented_and_nothing_else() {
    let endpoints: BTreeSet<String> = endpoints()
        .iter()
        .map(|endpoint| format!("{} {}", endpoint.method, endpoint.documented_path()))
        .collect();
    let document = json();
    let documented: BTreeSet<String> = operations(&document)
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(documented, endpoints);
}

#[test]
fn the_parameters_of_each_query_are_documented_and_no_others() {
    let document = json();
    let operations = operations(&document);
    for endpoint in endpoints() {
        let name = format!("{} {}", endpoint.method, endpoint.documented_path());
        let (_, operation) = operations.iter().find(|(found, _)| *found == name).unwrap();
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let of_query = parameters.filter(|parameter| parameter["in"] == "query");
        let documented: BTreeSet<_> = of_query.map(|it| it["name"].as_str().unwrap()).collect();
        assert_eq!(
            documented,
            endpoint.query.iter().copied().collect(),
            "{name}"
        );
    }
}

#[test]
fn the_document_requires_a_key_exactly_where_the_server_does() {
    let document = json();
    let operations = operations(&document);
    for endpoint in endpoints() {
        let name = format!("{} {}", endpoint.method, endpoint.documented_path());
        let (_, operation) = operations.iter().find(|(found, _)| *found == name).unwrap();
        let requires_key = endpoint.access == Access::Key;
        let security = if requires_key {
            json!([{ "ApiKey": [] }])
        } else {
            json!([])
        };
        assert_eq!(operation["security"], security, "{name}");
        assert_eq!(
            operation["responses"]["401"].is_object(),
            requires_key,
            "{name}"
        );
    }
    let scheme = &document["components"]["securitySchemes"]["ApiKey"];
    assert_eq!(
        (&scheme["in"], &scheme["name"]),
        (&json!("header"), &json!("X-API-Key"))
    );
}

#[test]
fn every_field_has_a_description() {
    let nameless = fields_lacking(|document, field| {
        let described = |value: &Value| value["description"].is_string();
        let alternatives = field["oneOf"].as_array();
        !described(field)
            && !described(resolved(document, field))
            && !alternatives.is_some_and(|any| any.iter().any(described))
    });
    assert_eq!(nameless, Vec::<String>::new());
}

#[test]
fn every_single_value_has_an_example_or_an_enumeration() {
    let bare = fields_lacking(|document, field| {
        let field = resolved(document, field);
        let field = if field["type"] == "array" {
            resolved(document, &field["items"])
        } else {
            field
        };
        let is_single = ["string", "integer", "number", "boolean"]
            .iter()
            .any(|kind| field["type"] == *kind || field["type"][0] == *kind);
        is_single
            && field["format"] != "binary"
            && !["examples", "enum"].iter().any(|key| field[key].is_array())
    });
    // The page `/docs` would send the example with any file, which would then be rejected.
    assert_eq!(bare, ["/BackupUpload/properties/sha256"]);
}

#[test]
fn every_parameter_has_a_description_and_an_example_exactly_if_it_is_required() {
    let document = json();
    for (name, operation) in operations(&document) {
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            assert!(parameter["description"].is_string(), "{name}: {parameter}");
            let has_example = !parameter["example"].is_null();
            let is_required = parameter["required"] == true;
            assert_eq!(has_example, is_required, "{name}: {parameter}");
        }
    }
}

/// A generator makes up `additionalProp1` for a map without an example.
#[test]
fn every_answer_with_a_map_has_an_example() {
    let document = json();
    let schemas = fields(&document["components"]["schemas"]).iter();
    let with_map = schemas.filter(|(_, schema)| {
        let properties = schema["properties"].as_object().into_iter().flatten();
        properties
            .into_iter()
            .any(|(_, field)| field["additionalProperties"].is_object())
    });
    let mut checked = 0;
    for (name, schema) in with_map {
        assert!(schema["examples"][0].is_object(), "{name}");
        checked += 1;
    }
    assert!(checked >= 2, "{checked}");
}

#[test]
fn the_accepted_times_are_described() {
    let document = json();
    let description = document["info"]["description"].as_str().unwrap();
    assert!(description.contains(ACCEPTED_YEARS), "{description}");
}

#[test]
fn no_example_names_a_device_that_could_be_real() {
    assert!(!json().to_string().contains("chi-eclipse"));
}

#[test]
fn a_row_whose_key_has_two_names_has_an_example_with_one_of_them() {
    let document = json();
    let row = &document["components"]["schemas"]["calibration_sessions_row"]["examples"][0];
    assert_eq!(
        (&row["id"], &row["session_id"]),
        (&json!(3966), &Value::Null)
    );
}

#[test]
fn every_error_has_a_body() {
    let document = json();
    for (name, operation) in operations(&document) {
        for (status, response) in fields(&operation["responses"]) {
            let response = resolved(&document, response);
            assert!(response["description"].is_string(), "{name} {status}");
            let schema = &response["content"]["application/json"]["schema"];
            // A request that is not valid HTTP is refused without a body.
            let is_error = status.as_str() > "400";
            assert!(schema.is_object() || !is_error, "{name} {status}");
        }
    }
}

#[test]
fn every_reference_resolves() {
    fn check(document: &Value, value: &Value) {
        if value["$ref"].is_string() {
            assert!(resolved(document, value).is_object(), "{value}");
        }
        let inner = value.as_object().into_iter().flat_map(Map::values);
        inner
            .chain(value.as_array().into_iter().flatten())
            .for_each(|inner| check(document, inner));
    }
    let document = json();
    check(&document, &document);
}
