//! The HTTP side, the settings and the wiring of eclipse-ai-server.

pub mod app;
pub mod cli;
pub mod config;
mod hex;
pub mod http;
pub mod logging;
pub mod simulation;
mod systemd;
