//! The handle that keeps tokens fresh.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError, atomic::AtomicBool},
    time::Duration,
};

use arc_swap::ArcSwap;
use http::HeaderValue;
use maskinporten::{Grant, TokenSource};
use tokio::task::AbortHandle;

use crate::{
    TokenUnavailable,
    clock::Now,
    flight::Line,
    journal::Journal,
    live::TokensId,
    pool::{Entry, Pool},
    refresh::Agenda,
    schedule,
    waiting::Waiting,
};

/// Keeps tokens fresh and hands them out. Cheap to clone; clones share the tokens.
///
/// There is a token for the default grant, and one for each other grant that is asked for. The first request that
/// needs a token has it fetched, in a task of its own on that request's runtime; from then on it is refreshed in the
/// background before it ends, and nobody waits. Tokens of other grants are refreshed only while they are used. A
/// refresh that fails displaces nothing: the old token is used to its end, and the fetch is tried again with growing
/// pauses. At most 30 fetches are under way at once. Nothing keeps running when the last clone is dropped.
///
/// A [`BearerAuthLayer`](crate::BearerAuthLayer) puts the token on requests; without tower,
/// [`authorization`](Self::authorization) gives the header.
///
/// ```
/// use maskinporten::{Grant, SystemUser, TokenSource};
/// use tower_maskinporten::Tokens;
///
/// # async fn run(source: impl TokenSource + 'static) -> Result<(), Box<dyn std::error::Error>> {
/// let tokens = Tokens::new(source, Grant::new("altinn:correspondence.write")?);
/// tokens.ready().await?; // at start-up: fail now rather than at the first request
///
/// let customer = SystemUser::new("310702641".parse()?);
/// let header = tokens.authorization(&tokens.grant().with_system_user(customer)).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Tokens {
    pub(crate) shared: Arc<Shared>,
    cold_wait: Duration,
}

/// What all clones and the tasks share.
pub(crate) struct Shared {
    pub(crate) id: TokensId,
    pub(crate) pool: ArcSwap<Pool>,
    /// The line of the present source, and those of sources before it in which somebody works still: whoever hangs
    /// there holds up nobody else.
    lines: Mutex<Vec<Arc<Line>>>,
    pub(crate) agenda: Arc<Agenda>,
    pub(crate) journal: Journal,
    /// Whether a refresher is running.
    pub(crate) refreshing: AtomicBool,
    tasks: Mutex<Vec<AbortHandle>>,
}

impl Tokens {
    /// Keeps tokens of `source`, by default for `grant`. Nothing is fetched or spawned until the first is needed.
    #[must_use]
    pub fn new(source: impl TokenSource + 'static, grant: Grant) -> Self {
        Self {
            shared: Arc::new_cyclic(|shared| Shared {
                id: TokensId::of(shared),
                pool: ArcSwap::from_pointee(Pool::new(Arc::new(source), grant)),
                lines: Mutex::new(vec![Arc::default()]),
                agenda: Arc::default(),
                journal: Journal::new(),
                refreshing: AtomicBool::new(false),
                tasks: Mutex::default(),
            }),
            cold_wait: schedule::COLD_WAIT,
        }
    }

    /// Waits at most this long for a token when there is none, instead of 15 s; at most a day. It is this handle's
    /// own: other clones keep theirs.
    ///
    /// ```
    /// # fn f(tokens: tower_maskinporten::Tokens) {
    /// let impatient = tokens.clone().with_cold_wait(std::time::Duration::from_secs(2));
    /// # }
    /// ```
    #[must_use]
    pub fn with_cold_wait(mut self, cold_wait: Duration) -> Self {
        self.cold_wait = cold_wait.min(schedule::LONGEST_WAIT);
        self
    }

    /// Keeps tokens for at most this many grants beside the default one, instead of 100 000. What was used longest
    /// ago goes first; a grant that comes back gets a new token. It holds for all clones.
    ///
    /// ```
    /// # fn f(tokens: tower_maskinporten::Tokens) {
    /// let small = tokens.with_capacity(1_000);
    /// # }
    /// ```
    #[must_use]
    pub fn with_capacity(self, grants: usize) -> Self {
        self.shared.pool.load().set_capacity(grants);
        self
    }

    /// Names these tokens in logs, metrics and [`status`](Self::status), where one program has several; otherwise they
    /// are called `default`. It holds for all clones.
    ///
    /// ```
    /// # fn f(tokens: tower_maskinporten::Tokens) {
    /// let tokens = tokens.with_name("invoices");
    /// # }
    /// ```
    #[must_use]
    pub fn with_name(self, name: &str) -> Self {
        self.shared.journal.rename(name);
        self
    }

    /// The grant of requests that bring none.
    #[must_use]
    pub fn grant(&self) -> Grant {
        self.shared.pool.load().default.grant.clone()
    }

    /// Waits until there is a token for the default grant: for start-up, and for readiness probes.
    ///
    /// # Errors
    ///
    /// Those of [`authorization`](Self::authorization).
    ///
    /// # Panics
    ///
    /// Like [`authorization`](Self::authorization).
    ///
    /// # Cancel safety
    ///
    /// May be dropped at any time; the fetch goes on for others.
    pub async fn ready(&self) -> Result<(), TokenUnavailable> {
        self.header(None).await.map(drop)
    }

    /// The value of the `Authorization` header for `grant`, marked sensitive. It is there at once while there is a
    /// usable token.
    ///
    /// # Errors
    ///
    /// When there is none and none came within the cold wait; at once when it was refused lately, or when fetching
    /// has failed for longer than the cold wait already. Also when it must be fetched and there is no tokio runtime.
    ///
    /// # Panics
    ///
    /// When it must wait, on a tokio runtime whose time is not enabled.
    ///
    /// # Cancel safety
    ///
    /// May be dropped at any time; the fetch goes on for others.
    pub async fn authorization(&self, grant: &Grant) -> Result<HeaderValue, TokenUnavailable> {
        let entry = self.shared.pool.load().entry(grant);
        self.header(Some(entry)).await
    }

    async fn header(&self, entry: Option<Arc<Entry>>) -> Result<HeaderValue, TokenUnavailable> {
        let waiting = self.waiting(entry);
        let ticket = match waiting.usable() {
            Some(ticket) => ticket,
            None => waiting.token().await?,
        };
        Ok(ticket.authorization)
    }

    /// One who wants the token of `entry`, by default that of requests that bring no grant.
    pub(crate) fn waiting(&self, entry: Option<Arc<Entry>>) -> Waiting {
        Waiting {
            shared: Arc::clone(&self.shared),
            entry: entry.unwrap_or_else(|| self.shared.default_entry()),
            cold_wait: self.cold_wait,
        }
    }
}

impl Shared {
    /// That of requests that bring no grant.
    pub(crate) fn default_entry(&self) -> Arc<Entry> {
        Arc::clone(&self.pool.load().default)
    }

    /// Has flights wait for their turn in another line than before.
    pub(crate) fn begin_line(&self) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.retain(|line| line.is_staffed());
        lines.push(Arc::default());
    }

    /// Where flights wait for their turn.
    pub(crate) fn line(&self) -> Arc<Line> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.last().cloned().unwrap_or_default()
    }

    /// Ends `task` with the last handle.
    pub(crate) fn keep_task(&self, task: AbortHandle) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.retain(|task| !task.is_finished());
        tasks.push(task);
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let lines = self.lines.get_mut().unwrap_or_else(PoisonError::into_inner);
        for line in lines {
            line.close();
        }
        let tasks = self.tasks.get_mut().unwrap_or_else(PoisonError::into_inner);
        for task in tasks {
            task.abort();
        }
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pool = self.shared.pool.load();
        let snapshot = pool.default.slot.load();
        let trust = snapshot.token.as_ref().map(|held| held.trust(&Now::read()));
        f.debug_struct("Tokens")
            .field("name", &self.shared.journal.client())
            .field("grant", &pool.default.grant)
            .field("token", &trust)
            .field("other_grants", &pool.len())
            .field("cold_wait", &self.cold_wait)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use maskinporten::{AccessToken, BoxFuture, Error};
    use tokio::time::{Instant, sleep};

    use super::*;
    use crate::clock::fake;

    const HOUR: Duration = Duration::from_secs(3600);

    /// Gives tokens of this many seconds, numbered, but for those that `fails` says.
    struct Numbered {
        lifetime: u64,
        fails: fn(usize) -> bool,
        fetches: AtomicUsize,
    }

    impl TokenSource for Numbered {
        fn fetch<'a>(&'a self, _: &'a Grant) -> BoxFuture<'a, Result<AccessToken, Error>> {
            let n = self.fetches.fetch_add(1, Ordering::Relaxed) + 1;
            Box::pin(async move {
                if (self.fails)(n) {
                    return Err(Error::transient("down"));
                }
                let lifetime = Duration::from_secs(self.lifetime);
                AccessToken::new(&n.to_string(), Instant::now(), lifetime)
            })
        }
    }

    fn tokens(lifetime: u64, fails: fn(usize) -> bool) -> (Tokens, Arc<Numbered>) {
        let fetches = AtomicUsize::new(0);
        let source = Arc::new(Numbered {
            lifetime,
            fails,
            fetches,
        });
        let grant = Grant::new("a:one").unwrap();
        (Tokens::new(source.clone(), grant), source)
    }

    async fn ask(tokens: &Tokens) -> (Option<String>, Duration) {
        let started = Instant::now();
        let header = tokens.authorization(&tokens.grant()).await.ok();
        let token = header.map(|header| header.to_str().unwrap().replace("Bearer ", ""));
        (token, started.elapsed())
    }

    #[test]
    fn nobody_waits_for_longer_than_a_day() {
        let (tokens, _) = tokens(120, |_| false);
        let patient = tokens.with_cold_wait(Duration::MAX);
        assert_eq!(patient.cold_wait, 24 * HOUR);
    }

    #[tokio::test(start_paused = true)]
    async fn e1_after_a_long_sleep_a_token_is_fetched_at_once() {
        for lifetime in [120, 1800] {
            let (tokens, _) = tokens(lifetime, |_| false);
            tokens.ready().await.unwrap();
            fake::sleep(2 * HOUR);
            assert_eq!(ask(&tokens).await, (Some("2".into()), Duration::ZERO));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn e1_a_refresh_that_fails_does_not_forget_the_sleep() {
        let (tokens, _) = tokens(1800, |n| n > 1);
        tokens.ready().await.unwrap();
        fake::sleep(Duration::from_secs(1000));
        let woken = Instant::now();
        while ask(&tokens).await.0.is_some() {
            sleep(Duration::from_secs(1)).await;
        }
        let age = Duration::from_secs(1000) + woken.elapsed();
        assert!(
            age.abs_diff(Duration::from_secs(1795)) < Duration::from_secs(20),
            "{age:?}"
        );
        // Nor does a later one bring it back to life.
        sleep(Duration::from_secs(60)).await;
        assert_eq!(ask(&tokens).await.0, None);
    }

    #[tokio::test(start_paused = true)]
    async fn e2_e3_a_wall_clock_that_jumps_costs_one_fetch_and_no_request() {
        for step in [HOUR.as_nanos() as i64, -(HOUR.as_nanos() as i64)] {
            let (healthy, source) = tokens(1800, |_| false);
            healthy.ready().await.unwrap();
            fake::set_wall_clock(step);
            assert_eq!(ask(&healthy).await, (Some("2".into()), Duration::ZERO));
            sleep(Duration::from_secs(60)).await;
            assert_eq!(source.fetches.load(Ordering::Relaxed), 2);

            let (down, _) = tokens(1800, |n| n > 1);
            down.ready().await.unwrap();
            fake::set_wall_clock(step);
            for _ in 0..100 {
                assert_eq!(ask(&down).await, (Some("1".into()), Duration::ZERO));
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}
