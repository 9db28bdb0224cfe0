//! `openapi`: describes the API, without a server and without settings.

use super::Failure;
use crate::http;

/// Prints the OpenAPI document.
pub(super) fn print() -> Result<(), Failure> {
    say!("{}", serde_json::to_string_pretty(&http::document())?)?;
    Ok(())
}
