//! Grants are for single use.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use super::assertion::Assertion;
use crate::jws;

/// The grants used, each until it could not be used again anyway.
#[derive(Debug, Default)]
pub(crate) struct Replays {
    used: Mutex<HashMap<Used, i64>>,
}

/// Either alone is enough to know a grant again.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Used {
    Assertion(String),
    Id { iss: String, jti: String },
}

impl Replays {
    /// Uses the grant up, and tells whether it was the first time.
    pub(super) fn first_use(&self, assertion: &Assertion<'_>, until: i64, now: i64) -> bool {
        let claims = &assertion.claims;
        let id = claims.jti.as_ref().map(|jti| Used::Id {
            iss: claims.iss.clone(),
            jti: jti.clone(),
        });
        let whole = Used::Assertion(jws::sha256_hex(assertion.text));
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.retain(|_used, until| *until > now);
        let mut first = true;
        for key in [Some(whole), id].into_iter().flatten() {
            first &= used.insert(key, until).is_none();
        }
        first
    }
}
