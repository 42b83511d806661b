//! The stub as a program, for tests in any language.

mod announcement;
mod args;
mod client_key;
mod config;
#[path = "../../secret_file.rs"]
mod secret_file;
mod signals;

use std::{
    error::Error,
    io::{self, Write},
    process::ExitCode,
    time::Duration,
};

use clap::Parser;
use tokio::time::timeout;

use self::{args::Args, config::Config};

/// How long open requests may take after a signal.
const LAST_REQUESTS: Duration = Duration::from_secs(3);

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to tell when this fails.
            let _ = writeln!(io::stderr(), "maskinporten-stub: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<(), Box<dyn Error>> {
    let config = match &args.config {
        Some(path) => Config::read(path)?,
        None => Config::default(),
    };
    // From here on, so that a signal right after the announcement is not the end of the process.
    let told_to_stop = signals::listen()?;
    let stub = args.apply(config.builder()).start().await?;
    let client_ids = config.register(&stub)?;
    if let Some(path) = &args.scenario {
        let scenario = std::fs::read_to_string(path)
            .map_err(|error| format!("scenario {}: {error}", path.display()))?;
        stub.begin_scenario(&scenario)?;
    }
    announcement::announce(&args, &stub, &client_ids, config.demo_client)?;
    told_to_stop.await;
    // A client that does not read its answer must not keep the program.
    let _ = timeout(LAST_REQUESTS, stub.stop()).await;
    Ok(())
}
