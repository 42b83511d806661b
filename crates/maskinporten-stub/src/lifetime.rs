//! How long things last: tokens live, keys take to propagate. Tests may change it at any time.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

/// A duration in whole seconds.
#[derive(Debug)]
pub(crate) struct Lifetime {
    seconds: AtomicI64,
}

impl Lifetime {
    pub(crate) fn new(lifetime: Duration) -> Self {
        let this = Self {
            seconds: AtomicI64::new(0),
        };
        this.set(lifetime);
        this
    }

    pub(crate) fn set(&self, lifetime: Duration) {
        let seconds = i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX);
        self.seconds.store(seconds, Ordering::Relaxed);
    }

    pub(crate) fn seconds(&self) -> i64 {
        self.seconds.load(Ordering::Relaxed)
    }
}
