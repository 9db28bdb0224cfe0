//! Integration tests: the real application on a free port, with a database of its own on a real server.
//!
//! `TEST_DATABASE_URL` names the server; `deploy/test.sh` starts one and sets it.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod support;

mod analysis;
mod backup;
mod cli;
mod clusters;
mod deploy;
mod docs;
mod drives;
mod faults;
mod grounding;
mod grounding_bench {
    pub(crate) mod measure;
}
mod health;
mod http;
mod schema;
mod sync;
