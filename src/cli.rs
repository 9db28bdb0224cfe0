//! The command line.

use std::process::ExitCode;

use actors::causes;
use clap::{Parser, Subcommand};

use crate::config::Settings;
use crate::{app, logging};

mod database;
mod seed;

/// Companion server for a car's data logger: takes its readings in, analyses its drives with a local model, and
/// keeps its backups. Settings come from the environment and from the file .env.
#[derive(Debug, Parser)]
#[command(version)]
pub struct CommandLine {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the server (the default).
    Serve,
    /// Creates the tables, or brings them up to date; safe to run at any time.
    InitDb,
    /// Fills a database that has no readings with a few realistic drives.
    SeedDb,
}

/// What ends a command with exit code 1.
type Failure = Box<dyn std::error::Error>;

/// The exit code of the process: a failure, which is told here, never ends with 0.
pub fn exit_code(outcome: Result<(), Failure>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("eclipse-ai-server: {}", causes(failure.as_ref()));
            ExitCode::FAILURE
        }
    }
}

impl CommandLine {
    /// Does what was asked for and returns the exit code of the process.
    pub fn run(self) -> ExitCode {
        exit_code(self.try_run())
    }

    fn try_run(self) -> Result<(), Failure> {
        let settings = Settings::load()?;
        logging::start(settings.log_level);
        match self.command.unwrap_or(Command::Serve) {
            Command::Serve => Ok(app::serve(&settings)?),
            Command::InitDb => database::init(&settings),
            Command::SeedDb => database::seed(&settings),
        }
    }
}
