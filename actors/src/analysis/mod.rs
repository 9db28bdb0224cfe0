//! Analysis of drives: from stored readings to recommendations worded by a local model.
//!
//! The figures are ours ([`statistics`]), the words the model's: it gets a bounded [`prompt`], is asked over HTTP
//! ([`ollama`]), and its answer is taken apart with distrust ([`recommendations`]) and held against the figures
//! ([`grounding`]).

pub mod limits;
pub mod prompt;
mod sample;
pub mod statistics;
mod table;
pub mod text;
pub mod tokens;
pub mod units;
