//! The actors of eclipse-ai-server and what they share.
//!
//! Nothing here knows an HTTP server: a message comes in, a typed reply goes out.

pub mod admission;
pub mod analysis;
pub mod backup;
pub mod byte_budget;
pub mod clock;
pub mod contacts;
pub mod database;
pub mod device_id;
pub mod drives;
pub mod fair_admission;
pub mod health;
mod locks;

pub mod ollama;
pub mod page;
pub mod problem;
pub mod report;
pub mod runtime;
pub mod schema;
#[cfg(test)]
mod simulated;
pub mod supervise;
pub mod sync;
pub mod text;

pub use diagnosis;

/// An error and what caused it, in one line for the log.
pub fn causes(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let text = cause.to_string();
        // Some libraries repeat the cause in their own text.
        if !line.ends_with(&text) {
            line.push_str(": ");
            line.push_str(&text);
        }
        source = cause.source();
    }
    without_repetitions(&line)
}

/// Some libraries repeat their own words: `Input/output error: Input/output error: Connection refused`.
fn without_repetitions(line: &str) -> String {
    let mut parts: Vec<&str> = line.split(": ").collect();
    parts.dedup_by_key(|part| part.trim_matches(['`', '\'']));
    parts.join(": ")
}

/// What a panic says, for the log.
pub fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned())
}
