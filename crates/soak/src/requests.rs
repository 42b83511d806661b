//! Requests that come one after the other, whether those before them are answered or not.

use std::{
    task::{Context, Poll, Waker},
    time::Duration,
};

use maskinporten::Grant;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep_until},
};
use tower_maskinporten::Tokens;

/// A stream of requests for the token of the default grant, and how they have fared.
#[derive(Debug)]
pub struct Requests {
    tokens: Tokens,
    grant: Grant,
    waiting: JoinSet<Waited>,
    served: u64,
    failed: u64,
    waited: Vec<Waited>,
}

/// A request that was not answered at once.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Waited {
    /// When it came.
    pub began: Instant,
    /// How long it waited.
    pub wait: Duration,
    /// Whether it got a token.
    pub is_served: bool,
}

impl Requests {
    /// None yet.
    #[must_use]
    pub fn new(tokens: &Tokens) -> Self {
        Self {
            tokens: tokens.clone(),
            grant: tokens.grant(),
            waiting: JoinSet::new(),
            served: 0,
            failed: 0,
            waited: Vec::new(),
        }
    }

    /// Makes one every so often until then.
    pub async fn come(&mut self, every: Duration, until: Instant) {
        let mut next = Instant::now();
        while next < until {
            sleep_until(next).await;
            self.one();
            next += every;
        }
        sleep_until(until).await;
        while let Some(waited) = self.waiting.try_join_next() {
            self.note(waited.unwrap());
        }
    }

    /// Waits for those that wait.
    pub async fn settle(&mut self) {
        while let Some(waited) = self.waiting.join_next().await {
            self.note(waited.unwrap());
        }
    }

    fn one(&mut self) {
        let (tokens, grant, began) = (self.tokens.clone(), self.grant.clone(), Instant::now());
        let mut request = Box::pin(async move { tokens.authorization(&grant).await.is_ok() });
        // A token that is there is there at the first look.
        match request
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
        {
            Poll::Ready(true) => self.served += 1,
            Poll::Ready(false) => self.failed += 1,
            Poll::Pending => drop(self.waiting.spawn(async move {
                let is_served = request.await;
                Waited {
                    began,
                    wait: began.elapsed(),
                    is_served,
                }
            })),
        }
    }

    fn note(&mut self, waited: Waited) {
        if waited.is_served {
            self.served += 1;
        } else {
            self.failed += 1;
        }
        self.waited.push(waited);
    }

    /// How many got a token.
    #[must_use]
    pub fn served(&self) -> u64 {
        self.served
    }

    /// How many got none.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.failed
    }

    /// Those that were not answered at once.
    #[must_use]
    pub fn waited(&self) -> &[Waited] {
        &self.waited
    }
}
