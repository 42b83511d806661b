//! `keys import`: keys that were made elsewhere.

use std::{
    fs,
    io::{self, Read},
    path::PathBuf,
};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use clap::Args;
use jiff::Zoned;
use maskinporten::ClientKey;
use zeroize::Zeroizing;

use super::{
    At, create,
    environment::Environment,
    jwk::{Jwk, to_json},
    key_set::KeySet,
    pkcs12, rsa,
    store::Store,
};
use crate::{configuration::first_line, failure::Failure};

/// No key is as large.
const LARGEST: u64 = 1 << 20;

/// Adds a key to a key set, as its current one
#[derive(Debug, Args)]
pub(crate) struct Import {
    #[command(flatten)]
    pub(super) at: At,
    /// The name of the key set
    name: String,
    /// The key: a JWK or a JWKS (also in base64), PEM or PKCS#12; `-` is stdin
    file: PathBuf,
    /// TEST or PROD
    #[arg(short, long = "environment", visible_alias = "env", value_name = "ENVIRONMENT", default_value_t = Environment::Test)]
    environment: Environment,
    /// The id that it is registered with, when the file does not say
    #[arg(long)]
    kid: Option<String>,
    /// A file with the password of a PKCS#12 file
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

impl Import {
    pub(super) fn run(self, store: &Store) -> Result<(), Failure> {
        let bytes = self.bytes()?;
        let password = self.password_file.as_deref().map(first_line).transpose()?;
        let mut key = read(&bytes, password.as_deref().map_or("", String::as_str))?;
        if let Some(kid) = &self.kid {
            key.set("kid", kid);
        } else if key.kid().is_none() {
            let suffix = create::suffix(&Zoned::now());
            key.set(
                "kid",
                format!("{}-{}.{suffix}", self.name, self.environment),
            );
        }
        for (name, usual) in [("use", "sig"), ("alg", "RS256")] {
            if key.text(name).is_none() {
                key.set(name, usual);
            }
        }
        let kid = key.kid().unwrap_or_default().to_owned();
        let key = key.complete();
        // What signs wrongly, or not at all, is better found now.
        let json = to_json(&key)?;
        ClientKey::from_jwk(str::from_utf8(&json)?)?;
        store.change(&self.name, self.environment, |set| set.add(key))?;
        println!("Imported key {kid}");
        Ok(())
    }

    fn bytes(&self) -> Result<Zeroizing<Vec<u8>>, Failure> {
        if self.file.as_os_str() != "-" {
            let bytes = fs::read(&self.file).map(Zeroizing::new);
            return bytes.map_err(|error| Failure::at(&self.file, error));
        }
        let mut bytes = Zeroizing::new(Vec::with_capacity(LARGEST as usize));
        let read = io::stdin().take(LARGEST).read_to_end(&mut bytes);
        read.map_err(|error| Failure::new(format!("stdin: {error}")))?;
        Ok(bytes)
    }
}

fn read(bytes: &[u8], password: &str) -> Result<Jwk, Failure> {
    if let Some(key) = pkcs12::read(bytes, password) {
        return key;
    }
    let Ok(text) = str::from_utf8(bytes) else {
        return rsa::from_pkcs8(bytes).or_else(|_| rsa::from_pkcs1(bytes));
    };
    if text.contains("-----BEGIN ") {
        return pem(text);
    }
    let decoded = BASE64.decode(text.trim()).map(Zeroizing::new);
    let json = decoded.as_ref().map_or(bytes, |decoded| decoded.as_slice());
    let set = match serde_json::from_slice::<KeySet>(json) {
        Ok(set) => set,
        Err(_) => serde_json::from_slice(json)
            .map(|key| KeySet { keys: vec![key] })
            .map_err(|_| Failure::new("It is no JWK, PEM or PKCS#12."))?,
    };
    set.current("the file").cloned()
}

/// The only private key of RFC 7468.
fn pem(text: &str) -> Result<Jwk, Failure> {
    for (label, read) in [
        (
            "PRIVATE KEY",
            rsa::from_pkcs8 as fn(&[u8]) -> Result<Jwk, Failure>,
        ),
        ("RSA PRIVATE KEY", rsa::from_pkcs1),
    ] {
        let block = text
            .split_once(&format!("-----BEGIN {label}-----"))
            .and_then(|(_, after)| after.split_once(&format!("-----END {label}-----")));
        if let Some((block, _)) = block {
            let lines: Zeroizing<String> = Zeroizing::new(block.split_whitespace().collect());
            let der = BASE64.decode(lines.as_bytes()).map(Zeroizing::new);
            return read(&der.map_err(|_| Failure::new("The PEM is broken."))?);
        }
    }
    Err(Failure::new(
        "There is no private key in the PEM, or it is encrypted (`openssl pkcs8 -in FILE` decrypts it).",
    ))
}
