use std::collections::BTreeSet;

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

/// The places below `value` that have fields which lack something.
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
fn endpoints_want_a_key_in_the_document_exactly_where_they_do() {
    let document = json();
    let operations = operations(&document);
    for endpoint in endpoints() {
        let name = format!("{} {}", endpoint.method, endpoint.documented_path());
        let (_, operation) = operations.iter().find(|(found, _)| *found == name).unwrap();
        let wants_key = endpoint.access == Access::Key;
        assert_eq!(
            operation["security"] == json!([{ "ApiKey": [] }]),
            wants_key,
            "{name}"
        );
        assert_eq!(
            operation["responses"]["401"].is_object(),
            wants_key,
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
fn every_field_says_what_it_means() {
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
fn every_single_value_has_an_example_or_a_list_of_what_it_can_be() {
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
    assert_eq!(bare, Vec::<String>::new());
}

#[test]
fn every_parameter_has_a_meaning_and_an_example() {
    let document = json();
    for (name, operation) in operations(&document) {
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            assert!(parameter["description"].is_string(), "{name}: {parameter}");
            assert!(!parameter["example"].is_null(), "{name}: {parameter}");
        }
    }
}

#[test]
fn every_error_has_a_body() {
    let document = json();
    for (name, operation) in operations(&document) {
        for (status, response) in fields(&operation["responses"]) {
            let response = resolved(&document, response);
            assert!(response["description"].is_string(), "{name} {status}");
            let schema = &response["content"]["application/json"]["schema"];
            // What is not HTTP is refused before anybody could write a body.
            let is_error = status.as_str() > "400";
            assert!(schema.is_object() || !is_error, "{name} {status}");
        }
    }
}

#[test]
fn every_reference_leads_somewhere() {
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
