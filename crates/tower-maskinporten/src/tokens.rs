//! The handle that keeps tokens fresh.

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use http::HeaderValue;
use maskinporten::{Grant, TokenSource};
use tokio::{
    task::AbortHandle,
    time::{Instant, timeout_at},
};

use crate::{
    TokenUnavailable,
    clock::Now,
    refresh::{self, Takeoff},
    schedule,
    slot::Slot,
    snapshot::{Snapshot, Ticket, Trust},
};

/// Keeps a token fresh and hands it out. Cheap to clone; clones share the token.
///
/// The first request that needs a token has it fetched, in a task of its own on that request's runtime; from then on
/// it is refreshed in the background before it ends, and nobody waits. A refresh that fails displaces nothing: the old
/// token is used to its end, and the fetch is tried again with growing pauses. Nothing keeps running when the last
/// clone is dropped.
///
/// A [`BearerAuthLayer`](crate::BearerAuthLayer) puts the token on requests; without tower,
/// [`authorization`](Self::authorization) gives the header.
///
/// ```
/// use maskinporten::{Grant, TokenSource};
/// use tower_maskinporten::Tokens;
///
/// # async fn run(source: impl TokenSource + 'static) -> Result<(), Box<dyn std::error::Error>> {
/// let tokens = Tokens::new(source, Grant::new("altinn:correspondence.write")?);
/// tokens.ready().await?; // at start-up: fail now rather than at the first request
/// let header = tokens.authorization().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Tokens {
    shared: Arc<Shared>,
    cold_wait: Duration,
}

/// What all clones and the tasks share.
pub(crate) struct Shared {
    pub(crate) slot: Slot,
    pub(crate) source: Arc<dyn TokenSource>,
    pub(crate) grant: Grant,
    /// Whether a refresher is running.
    pub(crate) refreshing: AtomicBool,
    tasks: Mutex<Tasks>,
}

/// What a request finds when it has no token yet.
enum Look {
    Usable(Ticket),
    /// It may be good; until then, a better one is worth waiting for.
    Doubtful(Ticket, Instant),
    None {
        until: Instant,
    },
}

/// What to stop when the last handle goes.
#[derive(Default)]
pub(crate) struct Tasks {
    pub(crate) refresher: Option<AbortHandle>,
    pub(crate) flight: Option<AbortHandle>,
}

impl Tokens {
    /// Keeps tokens of `source` for `grant`. Nothing is fetched or spawned until the first is needed.
    #[must_use]
    pub fn new(source: impl TokenSource + 'static, grant: Grant) -> Self {
        Self {
            shared: Arc::new(Shared {
                slot: Slot::new(),
                source: Arc::new(source),
                grant,
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

    /// Waits until there is a token: for start-up, and for readiness probes.
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
        self.authorization().await.map(drop)
    }

    /// The value of the `Authorization` header, marked sensitive. It is there at once while there is a usable token.
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
    pub async fn authorization(&self) -> Result<HeaderValue, TokenUnavailable> {
        let ticket = match self.usable() {
            Some(ticket) => ticket,
            None => self.wait().await?,
        };
        Ok(ticket.authorization)
    }

    /// The token at hand, if it can be used without a second thought.
    pub(crate) fn usable(&self) -> Option<Ticket> {
        let now = Now::read();
        let snapshot = self.shared.slot.load();
        let held = snapshot.token.as_ref()?;
        match held.trust(&now) {
            Trust::Fresh => Some(held.ticket()),
            Trust::Stale => {
                self.see_to_refresh(&snapshot, &now);
                Some(held.ticket())
            }
            Trust::Doubtful | Trust::Expired => None,
        }
    }

    /// The refresher knows what is due. It only has to be there, on a runtime that does not stand still.
    fn see_to_refresh(&self, snapshot: &Snapshot, now: &Now) {
        let is_late = |due: Instant| due + schedule::SPACING < now.instant;
        if !self.shared.refreshing.load(Ordering::Relaxed)
            || snapshot.due(now, false).is_some_and(is_late)
        {
            refresh::fly(&self.shared);
        }
    }

    /// Waits for a token that can be used.
    pub(crate) async fn wait(&self) -> Result<Ticket, TokenUnavailable> {
        let slot = &self.shared.slot;
        let patience = Instant::now() + self.cold_wait;
        let mut changed = slot.subscribe();
        loop {
            if let Some(ticket) = self.usable() {
                return Ok(ticket);
            }
            let takeoff = refresh::fly(&self.shared);
            let now = Now::read();
            let (until, doubtful) = match self.look(patience, &now) {
                Look::Usable(ticket) => return Ok(ticket),
                Look::Doubtful(ticket, until) => (until, Some(ticket)),
                Look::None { until } => {
                    slot.ask();
                    // Who starts a flight waits for it, whatever has failed before.
                    let led = takeoff == Takeoff::Started;
                    (if led { patience } else { until }, None)
                }
            };
            if takeoff == Takeoff::NoRuntime {
                return doubtful.ok_or_else(TokenUnavailable::no_runtime);
            }
            if until <= now.instant {
                return doubtful.ok_or_else(|| self.unavailable());
            }
            // Should the refresher be lost meanwhile, whoever waits does its work.
            let due = slot.look_again_at(&now).unwrap_or(until);
            let wake = until.min(due.max(now.instant + schedule::BLINK));
            let _ = timeout_at(wake, changed.changed()).await;
        }
    }

    /// What a request finds that is willing to wait until `patience`.
    fn look(&self, patience: Instant, now: &Now) -> Look {
        let snapshot = self.shared.slot.load();
        if let Some(held) = &snapshot.token {
            match held.trust(now) {
                Trust::Fresh | Trust::Stale => return Look::Usable(held.ticket()),
                Trust::Doubtful => {
                    // A better one is worth a short wait, if it is on its way. Whoever comes later does not wait.
                    let began = self.shared.slot.flight_began(now);
                    let until = began.map_or(now.instant, |began| began + schedule::DOUBT_WAIT);
                    return Look::Doubtful(held.ticket(), until.min(patience));
                }
                Trust::Expired => {}
            }
        }
        let until = match &snapshot.failure {
            None => patience,
            // Those who come late to an outage do not wait as long as those who saw it begin.
            Some(failure) if failure.error.is_transient() => {
                patience.min(failure.since + self.cold_wait)
            }
            // Waiting does not change a refusal.
            Some(_) => now.instant,
        };
        Look::None { until }
    }

    fn unavailable(&self) -> TokenUnavailable {
        TokenUnavailable::new(self.shared.slot.load().failure.as_ref(), Instant::now())
    }

    /// Takes note that an API called the token of `generation` bad. True when it is worth waiting for a
    /// [newer](Self::newer) one.
    pub(crate) fn blame(&self, generation: u64) -> bool {
        self.shared.slot.blame(generation, &Now::read())
    }

    /// Waits for a token newer than that of `generation`, which was blamed; `None` when there will be none.
    pub(crate) async fn newer(&self, generation: u64) -> Option<Ticket> {
        let slot = &self.shared.slot;
        let patience = Instant::now() + self.cold_wait;
        let mut changed = slot.subscribe();
        loop {
            let takeoff = refresh::fly(&self.shared);
            let now = Now::read();
            {
                let snapshot = slot.load();
                let held = snapshot.token.as_ref()?;
                let is_newer = held.generation() > generation;
                if is_newer && held.trust(&now) != Trust::Expired {
                    return Some(held.ticket());
                }
                // The refresh that was to bring one has failed, or brought the same again.
                if !is_newer && !held.is_blamed() {
                    return None;
                }
            }
            if takeoff == Takeoff::NoRuntime || patience <= now.instant {
                return None;
            }
            let due = slot.look_again_at(&now).unwrap_or(patience);
            let wake = patience.min(due.max(now.instant + schedule::BLINK));
            let _ = timeout_at(wake, changed.changed()).await;
        }
    }
}

impl Shared {
    pub(crate) fn tasks(&self) -> MutexGuard<'_, Tasks> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let tasks = self.tasks();
        for task in [&tasks.refresher, &tasks.flight].into_iter().flatten() {
            task.abort();
        }
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let snapshot = self.shared.slot.load();
        let trust = snapshot.token.as_ref().map(|held| held.trust(&Now::read()));
        f.debug_struct("Tokens")
            .field("grant", &self.shared.grant)
            .field("token", &trust)
            .field("cold_wait", &self.cold_wait)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use maskinporten::{AccessToken, BoxFuture, Error};
    use tokio::time::sleep;

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
        let header = tokens.authorization().await.ok();
        let token = header.map(|header| header.to_str().unwrap().replace("Bearer ", ""));
        (token, started.elapsed())
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
