//! A key set: one client's keys of one environment, the newest last.

use serde::{Deserialize, Serialize};

use super::jwk::Jwk;
use crate::failure::Failure;

/// How many are kept beside a new one, as with `altinn-jwks`. Maskinporten takes five in all.
const KEPT: usize = 5;

/// A JWKS with private keys.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct KeySet {
    pub(crate) keys: Vec<Jwk>,
}

impl KeySet {
    /// The newest key.
    pub(crate) fn current(&self, name: &str) -> Result<&Jwk, Failure> {
        let last = self.keys.last();
        last.ok_or_else(|| Failure::new(format!("No keys found in key-set {name}.")))
    }

    pub(crate) fn has(&self, kid: &str) -> bool {
        self.keys.iter().any(|key| key.kid() == Some(kid))
    }

    pub(crate) fn remove(&mut self, kid: &str) {
        self.keys.retain(|key| key.kid() != Some(kid));
    }

    /// Adds a key, and lets go of the oldest that are too many.
    pub(crate) fn add(&mut self, key: Jwk) -> Result<(), Failure> {
        let kid = key.kid().unwrap_or_default();
        if self.has(kid) {
            return Err(Failure::new(format!(
                "Key with id {kid} already exists in key-set."
            )));
        }
        let too_many = self.keys.len().saturating_sub(KEPT);
        self.keys.drain(..too_many);
        self.keys.push(key);
        Ok(())
    }
}
