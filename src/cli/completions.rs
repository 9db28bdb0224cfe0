//! `completions`: what a shell completes after the name of the program.

use clap::{CommandFactory as _, ValueEnum};
use clap_complete::aot;

use super::{CommandLine, Failure, page};

/// The shells that completions exist for.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Shell {
    /// GNU bash, with bash-completion.
    Bash,
    /// zsh.
    Zsh,
    /// fish.
    Fish,
}

pub(super) fn print(shell: Shell) -> Result<(), Failure> {
    let shell = match shell {
        Shell::Bash => aot::Shell::Bash,
        Shell::Zsh => aot::Shell::Zsh,
        Shell::Fish => aot::Shell::Fish,
    };
    // Written at once: the generator panics when its output cannot be written.
    let mut script = Vec::new();
    aot::generate(
        shell,
        &mut CommandLine::command(),
        "eclipse-ai-server",
        &mut script,
    );
    page::print(&String::from_utf8(script)?)
}
