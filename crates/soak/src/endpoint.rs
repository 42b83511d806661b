//! A token endpoint in memory, on the clock of its runtime, that does as a script says.
//!
//! It is in the place of the token client as well, which gives up a call that is not answered within 10 s.

use std::{
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use maskinporten::{AccessToken, BoxFuture, Error, Grant, TokenSource};
use tokio::time::{Instant, sleep};

/// What becomes of a call.
#[derive(Debug)]
#[non_exhaustive]
pub enum Answer {
    /// A token that lives so long, after a while.
    Token {
        /// How long the call takes.
        after: Duration,
        /// How long the token lives, counted from the beginning of the call.
        lifetime: Duration,
    },
    /// An error, after a while.
    Failure {
        /// How long the call takes.
        after: Duration,
        /// What the caller is told.
        error: Error,
    },
}

type Script = Box<dyn FnMut(u64) -> Answer + Send>;

/// The endpoint. Its tokens are numbered by call: `Bearer 1` is from the first.
pub struct Endpoint {
    script: Mutex<Script>,
    log: Mutex<Log>,
}

#[derive(Debug, Default)]
struct Log {
    calls: u64,
    under_way: u64,
    /// When the last call to end ended.
    ended: Option<Instant>,
}

impl Endpoint {
    /// Answers the n-th call, counted from 1, as `script` says when it comes in.
    pub fn new(script: impl FnMut(u64) -> Answer + Send + 'static) -> Self {
        Self {
            script: Mutex::new(Box::new(script)),
            log: Mutex::default(),
        }
    }

    /// How many calls have come in.
    #[must_use]
    pub fn calls(&self) -> u64 {
        lock(&self.log).calls
    }

    /// Whether a call is under way.
    #[must_use]
    pub fn is_called(&self) -> bool {
        lock(&self.log).under_way > 0
    }

    /// When a call ended last, whoever ended it.
    #[must_use]
    pub fn ended(&self) -> Option<Instant> {
        lock(&self.log).ended
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A call under way; the caller may give it up.
struct Call<'a>(&'a Endpoint);

impl Drop for Call<'_> {
    fn drop(&mut self) {
        let mut log = lock(&self.0.log);
        log.under_way -= 1;
        log.ended = Some(Instant::now());
    }
}

impl Answer {
    /// What an endpoint that is well answers, in 200 ms: a token that lives so long.
    #[must_use]
    pub fn token(lifetime: Duration) -> Self {
        Self::Token {
            after: Duration::from_millis(200),
            lifetime,
        }
    }

    /// What an endpoint that is down answers, in 50 ms.
    #[must_use]
    pub fn unavailable() -> Self {
        Self::Failure {
            after: Duration::from_millis(50),
            error: Error::transient("503"),
        }
    }

    /// What comes of an endpoint that does not answer.
    #[must_use]
    pub fn silence() -> Self {
        Self::Failure {
            after: Duration::from_secs(10),
            error: Error::transient("no answer within 10 s"),
        }
    }

    /// What a client is told that may not have this token.
    #[must_use]
    pub fn refusal() -> Self {
        Self::Failure {
            after: Duration::from_millis(50),
            error: Error::permanent("invalid_scope"),
        }
    }
}

impl TokenSource for Endpoint {
    fn fetch<'a>(&'a self, _: &'a Grant) -> BoxFuture<'a, Result<AccessToken, Error>> {
        let requested_at = Instant::now();
        let mut log = lock(&self.log);
        log.calls += 1;
        log.under_way += 1;
        let number = log.calls;
        drop(log);
        let call = Call(self);
        let answer = lock(&self.script)(number);
        Box::pin(async move {
            let _call = call;
            match answer {
                Answer::Token { after, lifetime } => {
                    sleep(after).await;
                    AccessToken::new(&number.to_string(), requested_at, lifetime)
                }
                Answer::Failure { after, error } => {
                    sleep(after).await;
                    Err(error)
                }
            }
        })
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("calls", &self.calls())
            .finish_non_exhaustive()
    }
}
