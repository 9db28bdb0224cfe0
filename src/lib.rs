//! The HTTP side, the settings and the wiring of eclipse-ai-server.

pub mod allocator;
pub mod app;
pub mod cli;
pub mod config;
mod hex;
pub mod http;
pub mod log_file;
pub mod logging;
pub mod report;
pub mod simulation;
mod systemd;
