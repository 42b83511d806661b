//! Fetches that fail: since when, how often, and how long to wait before the next.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use maskinporten::{Error, Refusal};
use tokio::time::Instant;

use crate::schedule::{self, Urgency};

/// Fetches that failed, since the last that did not.
#[derive(Clone)]
pub(crate) struct Failure {
    pub(crate) error: Error,
    pub(crate) attempts: u32,
    /// How many of the last, in a row, were no passing failures.
    rejections: u32,
    /// When the first of them began.
    pub(crate) since: Instant,
    /// When the last of them was over.
    pub(crate) at: Instant,
    random: f64,
    /// The client has another key since.
    pub(crate) forgiven: bool,
    /// Whether it has been told that requests fail for it.
    told: Arc<AtomicBool>,
}

impl Failure {
    /// Another failure, or the first when there was none `before`, of a fetch that began at `began` and was over at `at`.
    pub(crate) fn after(
        before: Option<Self>,
        error: Error,
        began: Instant,
        at: Instant,
        random: f64,
    ) -> Self {
        // A refusal after a long outage is the first one still.
        let rejections = match &before {
            _ if error.is_transient() => 0,
            Some(before) => before.rejections.saturating_add(1),
            None => 1,
        };
        Self {
            error,
            attempts: before.as_ref().map_or(1, |f| f.attempts.saturating_add(1)),
            rejections,
            since: before.as_ref().map_or(began, |f| f.since),
            at,
            random,
            forgiven: false,
            told: before.map(|f| f.told).unwrap_or_default(),
        }
    }

    /// True once, for whoever is to tell that requests fail.
    pub(crate) fn is_first_to_tell(&self) -> bool {
        // Many may ask for long, and only the first changes anything.
        !self.told.load(Ordering::Relaxed) && !self.told.swap(true, Ordering::Relaxed)
    }

    /// Whether another key of the client may fare better.
    pub(crate) fn may_be_for_the_key(&self) -> bool {
        self.error.refusal().is_some() || !self.error.is_transient()
    }

    /// How long to wait after it.
    pub(crate) fn pause(&self, urgency: Urgency) -> Duration {
        if self.forgiven {
            return Duration::ZERO;
        }
        let refusal = self.error.refusal();
        let pause = if self.error.is_transient() {
            schedule::backoff(self.attempts, urgency, self.random)
        } else if refusal.is_some_and(Refusal::may_be_approved) {
            schedule::approval(self.random)
        } else {
            schedule::rejection(self.rejections, self.random)
        };
        pause.max(self.error.retry_after().unwrap_or_default())
    }
}
