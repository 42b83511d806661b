//! Telling what happens, one line a step.

use std::process::ExitCode;

use maskinporten::{AccessToken, BoxError, BoxFuture, Error, Grant, KeyRing, TokenSource};
use tokio::time::Instant;

/// Prints a step: what it is about, and what happened.
#[expect(clippy::print_stdout, reason = "an example is there to be read")]
pub fn say(about: &str, what: impl std::fmt::Display) {
    println!("{about:<16} {what}");
}

/// Ends the program: with success, or with every cause of the failure on a line of its own.
#[expect(clippy::print_stderr, reason = "an example is there to be read")]
#[must_use]
pub fn end(outcome: Result<(), BoxError>) -> ExitCode {
    let Err(error) = outcome else {
        return ExitCode::SUCCESS;
    };
    eprintln!("error: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        eprintln!("  because: {error}");
        cause = error.source();
    }
    ExitCode::FAILURE
}

/// A source around a source that tells of each token: what for and how long, never the token.
#[derive(Debug)]
pub struct Told<S>(S);

impl<S> Told<S> {
    /// Tells of the tokens of `source`.
    pub fn new(source: S) -> Self {
        Self(source)
    }
}

impl<S: TokenSource> TokenSource for Told<S> {
    fn fetch<'a>(&'a self, grant: &'a Grant) -> BoxFuture<'a, Result<AccessToken, Error>> {
        Box::pin(async move {
            let started = Instant::now();
            let token = self.0.fetch(grant).await?;
            let took = started.elapsed();
            let lifetime = token.lifetime().as_secs();
            say(
                "token",
                format_args!(
                    "for {}: good for {lifetime} s, came in {took:.1?}",
                    grant.scope()
                ),
            );
            Ok(token)
        })
    }

    fn keys(&self) -> Option<&KeyRing> {
        self.0.keys()
    }
}
