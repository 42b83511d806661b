//! Which tokens this stub has issued and not revoked, and what became of the last of them.

use std::{
    collections::{HashSet, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use aws_lc_rs::digest;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::jws::{self, Jws};

/// How many tokens count: as many as two cores issue in half a minute. The oldest go first.
const MOST: usize = 1 << 18;
/// Of how many the life is known.
const LIVES: usize = 200;
/// How many uses of one token are known; all are counted.
const USES: usize = 20;

/// All tokens that count. Signatures alone do not tell: the stubs of one process share their keys.
#[derive(Debug, Default)]
pub(crate) struct Issued {
    register: Mutex<Register>,
}

#[derive(Debug, Default)]
struct Register {
    hashes: HashSet<Hash>,
    order: VecDeque<Hash>,
    lives: VecDeque<Life>,
}

type Hash = [u8; digest::SHA256_OUTPUT_LEN];

/// What became of a token.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Life {
    sha256: String,
    issuer: Value,
    client_id: Value,
    scope: Value,
    jti: Value,
    issued_at: Option<Timestamp>,
    expires_at: Option<Timestamp>,
    revoked_at: Option<Timestamp>,
    use_count: u64,
    uses: VecDeque<Use>,
}

/// A request that a token came with.
#[derive(Clone, Debug, Serialize)]
struct Use {
    at: Timestamp,
    path: String,
    status: Option<u16>,
}

impl Issued {
    pub(crate) fn add(&self, token: &str) {
        let life = Jws::parse(token).map(|jws| Life::new(token, jws.claims));
        let hash = hash(token);
        let mut register = self.lock();
        if register.hashes.insert(hash) {
            register.order.push_back(hash);
        }
        if register.order.len() > MOST
            && let Some(oldest) = register.order.pop_front()
        {
            register.hashes.remove(&oldest);
        }
        register.lives.extend(life);
        if register.lives.len() > LIVES {
            register.lives.pop_front();
        }
    }

    pub(crate) fn revoke_all(&self, now: Timestamp) {
        let mut register = self.lock();
        register.hashes.clear();
        register.order.clear();
        for life in &mut register.lives {
            life.revoked_at.get_or_insert(now);
        }
    }

    pub(crate) fn contains(&self, token: &str) -> bool {
        self.lock().hashes.contains(&hash(token))
    }

    /// Notes that a request came with a token; nothing when it is not one of the last.
    pub(crate) fn used(&self, sha256: &str, now: Timestamp, path: &str, status: Option<u16>) {
        let mut register = self.lock();
        let mut lives = register.lives.iter_mut().rev();
        let Some(life) = lives.find(|life| life.sha256 == sha256) else {
            return;
        };
        life.use_count = life.use_count.saturating_add(1);
        life.uses.push_back(Use {
            at: now,
            path: path.chars().take(200).collect(),
            status,
        });
        if life.uses.len() > USES {
            life.uses.pop_front();
        }
    }

    /// The last tokens, the newest first.
    pub(crate) fn lives(&self) -> Vec<Life> {
        self.lock().lives.iter().rev().cloned().collect()
    }

    /// Forgets every token.
    pub(crate) fn clear(&self) {
        *self.lock() = Register::default();
    }

    fn lock(&self) -> MutexGuard<'_, Register> {
        self.register.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Life {
    fn new(token: &str, mut claims: Map<String, Value>) -> Self {
        let time = |claims: &Map<String, Value>, name| {
            let seconds = claims.get(name).and_then(Value::as_i64)?;
            Timestamp::from_second(seconds).ok()
        };
        let mut take = |name| claims.remove(name).unwrap_or_default();
        Self {
            sha256: jws::sha256_hex(token),
            issuer: take("iss"),
            client_id: take("client_id"),
            scope: take("scope"),
            jti: take("jti"),
            issued_at: time(&claims, "iat"),
            expires_at: time(&claims, "exp"),
            revoked_at: None,
            use_count: 0,
            uses: VecDeque::new(),
        }
    }
}

fn hash(token: &str) -> Hash {
    let mut hash = Hash::default();
    let digest = digest::digest(&digest::SHA256, token.as_bytes());
    for (to, from) in hash.iter_mut().zip(digest.as_ref()) {
        *to = *from;
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_tokens_stop_counting() {
        let issued = Issued::default();
        for number in 0..=MOST {
            issued.add(&number.to_string());
        }
        assert!(!issued.contains("0"));
        assert!(issued.contains("1"));
        assert_eq!(issued.lock().hashes.len(), MOST);
        issued.revoke_all(Timestamp::UNIX_EPOCH);
        assert!(!issued.contains("1"));
    }
}
