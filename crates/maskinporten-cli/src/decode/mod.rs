//! `maskinporten decode`: what a token says.

mod claims;
mod jwt;
mod verify;

use std::io::{self, Read};

use clap::Args;
use jiff::Timestamp;

pub(crate) use self::jwt::Jwt;
use crate::failure::Failure;

/// No token is as large.
const LARGEST: u64 = 64 << 10;

/// Shows what is in a token, or an assertion. It is not sent anywhere
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  maskinporten token | maskinporten decode --verify
  maskinporten decode - < token.txt")]
pub(crate) struct Decode {
    /// The token; `-`, or nothing, is stdin. What other users of the machine must not see is better on stdin
    token: Option<String>,
    /// Checks the signature against the keys of who issued it
    #[arg(long)]
    verify: bool,
}

impl Decode {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let text = match self.token {
            Some(token) if token != "-" => token,
            _ => stdin()?,
        };
        let jwt = Jwt::read(&text)?;
        let now = Timestamp::now();
        println!("{}", claims::shown("header", &jwt.header, now));
        println!("{}", claims::shown("claims", &jwt.claims, now));
        if self.verify {
            println!("signature: {}", verify::signature(&jwt).await?);
        }
        Ok(())
    }
}

fn stdin() -> Result<String, Failure> {
    let mut text = String::new();
    let read = io::stdin().take(LARGEST).read_to_string(&mut text);
    read.map_err(|error| Failure::new(format!("stdin: {error}")))?;
    Ok(text)
}
