//! `GET /api/v1/health` and `GET /metrics`.

mod metrics;
mod status;
mod truth;
