//! A registered client, and when its keys begin and cease to work.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use crate::{client::Client, clock, rsa::PublicKey};

/// A key must be uploaded anew every year.
const KEY_LIFETIME: SignedDuration = SignedDuration::from_hours(365 * 24);

/// A client, with what its registration adds.
#[derive(Clone, Debug)]
pub(crate) struct Registered {
    pub(crate) client: Client,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
    /// By `kid`; a key that is registered again goes on working.
    keys_start: HashMap<String, Timestamp>,
    pub(crate) keys_end: Timestamp,
    pub(crate) keys_updated: Timestamp,
}

impl Registered {
    /// Registers a client in the place of one with the same id, if there was one before.
    pub(crate) fn new(
        mut client: Client,
        before: Option<Self>,
        now: Timestamp,
        propagation: SignedDuration,
    ) -> Self {
        let keys = std::mem::take(&mut client.keys);
        let mut registered = match before {
            Some(before) => {
                client.keys = before.client.keys;
                Self {
                    client,
                    updated: now,
                    ..before
                }
            }
            None => Self {
                client,
                created: now,
                updated: now,
                keys_start: HashMap::new(),
                keys_end: now,
                keys_updated: now,
            },
        };
        registered.set_keys(keys, now, propagation);
        registered
    }

    /// The key of that name, if the token endpoint has heard of it by `now`.
    pub(crate) fn key(&self, kid: &str, now: Timestamp) -> Option<&PublicKey> {
        let mut keys = self.client.keys.iter();
        let (_kid, key) = keys.find(|(known, _key)| known == kid)?;
        (now >= *self.keys_start.get(kid)?).then_some(key)
    }

    /// Replaces all keys, and starts their year. Those that the client did not have before are
    /// known `propagation` later.
    pub(crate) fn set_keys(
        &mut self,
        keys: Vec<(String, PublicKey)>,
        now: Timestamp,
        propagation: SignedDuration,
    ) {
        // A test may turn the clock back to before the registration.
        let new_start = if propagation.is_zero() {
            Timestamp::MIN
        } else {
            clock::after(now, propagation)
        };
        let start = |key: &(String, PublicKey)| {
            let known = self.client.keys.contains(key);
            let known_since = self.keys_start.get(&key.0).filter(|_since| known);
            (key.0.clone(), known_since.copied().unwrap_or(new_start))
        };
        self.keys_start = keys.iter().map(start).collect();
        self.client.keys = keys;
        self.keys_end = clock::after(now, KEY_LIFETIME);
        self.keys_updated = now;
    }
}
