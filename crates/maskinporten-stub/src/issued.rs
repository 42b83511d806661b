//! Which tokens this stub has issued and not revoked.

use std::{
    collections::HashSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::jws;

/// The hashes of all tokens that count. Signatures alone do not tell: the stubs of one process
/// share their keys.
#[derive(Debug, Default)]
pub(crate) struct Issued {
    hashes: Mutex<HashSet<String>>,
}

impl Issued {
    pub(crate) fn add(&self, token: &str) {
        self.lock().insert(jws::sha256_hex(token));
    }

    pub(crate) fn revoke_all(&self) {
        self.lock().clear();
    }

    pub(crate) fn contains(&self, token: &str) -> bool {
        self.lock().contains(&jws::sha256_hex(token))
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<String>> {
        self.hashes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
