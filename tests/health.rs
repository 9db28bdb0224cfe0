//! `GET /api/v1/health` and `GET /metrics`.

mod metrics;
mod quarantine;
mod rights;
mod settings;
mod status;
mod truth;
mod uneventful;
