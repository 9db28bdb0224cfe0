//! Analysis of drives: from stored readings to recommendations worded by a local model.
//!
//! The figures are ours ([`statistics`]), the words the model's: it gets a bounded [`prompt`], is asked over HTTP
//! ([`ollama`](crate::ollama)), and its answer is taken apart with distrust and held against the figures ([`recommendations`]).

pub mod analysis_id;
mod error;
mod messages;
pub mod prompt;
pub mod recommendations;
pub mod statistics;

pub use self::error::AnalysisError;
pub use self::messages::{Analysis, AnalyzeDrive};
