//! How much may be tried again: in an outage, attempts must not double what everybody asks of the server.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;

use crate::meter;

/// How many attempts in a row may be tried again.
const MOST: f64 = 20.0;
/// How many more a second.
const REFILL: f64 = 0.5;

/// A bucket of retries, shared by the clones of a source.
#[derive(Clone, Debug)]
pub(crate) struct RetryBudget(Arc<Mutex<Bucket>>);

#[derive(Debug)]
struct Bucket {
    retries: f64,
    at: Instant,
}

impl RetryBudget {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(Bucket {
            retries: MOST,
            at: Instant::now(),
        })))
    }

    /// Takes one retry out; false when there is none.
    pub(crate) fn spend(&self) -> bool {
        let mut bucket = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let refilled = REFILL * now.saturating_duration_since(bucket.at).as_secs_f64();
        bucket.retries = (bucket.retries + refilled).min(MOST);
        bucket.at = now;
        let is_enough = bucket.retries >= 1.0;
        if is_enough {
            bucket.retries -= 1.0;
        }
        let left = bucket.retries;
        drop(bucket);
        meter::retry_budget(left);
        is_enough
    }
}
