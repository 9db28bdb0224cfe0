//! `POST /api/v1/sync`: what is stored of a batch, what is refused, and what the receipt says.

mod bad_input;
mod bad_json;
mod bad_values;
mod concurrency;
mod duplicates;
mod epochs;
mod extra_data;
mod history;
mod limits;
mod model;
mod pi;
mod profiles;
mod quarantine;
mod status;
mod storing;
mod upserts;
