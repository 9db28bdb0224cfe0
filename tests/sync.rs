//! `POST /api/v1/sync`: what is stored of a batch, what is refused, and what the receipt says.

mod bodies;
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
mod refusals;
mod retention;
mod round_trip;
mod status;
mod storing;
mod upserts;
