//! The token endpoint that a fleet shares: in memory, on the clock of its runtime.

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use maskinporten::{AccessToken, BoxFuture, Error, Grant, TokenSource};
use tokio::time::{Instant, sleep};

use super::calls::Calls;
use crate::harness::token;

/// How long it takes over a token.
pub(super) const LATENCY: Duration = Duration::from_millis(200);
/// How long it takes to say that it is out of order.
pub(super) const REFUSAL_LATENCY: Duration = Duration::from_millis(50);

/// The endpoint, as all sources of the fleet see it.
pub(super) struct Endpoint {
    start: Instant,
    lifetime: Duration,
    token: String,
    is_down: AtomicBool,
    calls: Mutex<Calls>,
}

impl Endpoint {
    /// One whose tokens live so long. Its seconds are counted from now.
    pub(super) fn new(lifetime: Duration) -> Self {
        Self {
            start: Instant::now(),
            lifetime,
            token: token(0),
            is_down: AtomicBool::new(false),
            calls: Mutex::default(),
        }
    }

    /// Begins or ends an outage.
    pub(super) fn set_down(&self, is_down: bool) {
        self.is_down.store(is_down, Ordering::Relaxed);
    }

    pub(super) fn calls(&self) -> MutexGuard<'_, Calls> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TokenSource for Endpoint {
    fn fetch<'a>(&'a self, _: &'a Grant) -> BoxFuture<'a, Result<AccessToken, Error>> {
        let requested_at = Instant::now();
        self.calls().note(requested_at - self.start);
        let is_down = self.is_down.load(Ordering::Relaxed);
        Box::pin(async move {
            if is_down {
                sleep(REFUSAL_LATENCY).await;
                return Err(Error::transient("503"));
            }
            sleep(LATENCY).await;
            AccessToken::new(&self.token, requested_at, self.lifetime)
        })
    }
}
