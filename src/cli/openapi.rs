//! `openapi`: describes the API, without a server and without settings.

use super::Failure;
use crate::{api_reference, http};

/// Prints the OpenAPI document, or the API reference made from it.
pub(super) fn print(as_markdown: bool) -> Result<(), Failure> {
    let document = http::document();
    if as_markdown {
        print!("{}", api_reference::markdown(&document));
    } else {
        println!("{}", serde_json::to_string_pretty(&document)?);
    }
    Ok(())
}
