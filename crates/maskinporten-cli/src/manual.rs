//! What shells and `man` know of the program.

use std::{
    io::{self, Write},
    path::PathBuf,
};

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::failure::Failure;

/// Prints what a shell completes commands with
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  maskinporten completions bash > ~/.local/share/bash-completion/completions/maskinporten
  maskinporten completions fish > ~/.config/fish/completions/maskinporten.fish")]
pub(crate) struct Completions {
    /// Which shell
    shell: Shell,
}

/// Prints the manual page, or writes those of all commands
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  maskinporten man | man -l -
  maskinporten man --out ~/.local/share/man/man1")]
pub(crate) struct Man {
    /// Writes a page for each command into this directory
    #[arg(long, value_name = "DIRECTORY")]
    out: Option<PathBuf>,
}

impl Completions {
    pub(crate) fn run<C: CommandFactory>(self) {
        clap_complete::generate(
            self.shell,
            &mut C::command(),
            "maskinporten",
            &mut io::stdout(),
        );
    }
}

impl Man {
    pub(crate) fn run<C: CommandFactory>(self) -> Result<(), Failure> {
        if let Some(directory) = &self.out {
            return clap_mangen::generate_to(C::command(), directory)
                .map_err(|error| Failure::at(directory, error));
        }
        let mut page = Vec::new();
        clap_mangen::Man::new(C::command()).render(&mut page)?;
        Ok(io::stdout().write_all(&page)?)
    }
}
