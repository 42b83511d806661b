//! A set of keys as it is posted: what must be true of it.

use serde::Deserialize;
use serde_json::Value;

use super::{clients::bad, jwk::Jwk};
use crate::{body, jwk, refused::Refused, rsa::PublicKey};

/// The most keys that a client may have.
const MOST: usize = 5;
/// Members that only private keys have.
const PRIVATE: [&str; 6] = ["d", "p", "q", "dp", "dq", "qi"];

#[derive(Debug, Deserialize)]
struct Body {
    keys: Vec<Value>,
}

/// Keys that may be registered, in both forms.
#[derive(Debug)]
pub(super) struct KeySet {
    pub(super) keys: Vec<(String, PublicKey)>,
    pub(super) jwks: Vec<Jwk>,
}

impl KeySet {
    pub(super) fn read(body: &[u8]) -> Result<Self, Refused> {
        let body: Body = body::read(body)?;
        if body.keys.is_empty() {
            return Err(bad("keys is empty; to have none, delete the set"));
        }
        if body.keys.len() > MOST {
            return Err(bad("a client has at most 5 keys"));
        }
        let mut set = Self {
            keys: Vec::new(),
            jwks: Vec::new(),
        };
        for jwk in body.keys {
            set.add(jwk)?;
        }
        Ok(set)
    }

    fn add(&mut self, jwk: Value) -> Result<(), Refused> {
        if PRIVATE.iter().any(|member| jwk.get(member).is_some()) {
            return Err(bad("a private key; only the public half is registered"));
        }
        let read = jwk::read_public(&jwk.to_string());
        let (kid, key) = read.map_err(|error| bad(&error.to_string()))?;
        let allowed = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        if !kid.chars().all(allowed) {
            return Err(bad("kid has other characters than letters, digits, . _ -"));
        }
        if self.keys.iter().any(|(known, _key)| *known == kid) {
            return Err(bad("two keys have the same kid"));
        }
        self.keys.push((kid, key));
        let jwk = serde_json::from_value(jwk).map_err(|error| bad(&error.to_string()))?;
        self.jwks.push(jwk);
        Ok(())
    }
}
