//! Signed tokens in compact form (RFC 7515), read and written.

use aws_lc_rs::{digest, error::Unspecified};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::rsa::{Algorithm, PublicKey, SigningKey};

/// A token whose signature nobody has checked yet.
#[derive(Debug)]
pub(crate) struct Jws<'a> {
    pub(crate) header: Map<String, Value>,
    pub(crate) claims: Map<String, Value>,
    signed: &'a str,
    signature: Vec<u8>,
}

impl<'a> Jws<'a> {
    /// Reads three parts of unpadded base64url, the first two holding JSON objects.
    pub(crate) fn parse(token: &'a str) -> Option<Self> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        Some(Self {
            header: object(header)?,
            claims: object(claims)?,
            signed,
            signature: URL_SAFE_NO_PAD.decode(signature).ok()?,
        })
    }

    pub(crate) fn algorithm(&self) -> Option<Algorithm> {
        Algorithm::from_name(self.header.get("alg")?.as_str()?)
    }

    pub(crate) fn kid(&self) -> Option<&str> {
        self.header.get("kid")?.as_str()
    }

    pub(crate) fn verifies(&self, key: &PublicKey) -> bool {
        self.algorithm()
            .is_some_and(|alg| key.verifies(alg, self.signed.as_bytes(), &self.signature))
    }
}

fn object(part: &str) -> Option<Map<String, Value>> {
    let bytes = URL_SAFE_NO_PAD.decode(part).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// Signs `claims` with RS256. Members keep the order in which they are serialised.
pub(crate) fn sign(
    key: &SigningKey,
    header: &impl Serialize,
    claims: &impl Serialize,
) -> Result<String, Unspecified> {
    let part = |json: Result<Vec<u8>, serde_json::Error>| {
        json.map(|json| URL_SAFE_NO_PAD.encode(json))
            .map_err(|_not_json| Unspecified)
    };
    let header = part(serde_json::to_vec(header))?;
    let claims = part(serde_json::to_vec(claims))?;
    let signed = format!("{header}.{claims}");
    let signature = URL_SAFE_NO_PAD.encode(key.sign(signed.as_bytes())?);
    Ok(format!("{signed}.{signature}"))
}

/// What stands for a token where the token itself must not be kept.
pub(crate) fn sha256_hex(token: &str) -> String {
    digest::digest(&digest::SHA256, token.as_bytes())
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_only_what_is_a_compact_jws() {
        // {"alg":"RS256"} and {}
        let cases = [
            ("eyJhbGciOiJSUzI1NiJ9.e30.AAAA", true),
            ("eyJhbGciOiJSUzI1NiJ9.e30.", true),
            ("", false),
            ("..", false),
            ("eyJhbGciOiJSUzI1NiJ9.e30", false),
            ("eyJhbGciOiJSUzI1NiJ9.e30.AAAA.AAAA", false),
            ("eyJhbGciOiJSUzI1NiJ9.e30.AAAA\n", false),
            ("eyJhbGciOiJSUzI1NiJ9.e30=.AAAA", false),
            ("eyJhbGciOiJSUzI1NiJ9.W10.AAAA", false),
        ];
        for (token, readable) in cases {
            assert_eq!(Jws::parse(token).is_some(), readable, "{token:?}");
        }
    }

    #[test]
    fn deep_nesting_is_refused_not_overflowed() {
        let deep = format!("{{\"a\":{}", "[".repeat(100_000));
        let token = format!("e30.{}.AAAA", URL_SAFE_NO_PAD.encode(deep));
        assert!(Jws::parse(&token).is_none());
    }
}
