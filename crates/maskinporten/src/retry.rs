//! Trying again, in the ways that a single-use grant allows.

use std::time::Duration;

use crate::{
    AccessToken, BoxFuture, Error, Grant, KeyRing, TokenSource, retry_budget::RetryBudget,
};

/// The first pause between attempts, doubled each time.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// The longest.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// A source around a source that tries again what may be tried again. Every attempt is a fetch of its own, so each
/// signs a new assertion: sending the same one twice is a replay, which Maskinporten refuses (MP-012).
///
/// By itself it tries once more, at once, when that is what cures the failure: the connection broke, the grant counts
/// as used, or came too late. Broken connections are tried again 20 times in a row at most, and once in two seconds
/// after that: an outage must not have everybody ask twice. `Tokens` of `tower-maskinporten` paces everything else. Who asks a source directly can
/// have the pacing here, with [`with_attempts`](Self::with_attempts).
///
/// ```
/// use maskinporten::{Retry, TokenSource};
///
/// fn for_a_job_that_runs_once(maskinporten: impl TokenSource) -> impl TokenSource {
///     Retry::new(maskinporten).with_attempts(5)
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Retry<S> {
    source: S,
    attempts: u32,
    budget: RetryBudget,
}

impl<S> Retry<S> {
    /// Tries `source` once more, at once, where a new assertion is the cure.
    #[must_use]
    pub fn new(source: S) -> Self {
        Self {
            source,
            attempts: 1,
            budget: RetryBudget::new(),
        }
    }

    /// Also tries other transient failures again, up to `attempts` times in all, with pauses of 250 ms doubling to
    /// 5 s, each varied by half, and never shorter than the server's `Retry-After`. An attempt that a new assertion
    /// cures is still made twice.
    #[must_use]
    pub fn with_attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }
}

impl<S: TokenSource> Retry<S> {
    /// One attempt, and another at once where that cures it.
    async fn attempt(&self, grant: &Grant) -> Result<AccessToken, Error> {
        match self.source.fetch(grant).await {
            Err(error) if error.is_cured_by_new_assertion() && self.may_try_again(&error) => {
                self.source.fetch(grant).await
            }
            outcome => outcome,
        }
    }

    /// A refusal is the answer of a server that is well. Anything else may be an outage.
    fn may_try_again(&self, error: &Error) -> bool {
        error.refusal().is_some() || self.budget.spend()
    }
}

impl<S: TokenSource> TokenSource for Retry<S> {
    fn fetch<'a>(&'a self, grant: &'a Grant) -> BoxFuture<'a, Result<AccessToken, Error>> {
        Box::pin(async move {
            let mut attempt = 1;
            loop {
                match self.attempt(grant).await {
                    Err(error)
                        if error.is_transient()
                            && attempt < self.attempts
                            && self.may_try_again(&error) =>
                    {
                        tokio::time::sleep(pause(attempt, error.retry_after())).await;
                        attempt += 1;
                    }
                    outcome => return outcome,
                }
            }
        })
    }

    fn keys(&self) -> Option<&KeyRing> {
        self.source.keys()
    }
}

fn pause(attempt: u32, retry_after: Option<Duration>) -> Duration {
    let doubled = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(attempt - 1));
    let varied = doubled.min(LONGEST_PAUSE).mul_f64(0.5 + fastrand::f64());
    varied.max(retry_after.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    };

    use http::StatusCode;
    use tokio::time::Instant;

    use super::*;
    use crate::{Refusal, error::Party};

    /// Fails as it is told, then gives a token.
    struct Script {
        failures: Mutex<Vec<Error>>,
        fetches: AtomicUsize,
    }

    impl Script {
        fn failing(failures: impl IntoIterator<Item = Error>) -> Self {
            Self {
                failures: Mutex::new(failures.into_iter().collect()),
                fetches: AtomicUsize::new(0),
            }
        }
    }

    impl TokenSource for &Script {
        fn fetch<'a>(&'a self, _: &'a Grant) -> BoxFuture<'a, Result<AccessToken, Error>> {
            self.fetches.fetch_add(1, Ordering::Relaxed);
            let failure = self.failures.lock().unwrap().pop();
            Box::pin(async move {
                match failure {
                    Some(error) => Err(error),
                    None => AccessToken::new("t", Instant::now(), Duration::from_secs(120)),
                }
            })
        }
    }

    fn refused(code: &str) -> Error {
        let body = format!(
            r#"{{"error":"invalid_grant","error_uri":"https://test.maskinporten.no/errors/{code}"}}"#
        );
        let refusal = Refusal::read(StatusCode::BAD_REQUEST, body.as_bytes()).unwrap();
        Error::refused(Party::Maskinporten, refusal, None)
    }

    fn unavailable(retry_after: Option<Duration>) -> Error {
        Error::status(
            Party::Maskinporten,
            StatusCode::SERVICE_UNAVAILABLE,
            retry_after,
        )
    }

    fn broken() -> Error {
        Error::transport(Party::Maskinporten, "reset".into())
    }

    #[tokio::test(start_paused = true)]
    async fn an_outage_does_not_double_what_is_asked() {
        let script = Script::failing(vec![broken(); 1_000]);
        let retry = Retry::new(&script);
        let grant = Grant::new("a:one").unwrap();
        let fetches = async |attempts| {
            let before = script.fetches.load(Ordering::Relaxed);
            for _ in 0..attempts {
                retry.fetch(&grant).await.unwrap_err();
            }
            script.fetches.load(Ordering::Relaxed) - before
        };
        assert_eq!(fetches(100).await, 120);
        tokio::time::advance(Duration::from_secs(10)).await;
        assert_eq!(fetches(100).await, 105);
        // It is never more than it was.
        tokio::time::advance(Duration::from_secs(3600)).await;
        assert_eq!(fetches(100).await, 120);
    }

    async fn outcome(attempts: u32, failures: Vec<Error>) -> (bool, usize) {
        let script = Script::failing(failures);
        let retry = Retry::new(&script).with_attempts(attempts);
        let served = retry.fetch(&Grant::new("a:one").unwrap()).await.is_ok();
        (served, script.fetches.load(Ordering::Relaxed))
    }

    #[tokio::test(start_paused = true)]
    async fn tries_once_more_at_once_what_a_new_assertion_cures() {
        let started = Instant::now();
        let unnumbered = |text: &str| {
            let body = format!(r#"{{"error":"invalid_grant","error_description":"{text}"}}"#);
            let refusal = Refusal::read(StatusCode::BAD_REQUEST, body.as_bytes()).unwrap();
            Error::refused(Party::Maskinporten, refusal, None)
        };
        for cured in [
            refused("MP-012"),
            refused("MP-130"),
            unnumbered("Grant is used before."),
            unnumbered("Invalid assertion. JWT is expired"),
            broken(),
        ] {
            assert_eq!(outcome(1, vec![cured.clone()]).await, (true, 2));
            assert_eq!(outcome(1, vec![cured.clone(), cured]).await, (false, 2));
        }
        assert_eq!(started.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn leaves_the_rest_alone_unless_asked() {
        assert_eq!(outcome(1, vec![unavailable(None)]).await, (false, 1));
        assert_eq!(outcome(3, vec![unavailable(None); 2]).await, (true, 3));
        assert_eq!(outcome(3, vec![unavailable(None); 3]).await, (false, 3));
        assert_eq!(outcome(3, vec![refused("MP-200")]).await, (false, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn waits_as_long_as_the_server_asks() {
        let started = Instant::now();
        let failures = vec![unavailable(Some(Duration::from_secs(7)))];
        assert_eq!(outcome(2, failures).await, (true, 2));
        assert!(started.elapsed() >= Duration::from_secs(7));
    }
}
