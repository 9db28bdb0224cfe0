//! The OpenAPI document on the command line, and `docs/api-reference.md`, which is generated from it.

use std::{env, fs};

use eclipse_ai_server::http;
use serde_json::{Value, json};

use super::api_reference;
use crate::support::Binary;

/// Set to write the page instead of checking it.
const UPDATE: &str = "UPDATE_API_REFERENCE";

#[test]
fn the_api_reference_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/api-reference.md");
    let generated = api_reference::markdown(&http::document());
    if env::var_os(UPDATE).is_some() {
        fs::write(path, &generated).unwrap();
    }
    assert!(
        fs::read_to_string(path).is_ok_and(|stored| stored == generated),
        "docs/api-reference.md is stale; regenerate it with\n    \
         {UPDATE}=1 cargo test --test integration api_reference"
    );
}

#[test]
fn the_openapi_document_is_printed_without_any_settings() {
    let printed = Binary::with_env_file(&[]).run(&["openapi"]);
    let document: Value = serde_json::from_str(&printed.output).unwrap();
    assert_eq!((printed.code, document), (Some(0), json!(http::document())));
}
