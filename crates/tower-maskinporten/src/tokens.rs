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
    runtime::Handle,
    task::AbortHandle,
    time::{Instant, timeout_at},
};

use crate::{
    TokenUnavailable,
    clock::Now,
    refresh, schedule,
    slot::Slot,
    snapshot::{Ticket, Trust},
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
    /// It may be good; a better one is worth a short wait.
    Doubtful(Ticket),
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

    /// Waits at most this long for a token when there is none, instead of 15 s. It is this handle's own: other
    /// clones keep theirs.
    ///
    /// ```
    /// # fn f(tokens: tower_maskinporten::Tokens) {
    /// let impatient = tokens.clone().with_cold_wait(std::time::Duration::from_secs(2));
    /// # }
    /// ```
    #[must_use]
    pub fn with_cold_wait(mut self, cold_wait: Duration) -> Self {
        self.cold_wait = cold_wait;
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
                self.see_to_refresh();
                Some(held.ticket())
            }
            Trust::Doubtful | Trust::Expired => None,
        }
    }

    /// The refresher knows what is due; it only has to be there.
    fn see_to_refresh(&self) {
        if !self.shared.refreshing.load(Ordering::Relaxed)
            && let Ok(runtime) = Handle::try_current()
        {
            refresh::ensure_refresher(&self.shared, &runtime);
        }
    }

    /// Waits for a token that can be used.
    pub(crate) async fn wait(&self) -> Result<Ticket, TokenUnavailable> {
        let started = Instant::now();
        let mut changed = self.shared.slot.subscribe();
        loop {
            let (until, fallback) = match self.look(started) {
                Look::Usable(ticket) => return Ok(ticket),
                Look::Doubtful(ticket) => (started + schedule::DOUBT_WAIT, Some(ticket)),
                Look::None { until } => {
                    self.shared.slot.ask();
                    (until, None)
                }
            };
            if !refresh::fly(&self.shared) {
                return fallback.ok_or_else(TokenUnavailable::no_runtime);
            }
            if timeout_at(until, changed.changed()).await.is_err() {
                return fallback.ok_or_else(|| self.unavailable());
            }
        }
    }

    /// What a request that began to wait at `started` finds.
    fn look(&self, started: Instant) -> Look {
        let snapshot = self.shared.slot.load();
        if let Some(held) = &snapshot.token {
            match held.trust(&Now::read()) {
                Trust::Fresh | Trust::Stale => return Look::Usable(held.ticket()),
                Trust::Doubtful => return Look::Doubtful(held.ticket()),
                Trust::Expired => {}
            }
        }
        let until = match &snapshot.failure {
            None => started + self.cold_wait,
            // Those who come late to an outage do not wait as long as those who saw it begin.
            Some(failure) if failure.error.is_transient() => {
                failure.since.min(started) + self.cold_wait
            }
            // Waiting does not change a refusal.
            Some(_) => started,
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

    /// Waits for a token newer than that of `generation`; `None` when fetching it fails.
    pub(crate) async fn newer(&self, generation: u64) -> Option<Ticket> {
        let slot = &self.shared.slot;
        let deadline = Instant::now() + self.cold_wait;
        let mut changed = slot.subscribe();
        loop {
            {
                let snapshot = slot.load();
                let held = snapshot.token.as_ref()?;
                if held.generation() > generation {
                    return Some(held.ticket());
                }
                if snapshot.failure.is_some() {
                    return None;
                }
            }
            if !refresh::fly(&self.shared) {
                return None;
            }
            timeout_at(deadline, changed.changed()).await.ok()?.ok()?;
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
