//! The API's description on the command line, and the page that is made of it.

use std::fs;

use eclipse_ai_server::{api_reference, http};
use serde_json::{Value, json};

use crate::support::Binary;

#[test]
fn the_api_reference_is_that_of_the_present_api() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/api-reference.md");
    let present = api_reference::markdown(&http::document());
    assert!(
        fs::read_to_string(path).is_ok_and(|stored| stored == present),
        "docs/api-reference.md is stale; write it anew with\n    \
         cargo run -- openapi --markdown > docs/api-reference.md"
    );
}

#[test]
fn the_document_and_the_reference_are_printed_without_any_settings() {
    let binary = Binary::with_env_file(&[]);
    let printed = binary.run(&["openapi"]);
    let document: Value = serde_json::from_str(&printed.output).unwrap();
    assert_eq!((printed.code, document), (Some(0), json!(http::document())));
    let printed = binary.run(&["openapi", "--markdown"]);
    assert_eq!(printed.code, Some(0));
    assert_eq!(printed.output, api_reference::markdown(&http::document()));
}
