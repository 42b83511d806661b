//! A source of tokens that does as it is told and counts, for what needs no stub.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use http::HeaderValue;
use maskinporten::{AccessToken, BoxFuture, Error, Grant, TokenSource};
use tokio::time::{Instant, sleep};

type Answer = Box<dyn FnMut(usize) -> Result<Duration, Error> + Send>;

/// Gives `token-1`, `token-2` and so on.
pub struct Script {
    fetches: AtomicUsize,
    delay: Duration,
    answer: Mutex<Answer>,
}

impl Script {
    /// The n-th fetch (from 1) takes `delay` and then gives `token-n`, with the lifetime that `answer` says, or the
    /// error.
    #[must_use]
    pub fn new(
        delay: Duration,
        answer: impl FnMut(usize) -> Result<Duration, Error> + Send + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            fetches: AtomicUsize::new(0),
            delay,
            answer: Mutex::new(Box::new(answer)),
        })
    }

    /// Tokens that live this long, at once.
    #[must_use]
    pub fn healthy(lifetime: Duration) -> Arc<Self> {
        Self::new(Duration::ZERO, move |_| Ok(lifetime))
    }

    /// A fetch that never ends.
    #[must_use]
    pub fn hung() -> Arc<Self> {
        Self::new(Duration::from_secs(1_000_000_000), |_| Ok(Duration::ZERO))
    }

    /// How often it was asked.
    #[must_use]
    pub fn fetches(&self) -> usize {
        self.fetches.load(Ordering::SeqCst)
    }
}

impl TokenSource for Script {
    fn fetch<'a>(&'a self, _: &'a Grant) -> BoxFuture<'a, Result<AccessToken, Error>> {
        let requested_at = Instant::now();
        let n = self.fetches.fetch_add(1, Ordering::SeqCst) + 1;
        Box::pin(async move {
            sleep(self.delay).await;
            let lifetime = self.answer.lock().unwrap_or_else(PoisonError::into_inner)(n)?;
            AccessToken::new(&format!("token-{n}"), requested_at, lifetime)
        })
    }
}

/// Which of the tokens a header holds.
#[must_use]
pub fn number(authorization: &HeaderValue) -> usize {
    let header = authorization.to_str().unwrap();
    header
        .strip_prefix("Bearer token-")
        .unwrap()
        .parse()
        .unwrap()
}

impl std::fmt::Debug for Script {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Script").finish_non_exhaustive()
    }
}
