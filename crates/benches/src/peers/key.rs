//! A service account's key, for those peers that sign something to get a token.

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rsa::{KeyPair, KeySize},
};
use base64::{Engine, engine::general_purpose::STANDARD};

/// A new key in PEM.
pub fn pem() -> String {
    let key = KeyPair::generate(KeySize::Rsa2048).expect("keys can be generated");
    let der: Pkcs8V1Der<'_> = key.as_der().expect("it can be encoded");
    let text = STANDARD.encode(der.as_ref());
    let lines: Vec<_> = text
        .as_bytes()
        .chunks(64)
        .map(String::from_utf8_lossy)
        .collect();
    format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        lines.join("\n")
    )
}
