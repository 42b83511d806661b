//! What the project promises in numbers, measured: by the program `soak`, and the short ones by the tests, too.

#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "what cannot be had ends the measurement"
)]

pub mod calls;
pub mod endpoint;
pub mod fleet;
pub mod hammer;
pub mod herd;
pub mod latencies;
pub mod lines;
pub mod memory;
pub mod outage;
pub mod recovery;
pub mod requests;
pub mod rotations;
pub mod skew;

use std::fmt;

use maskinporten::{ClientKey, Environment, Grant, HttpClient, Maskinporten, Retry};
use maskinporten_stub::Stub;
use tokio::runtime::Builder;

/// Runs `run` in virtual time, with the same chances for the same seed.
pub fn in_virtual_time<T>(seed: u64, run: impl Future<Output = T>) -> T {
    fastrand::seed(seed);
    let mut runtime = Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().unwrap();
    runtime.block_on(run)
}

/// What is asked for.
fn grant() -> Grant {
    Grant::new("altinn:correspondence.write").unwrap()
}

/// The stub's demo client, over TCP.
fn maskinporten(stub: &Stub) -> Retry<Maskinporten<HttpClient>> {
    let environment = Environment::custom(&stub.issuer(), &format!("{}token", stub.issuer()));
    let demo = stub.demo_client();
    Retry::new(Maskinporten::new(
        environment.unwrap(),
        demo.client_id(),
        ClientKey::from_jwk(demo.private_jwk()).unwrap(),
        HttpClient::new().unwrap(),
    ))
}

/// `1,234,567`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups = digits.as_bytes().rchunks(3).rev();
    let groups: Vec<_> = groups.map(String::from_utf8_lossy).collect();
    groups.join(",")
}

/// A goal, and what was measured.
#[derive(Debug)]
#[non_exhaustive]
pub struct Number {
    /// Its row in the list of goals.
    pub row: &'static str,
    /// What is wanted.
    pub goal: &'static str,
    /// What there is.
    pub measured: String,
    /// Whether that is as it should be.
    pub is_met: bool,
}

/// A row of a table in Markdown.
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.is_met { "ok" } else { "MISSED" };
        let Self {
            row,
            goal,
            measured,
            ..
        } = self;
        write!(f, "| {row} | {goal} | {measured} | {verdict} |")
    }
}
