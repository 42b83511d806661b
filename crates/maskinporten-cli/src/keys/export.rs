//! `keys export`: keys, for services, other tools and Maskinporten.

use std::{
    io::{self, IsTerminal, Write},
    path::PathBuf,
};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use clap::{Args, Subcommand, ValueEnum};
use zeroize::Zeroizing;

use super::{
    At,
    environment::Environment,
    jwk::{Jwk, to_json},
    key_set::KeySet,
    pkcs12, rsa,
    store::{self, Store},
};
use crate::{configuration::first_line, failure::Failure};

/// Writes keys to stdout, or to a file
#[derive(Debug, Args)]
pub(crate) struct Export {
    #[command(flatten)]
    pub(super) at: At,
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// The current key, as a JWK: what a service signs with
    Key {
        #[command(flatten)]
        whose: Whose,
        /// With what only its owner may know, or without
        #[arg(short = 'r', long, value_enum, ignore_case = true)]
        variant: Option<Variant>,
        /// In base64, as `EncodedJwk` takes it
        #[arg(short, long)]
        base64: bool,
        #[command(flatten)]
        to: To,
    },
    /// The current key, as PEM (PKCS#8)
    Pem {
        #[command(flatten)]
        whose: Whose,
        #[command(flatten)]
        to: To,
    },
    /// The current key with its certificate, as PKCS#12; one without a certificate gets one that it has signed itself
    Pkcs12 {
        #[command(flatten)]
        whose: Whose,
        /// A file with the password to encrypt it with
        #[arg(long, value_name = "FILE")]
        password_file: PathBuf,
        #[command(flatten)]
        to: To,
    },
    /// The public keys of the set, as a JWKS
    Jwks {
        #[command(flatten)]
        whose: Whose,
    },
    /// The public keys of the set, as `altinn-jwks` 1 had them for the self-service portal
    Maskinporten {
        #[command(flatten)]
        whose: Whose,
    },
}

#[derive(Debug, Args)]
struct Whose {
    /// The name of the key set
    name: String,
    /// TEST or PROD
    #[arg(short, long = "environment", visible_alias = "env", value_name = "ENVIRONMENT", default_value_t = Environment::Test)]
    environment: Environment,
}

#[derive(Debug, Args)]
struct To {
    /// Lets a private key be shown on a terminal
    #[arg(long)]
    private: bool,
    /// Writes a file that its owner alone may read, in place of stdout
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Variant {
    Private,
    Public,
}

impl Export {
    pub(super) fn run(self, store: &Store) -> Result<(), Failure> {
        let Some(what) = self.what else {
            return Err(Failure::new("Missing required subcommand."));
        };
        match what {
            What::Key {
                whose,
                variant,
                base64,
                to,
            } => {
                let mut key = whose.key(store)?;
                if variant == Some(Variant::Public) {
                    key = key.public()?;
                }
                let mut bytes = to_json(&key.clone().complete())?;
                if base64 {
                    bytes = Zeroizing::new(BASE64.encode(&*bytes).into_bytes());
                }
                to.write(&bytes, key.is_private())
            }
            What::Pem { whose, to } => {
                let pem = pem(&rsa::to_pkcs8(&whose.key(store)?)?);
                to.write(pem.as_bytes(), true)
            }
            What::Pkcs12 {
                whose,
                password_file,
                to,
            } => {
                let password = first_line(&password_file)?;
                let archive = pkcs12::write(&whose.key(store)?, &password)?;
                to.write(&archive, true)
            }
            What::Jwks { whose } => {
                let keys = whose.all(store, Jwk::registered)?;
                print(&to_json(&KeySet { keys })?)
            }
            What::Maskinporten { whose } => {
                let public = |key: &Jwk| key.public().map(Jwk::complete);
                print(&to_json(&whose.all(store, public)?)?)
            }
        }
    }
}

impl Whose {
    /// The current key.
    fn key(&self, store: &Store) -> Result<Jwk, Failure> {
        let set = store.read(&self.name, self.environment)?;
        set.current(&self.name).cloned()
    }

    fn all(
        &self,
        store: &Store,
        form: impl FnMut(&Jwk) -> Result<Jwk, Failure>,
    ) -> Result<Vec<Jwk>, Failure> {
        let set = store.read(&self.name, self.environment)?;
        set.keys.iter().map(form).collect()
    }
}

impl To {
    fn write(&self, bytes: &[u8], is_private: bool) -> Result<(), Failure> {
        if let Some(path) = &self.out {
            return store::replace(path, bytes).map_err(|error| Failure::at(path, error));
        }
        if is_private && !self.private && io::stdout().is_terminal() {
            return Err(Failure::new(
                "A private key is not shown on a terminal unless you say `--private`. To write a file, say `--out FILE`.",
            ));
        }
        print(bytes)
    }
}

/// Just the bytes: whoever reads them may be another program.
fn print(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let written = out.write_all(bytes).and_then(|()| out.flush());
    written.map_err(|error| Failure::new(format!("stdout: {error}")))
}

/// RFC 7468.
fn pem(der: &[u8]) -> Zeroizing<String> {
    let text = Zeroizing::new(BASE64.encode(der));
    let mut pem = Zeroizing::new(String::with_capacity(text.len() * 2));
    pem.push_str("-----BEGIN PRIVATE KEY-----\n");
    for line in text.as_bytes().chunks(64) {
        pem.extend(line.iter().map(|byte| char::from(*byte)));
        pem.push('\n');
    }
    pem.push_str("-----END PRIVATE KEY-----\n");
    pem
}
