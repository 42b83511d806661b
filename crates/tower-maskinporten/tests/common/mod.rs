//! A token source that does as it is told and counts.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use maskinporten::{AccessToken, BoxFuture, Error, Grant, TokenSource};
use tokio::time::{Instant, sleep};

pub(crate) struct Script {
    fetches: AtomicUsize,
    delay: Duration,
    answer: Mutex<Answer>,
}

type Answer = Box<dyn FnMut(usize) -> Result<Duration, Error> + Send>;

impl Script {
    /// The n-th fetch (from 1) takes `delay` and then gives `token-n`, with the lifetime that `answer` says, or the
    /// error.
    pub(crate) fn new(
        delay: Duration,
        answer: impl FnMut(usize) -> Result<Duration, Error> + Send + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            fetches: AtomicUsize::new(0),
            delay,
            answer: Mutex::new(Box::new(answer)),
        })
    }

    /// Tokens of two minutes, at once.
    pub(crate) fn healthy() -> Arc<Self> {
        Self::new(Duration::ZERO, |_| Ok(Duration::from_secs(120)))
    }

    pub(crate) fn fetches(&self) -> usize {
        self.fetches.load(Ordering::SeqCst)
    }
}

impl TokenSource for Script {
    fn fetch<'a>(&'a self, _: &'a Grant) -> BoxFuture<'a, Result<AccessToken, Error>> {
        let requested_at = Instant::now();
        let n = self.fetches.fetch_add(1, Ordering::SeqCst) + 1;
        Box::pin(async move {
            sleep(self.delay).await;
            let lifetime = (self.answer.lock().unwrap_or_else(|e| e.into_inner()))(n)?;
            AccessToken::new(&format!("token-{n}"), requested_at, lifetime)
        })
    }
}

pub(crate) fn grant() -> Grant {
    Grant::new("altinn:correspondence.write").unwrap()
}

pub(crate) fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
