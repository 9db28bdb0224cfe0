//! `rules`: the effective rules of the diagnosis.

use std::io::Write as _;

use clap::Args;

use super::Failure;
use crate::config::Settings;

#[derive(Debug, Args)]
pub(super) struct RulesArguments {
    /// Prints a thresholds file to begin with.
    #[arg(long)]
    toml: bool,
}

pub(super) fn run(arguments: &RulesArguments) -> Result<(), Failure> {
    let settings = Settings::load_diagnosis()?;
    let text = if arguments.toml {
        settings.to_toml()
    } else {
        settings.to_text()
    };
    Ok(std::io::stdout().write_all(text.as_bytes())?)
}
