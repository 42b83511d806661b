//! The command line for Maskinporten and Altinn.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::doc_markdown,
    reason = "people and scripts read what it prints, the help included, and that is plain text"
)]

mod clients;
mod configuration;
mod decode;
mod doctor;
mod failure;
mod http;
mod keys;
mod log;
mod manual;
mod proxy;
mod self_service;
mod signals;
mod token;

use std::process::ExitCode;

use clap::{Parser, Subcommand, error::ErrorKind};
use maskinporten_stub::Program;
use tokio::runtime::Runtime;

use crate::failure::Failure;

/// Keys, tokens and clients of Maskinporten and Altinn
#[derive(Debug, Parser)]
#[command(name = "maskinporten", version, after_help = HELP)]
#[command(arg_required_else_help = true, subcommand_required = true)]
struct Arguments {
    #[command(flatten)]
    log: log::Log,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Keys(keys::Arguments),
    Token(Box<token::Token>),
    Decode(decode::Decode),
    Doctor(Box<doctor::Doctor>),
    Clients(clients::Arguments),
    Proxy(Box<proxy::Proxy>),
    Stub(Program),
    Completions(manual::Completions),
    Man(manual::Man),
}

const HELP: &str = "\
Examples:
  maskinporten keys create my-client --env test
  maskinporten keys export key my-client --base64 --out my-client.jwk
  maskinporten token --settings appsettings.json --output header
  maskinporten token --altinn | maskinporten decode --verify
  maskinporten doctor

Settings are read as the library reads them: MaskinportenSettings__ClientId and the like, MASKINPORTEN_CLIENT_ID \
and the like, JSON files, directories; flags override all of them. But two that name different clients are refused: \
--no-env leaves the variables alone. No secret is ever an argument: others on the machine can read those.

Exit codes:
  0      it is done
  1      it failed, and stderr says why; or, for `keys`, the command line is wrong
  2      the command line is wrong
  10-19  the stage that `doctor` found at fault; `maskinporten doctor --help` lists them";

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return refused(&error),
    };
    arguments.log.begin();
    let outcome = Runtime::new()
        .map_err(Failure::from)
        .and_then(|runtime| runtime.block_on(run(arguments.command)));
    outcome.unwrap_or_else(|failure| {
        eprintln!("{failure}");
        ExitCode::FAILURE
    })
}

async fn run(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Keys(arguments) => keys::run(arguments).await?,
        Command::Token(token) => token.run().await?,
        Command::Decode(decode) => decode.run().await?,
        Command::Doctor(doctor) => return doctor.run().await.map(ExitCode::from),
        Command::Clients(arguments) => clients::run(arguments).await?,
        Command::Proxy(proxy) => proxy.run().await?,
        Command::Stub(stub) => {
            let served = stub.run().await;
            served.map_err(|error| Failure::new(error.to_string()))?;
        }
        Command::Completions(completions) => completions.run::<Arguments>(),
        Command::Man(man) => man.run::<Arguments>()?,
    }
    Ok(ExitCode::SUCCESS)
}

/// What is wrong with the command line. `altinn-jwks` ends with 1, so `keys` does too.
fn refused(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    let is_help = matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    );
    let mut words = std::env::args_os().skip(1);
    match (is_help, words.any(|word| word == "keys")) {
        (true, _) => ExitCode::SUCCESS,
        (false, true) => ExitCode::FAILURE,
        (false, false) => ExitCode::from(2),
    }
}
