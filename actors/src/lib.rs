//! The actors of eclipse-ai-server and what they share.
//!
//! Nothing here knows an HTTP server: a message comes in, a typed reply goes out.

pub mod admission;
pub mod byte_budget;
pub mod database;
pub mod runtime;
pub mod schema;
pub mod supervise;
pub mod sync;
