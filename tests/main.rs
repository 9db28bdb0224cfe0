//! Integration tests: the real application on a port of its own, against a database of its own on a real server.
//!
//! `TEST_DATABASE_URL` names the server; `deploy/test.sh` starts one and sets it.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod support;

mod analysis;
mod auth;
mod backup;
mod bad_input;
mod bad_json;
mod bad_values;
mod concurrency;
mod conformance;
mod connection;
mod database;
mod deploy;
mod device_keys;
mod devices;
mod docs;
mod doctor;
mod drives;
mod duplicates;
mod extra_data;
mod health;
mod history;
mod limits;
mod metrics;
mod migrations;
mod model;
mod pi;
mod profiles;
mod requests;
mod schema;
mod seed;
mod settings;
mod shutdown;
mod survival;
mod sync;
mod upserts;
