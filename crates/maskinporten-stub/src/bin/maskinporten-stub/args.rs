//! The command line.

use std::{net::SocketAddr, path::PathBuf};

use clap::Parser;
use maskinporten_stub::StubBuilder;

/// Stands in for Maskinporten, Altinn's token exchange and the Correspondence API, for tests.
///
/// The first line of the output is `listening on <base URL>`; lines to set a client's environment
/// follow. Open <base URL>/_stub/ in a browser to see and steer it.
#[derive(Debug, Parser)]
#[command(name = "maskinporten-stub", version, after_help = EXIT_CODES)]
pub(crate) struct Args {
    /// Who is registered, and how long things last: a TOML file
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Where to listen; port 0 is any free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Writes a JSON file with address, issuer and client ids once it listens
    #[arg(long, value_name = "FILE")]
    pub(crate) ready_file: Option<PathBuf>,
    /// Serves https, with a certificate made at the start
    #[arg(long)]
    https: bool,
    /// Writes the certificate to trust for https
    #[arg(long, value_name = "FILE", requires = "https")]
    pub(crate) ca_file: Option<PathBuf>,
    /// What is to happen by itself: a JSON file
    #[arg(long, value_name = "FILE")]
    pub(crate) scenario: Option<PathBuf>,
    /// Lets others on the network have tokens, see every request, and steer the stub
    #[arg(long)]
    dangerously_listen_beyond_loopback: bool,
}

const EXIT_CODES: &str = "Exit codes: 0 after SIGTERM or SIGINT, 1 when it cannot start, 2 when \
                          the command line is wrong.";

impl Args {
    pub(crate) fn apply(&self, builder: StubBuilder) -> StubBuilder {
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
