//! The API's documentation: `/openapi.json` for tools, `/docs` in the browser, without internet.

mod api_reference;
mod browser;
mod page;
mod reference;
