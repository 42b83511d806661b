//! The stub as a program, for tests in any language.

mod announcement;
mod client_key;
mod config;
mod signals;

use std::{error::Error, net::SocketAddr, path::PathBuf, time::Duration};

use clap::Parser;
use tokio::time::timeout;

use self::config::Config;
use crate::StubBuilder;

/// How long open requests may take after a signal.
const LAST_REQUESTS: Duration = Duration::from_secs(3);

const EXIT_CODES: &str = "Exit codes: 0 after SIGTERM or SIGINT, 1 when it cannot start, 2 when \
                          the command line is wrong.";

/// Stands in for Maskinporten, Altinn's token exchange and the Correspondence API, for tests.
///
/// The first line of the output is `listening on <base URL>`; lines to set a client's environment
/// follow. Open <base URL>/_stub/ in a browser to see and steer it.
#[derive(Debug, Parser)]
#[command(name = "maskinporten-stub", version, after_help = EXIT_CODES)]
pub struct Program {
    /// Who is registered, and how long things last: a TOML file
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where to listen; port 0 is any free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Writes a JSON file with address, issuer and client ids once it listens
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
    /// Serves https, with a certificate made at the start
    #[arg(long)]
    https: bool,
    /// Writes the certificate to trust for https
    #[arg(long, value_name = "FILE", requires = "https")]
    ca_file: Option<PathBuf>,
    /// What is to happen by itself: a JSON file
    #[arg(long, value_name = "FILE")]
    scenario: Option<PathBuf>,
    /// Lets others on the network have tokens, see every request, and steer the stub
    #[arg(long)]
    dangerously_listen_beyond_loopback: bool,
}

impl Program {
    /// Serves until SIGTERM or SIGINT (Ctrl-C) comes.
    ///
    /// # Errors
    ///
    /// When it cannot start: a file cannot be read or is wrong, or the address cannot be listened on.
    pub async fn run(self) -> Result<(), Box<dyn Error>> {
        let config = match &self.config {
            Some(path) => Config::read(path)?,
            None => Config::default(),
        };
        // From here on, so that a signal right after the announcement is not the end of the process.
        let told_to_stop = signals::listen()?;
        let stub = self.apply(config.builder()).start().await?;
        let client_ids = config.register(&stub)?;
        if let Some(path) = &self.scenario {
            let scenario = std::fs::read_to_string(path)
                .map_err(|error| format!("scenario {}: {error}", path.display()))?;
            stub.begin_scenario(&scenario)?;
        }
        announcement::announce(&self, &stub, &client_ids, config.demo_client)?;
        told_to_stop.await;
        // A client that does not read its answer must not keep the program.
        let _ = timeout(LAST_REQUESTS, stub.stop()).await;
        Ok(())
    }

    fn apply(&self, builder: StubBuilder) -> StubBuilder {
        let mut builder = builder.listen(self.listen);
        if self.https {
            builder = builder.https();
        }
        if self.dangerously_listen_beyond_loopback {
            builder = builder.dangerously_listen_beyond_loopback();
        }
        builder
    }
}
