//! The stub as a program, for tests in any language.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::Parser;
use maskinporten_stub::Program;

#[tokio::main]
async fn main() -> ExitCode {
    match Program::parse().run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to tell when this fails.
            let _ = writeln!(io::stderr(), "maskinporten-stub: {error}");
            ExitCode::FAILURE
        }
    }
}
