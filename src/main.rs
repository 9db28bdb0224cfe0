//! The binary: command line, settings, log, and then what was asked for. Every failure ends with a code other than 0.

use std::process::ExitCode;

use clap::Parser as _;
use eclipse_ai_server::allocator;
use eclipse_ai_server::cli::CommandLine;

fn main() -> ExitCode {
    allocator::return_large_blocks();
    CommandLine::parse().run()
}
