//! Documentation of the API: `/openapi.json` for tools, `/docs` in the browser, without Internet access.

mod api_reference;
mod browser;
mod clients;
mod errors;
mod page;
mod reference;
mod rules;
