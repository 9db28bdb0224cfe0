//! What holds for every endpoint: keys, request ids, the log, and the OpenAPI document.

mod auth;
mod conformance;
mod connection;
mod device_keys;
mod queries;
mod requests;
