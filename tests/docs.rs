//! The API's documentation: `/openapi.json` for tools, `/docs` in the browser, without internet.

mod browser;
mod page;
mod reference;
