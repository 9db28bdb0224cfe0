//! The actors of eclipse-ai-server and what they share.
//!
//! Nothing here knows an HTTP server: a message comes in, a typed reply goes out.

pub mod admission;
pub mod backup;
pub mod byte_budget;
pub mod clock;
pub mod database;
pub mod health;
pub mod runtime;
pub mod schema;
pub mod supervise;
pub mod sync;

/// An error and what caused it, in one line for the log.
pub fn causes(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        line.push_str(": ");
        line.push_str(&cause.to_string());
        source = cause.source();
    }
    line
}
