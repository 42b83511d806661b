//! That something has changed: for those who wait for it, and for those who keep a copy.

use std::sync::atomic::Ordering;

use crate::sync::{AtomicU64, Notified, Notify};

/// How often something has changed. A tenth of what a `tokio::sync::watch` takes, as there may be a hundred thousand.
#[derive(Default)]
pub(crate) struct Changes {
    count: AtomicU64,
    waiting: Notify,
}

impl Changes {
    /// While it is the same, there was no change. Who reads it before the thing itself will not miss one.
    pub(crate) fn count(&self) -> u64 {
        self.count.load(Ordering::Acquire)
    }

    /// Comes about with the first change after this call, even when it is not polled until then.
    pub(crate) fn next(&self) -> Notified<'_> {
        self.waiting.notified()
    }

    /// Says that there was a change.
    pub(crate) fn tell(&self) {
        self.count.fetch_add(1, Ordering::Release);
        self.waiting.notify_waiters();
    }
}
