//! The command line.

use std::path::PathBuf;
use std::process::ExitCode;

use actors::causes;
use clap::{Parser, Subcommand};

use crate::config::{Settings, choose_settings_file};
use crate::{app, logging};

/// Prints a line to standard output. Fails instead of panicking when nothing reads it, or when a disk is full.
macro_rules! say {
    ($($line:tt)*) => {{
        use std::io::Write as _;
        writeln!(std::io::stdout(), $($line)*)
    }};
}

mod backups;
mod baseline;
mod completions;
mod database;
mod device;
mod diagnose;
mod doctor;
mod drives;
mod host;
mod openapi;
mod page;
mod progress;
mod rules;
mod seed;
mod status;
mod stored;
mod table;

const EXAMPLES: &str = "\
Examples, with the package:
  sudo -u eclipse-ai eclipse-ai-server status
  sudo -u eclipse-ai eclipse-ai-server show 14 --html - >drive-14.html
  sudo -u eclipse-ai eclipse-ai-server backups fetch chi-eclipse-01 database --output - >obd.db
  sudo -u eclipse-ai eclipse-ai-server device add chi-eclipse-01 --name Eclipse
  eclipse-ai-server diagnose drive.csv

Exit codes:
  0    done; for status and doctor: nothing needs the owner
  1    failed, for the reason on standard error; for status and doctor: something needs the owner
  2    the arguments are not valid
  141  the reader of the output, such as head, ended early";

/// Companion server for a car's data logger: takes its readings in, analyses its drives with a local model, and
/// keeps its backups. Settings come from the environment, and from the file .env or /etc/eclipse-ai-server/env.
#[derive(Debug, Parser)]
#[command(version = env!("VERSION_AND_COMMIT"), after_help = EXAMPLES)]
pub struct CommandLine {
    /// Reads settings from this file instead of .env or /etc/eclipse-ai-server/env.
    #[arg(long, global = true, value_name = "FILE")]
    env_file: Option<PathBuf>,
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
    /// Says who may send, and with which key.
    #[command(subcommand)]
    Device(device::DeviceCommand),
    /// Checks everything that the server needs, and names the command that fixes what is wrong.
    Doctor,
    /// Reports how the cars, their drives and their backups stand, what is stuck, and the command that repairs it; exits
    /// with 1 if something needs the owner.
    Status(status::StatusArguments),
    /// Lists the stored drives.
    Drives(drives::DrivesArguments),
    /// Shows the diagnosis of a stored drive, and what the model recommends.
    Show(drives::ShowArguments),
    /// Diagnoses a stored drive again and queues it for the model.
    Reanalyse(drives::ReanalyseArguments),
    /// Lists backups, or fetches one.
    #[command(args_conflicts_with_subcommands = true)]
    Backups(backups::BackupsArguments),
    /// Diagnoses logs of drives, or stored drives.
    Diagnose(diagnose::DiagnoseArguments),
    /// Prints the rules of the computed diagnosis with their thresholds; needs no database.
    Rules(rules::RulesArguments),
    /// Sets, clears or resets what the drives of a device are compared with.
    #[command(subcommand)]
    Baseline(baseline::BaselineCommand),
    /// Prints the completions of commands and options for a shell; needs no settings.
    Completions {
        /// The shell.
        shell: completions::Shell,
    },
    /// Prints the OpenAPI document of the API; needs no settings.
    Openapi,
}

/// What ends a command with exit code 1, or with [`CLOSED_PIPE`].
type Failure = Box<dyn std::error::Error>;

/// The exit code when the reader of the output, such as `head`, ends early: that of a program that SIGPIPE ended.
const CLOSED_PIPE: u8 = 141;

/// The exit code of the process: a failure, which is printed here, never ends with 0.
pub fn exit_code(outcome: Result<(), Failure>) -> ExitCode {
    logging::flush();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) if is_closed_pipe(&*failure) => ExitCode::from(CLOSED_PIPE),
        Err(failure) => {
            logging::report_failure(&format!("eclipse-ai-server: {}", causes(failure.as_ref())));
            ExitCode::FAILURE
        }
    }
}

/// Whether the reader of the output, such as `head`, has ended: no more output is needed.
fn is_closed_pipe(failure: &(dyn std::error::Error + 'static)) -> bool {
    let error: Option<&std::io::Error> = failure.downcast_ref();
    error.is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

impl CommandLine {
    /// Does what was asked for and returns the exit code of the process.
    pub fn run(self) -> ExitCode {
        exit_code(self.try_run())
    }

    fn try_run(self) -> Result<(), Failure> {
        if let Some(file) = self.env_file {
            choose_settings_file(file);
        }
        match self.command.unwrap_or(Command::Serve) {
            Command::Serve => Ok(app::serve(&settings_and_log()?)?),
            Command::InitDb => database::init(&settings_and_log()?),
            Command::SeedDb => database::seed(&settings_and_log()?),
            Command::Device(command) => device::run(command, &settings_and_log()?),
            Command::Doctor => doctor::run(&Settings::load()),
            Command::Status(arguments) => status::run(&arguments, &Settings::load()?),
            Command::Drives(arguments) => drives::list(&arguments, &Settings::load()?),
            Command::Show(arguments) => drives::show(&arguments, &Settings::load()?),
            Command::Reanalyse(arguments) => drives::reanalyse(&arguments, &Settings::load()?),
            Command::Backups(arguments) => backups::run(arguments, &Settings::load()?),
            Command::Diagnose(arguments) => diagnose::run(&arguments),
            Command::Rules(arguments) => rules::run(&arguments),
            Command::Baseline(command) => baseline::run(command, &settings_and_log()?),
            Command::Completions { shell } => completions::print(shell),
            Command::Openapi => openapi::print(),
        }
    }
}

/// The settings, and the log that they want.
fn settings_and_log() -> Result<Settings, Failure> {
    let settings = Settings::load()?;
    logging::start(settings.log_level);
    Ok(settings)
}

/// For commands that need no more than one thread. What still runs then is left behind.
fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let outcome = runtime.block_on(work);
    runtime.shutdown_background();
    outcome
}
