//! Where one token is kept: what there is, and what is known of failures. It never fetches.
//!
//! ```text
//!            publish                soft               hard
//!   empty ───────────► fresh ───────────► stale ───────────► expired
//!                        ▲                  │                   │
//!                        └──────────────────┴───────────────────┘ publish
//!
//!   fresh, stale ──► doubtful (a 401 blames the token, or the clocks disagree) ──► fresh (publish), as before (fail)
//! ```

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use arc_swap::{ArcSwap, Guard};
use http::HeaderValue;
use maskinporten::{AccessToken, Error};
use tokio::{sync::watch, time::Instant};

use crate::{
    clock::{Anchor, Now},
    schedule::{self, Urgency},
};

/// One token's place. Readers load a snapshot; writers replace it under the mutex, one at a time.
pub(crate) struct Slot {
    snapshot: ArcSwap<Snapshot>,
    changed: watch::Sender<()>,
    /// Whether a request wanted the token in vain since the last failure.
    asked: AtomicBool,
    control: Mutex<Control>,
}

/// What there is at one moment.
#[derive(Clone, Default)]
pub(crate) struct Snapshot {
    pub(crate) token: Option<Held>,
    pub(crate) failure: Option<Failure>,
}

/// A token and how far it can be trusted.
#[derive(Clone)]
pub(crate) struct Held {
    authorization: HeaderValue,
    generation: u64,
    soft: Instant,
    hard: Instant,
    anchor: Anchor,
    blamed: bool,
}

/// Fetches that failed, since the last that did not.
#[derive(Clone)]
pub(crate) struct Failure {
    pub(crate) error: Error,
    pub(crate) attempts: u32,
    /// When the first of them began.
    pub(crate) since: Instant,
    at: Instant,
    random: f64,
}

/// A header to send, and which token it is.
pub(crate) struct Ticket {
    pub(crate) authorization: HeaderValue,
    pub(crate) generation: u64,
}

/// How far a token can be trusted now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trust {
    Fresh,
    Stale,
    Doubtful,
    Expired,
}

#[derive(Default)]
struct Control {
    /// When the flight that is under way must be over. One that is not is lost: its runtime stands still.
    flying_until: Option<Instant>,
    blame: Option<Blame>,
}

/// The last 401 that led to a refresh.
struct Blame {
    at: Instant,
    generation: u64,
    useless_refreshes: u32,
}

impl Slot {
    pub(crate) fn new() -> Self {
        Self {
            snapshot: ArcSwap::default(),
            changed: watch::Sender::default(),
            asked: AtomicBool::new(false),
            control: Mutex::default(),
        }
    }

    pub(crate) fn load(&self) -> Guard<std::sync::Arc<Snapshot>> {
        self.snapshot.load()
    }

    /// Tells of every change from now on.
    pub(crate) fn subscribe(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// Notes that a request wants the token and cannot have it.
    pub(crate) fn ask(&self) {
        if !self.asked.swap(true, Ordering::Relaxed) {
            // The next attempt may now be due sooner.
            self.changed.send_replace(());
        }
    }

    /// When to look whether a fetch should begin: when it is due, or when the one under way must be over.
    pub(crate) fn look_again_at(&self, now: &Now) -> Option<Instant> {
        let flying = self.control().flying_until;
        flying
            .filter(|end| now.instant < *end)
            .or_else(|| self.due(now))
    }

    fn due(&self, now: &Now) -> Option<Instant> {
        self.load().due(now, self.asked.load(Ordering::Relaxed))
    }

    /// Makes the caller the one who fetches, for as long as it says how long that may take; `None` when somebody
    /// does already, or when it is too early.
    pub(crate) fn lead(&self, now: &Now) -> Option<Duration> {
        let mut control = self.control();
        if control.flying_until.is_some_and(|end| now.instant < end) {
            return None;
        }
        let snapshot = self.load();
        if self.due(now).is_some_and(|due| now.instant < due) {
            return None;
        }
        let window = snapshot.token.as_ref().and_then(|held| held.window(now));
        let limit = schedule::fetch_limit(window);
        // A little longer than the flight's own limit, which applies while its runtime runs.
        control.flying_until = now.instant.checked_add(limit + schedule::SPACING);
        Some(limit)
    }

    /// The flight brought a token. `anchor` is from before it was asked for.
    pub(crate) fn publish(&self, token: &AccessToken, anchor: Anchor) {
        let mut control = self.control();
        control.flying_until = None;
        let current = self.load();
        let generation = current.generation() + 1;
        if let Some(failure) = &current.failure {
            tracing::info!(attempts = failure.attempts, "there is a token again");
        } else {
            tracing::debug!(generation, lifetime = ?token.lifetime(), "there is a new token");
        }
        let lifetime = token.lifetime();
        self.store(Snapshot {
            token: Some(Held {
                authorization: token.authorization().clone(),
                generation,
                soft: token.requested_at() + schedule::soft(lifetime, fastrand::f64()),
                hard: token.requested_at() + schedule::hard(lifetime),
                anchor,
                blamed: false,
            }),
            failure: None,
        });
    }

    /// The flight that began at `began` brought none. A token that is there stays, and is no longer in doubt: there
    /// is nothing better.
    pub(crate) fn fail(&self, error: Error, began: Instant) {
        let mut control = self.control();
        control.flying_until = None;
        self.asked.store(false, Ordering::Relaxed);
        let mut snapshot = Snapshot::clone(&self.load());
        let before = snapshot.failure.take();
        if before.is_none() {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "no new token; will try again"
            );
        }
        if let Some(held) = &mut snapshot.token {
            held.blamed = false;
            held.anchor.wall_offset = Now::read().wall_offset;
        }
        snapshot.failure = Some(Failure {
            error,
            attempts: before.as_ref().map_or(1, |f| f.attempts.saturating_add(1)),
            since: before.map_or(began, |f| f.since),
            at: Instant::now(),
            random: fastrand::f64(),
        });
        self.store(snapshot);
    }

    /// The flight ended without an outcome: its runtime is gone. Whoever waits may fly anew.
    pub(crate) fn abandon(&self) {
        self.control().flying_until = None;
        self.changed.send_replace(());
    }

    /// An API said that the token of `generation` is bad. Puts it in doubt, so that it is refreshed at once, unless
    /// that was done for a 401 a short while ago. True when there is, or will be, a newer token to try.
    pub(crate) fn blame(&self, generation: u64, now: &Now) -> bool {
        let mut control = self.control();
        let current = self.load();
        let Some(held) = &current.token else {
            return false;
        };
        if held.generation != generation || held.blamed {
            return held.generation >= generation;
        }
        let useless_refreshes = match &control.blame {
            Some(last) if generation == last.generation + 1 => last.useless_refreshes + 1,
            _ => 0,
        };
        if let Some(last) = &control.blame
            && now.instant < last.at + schedule::blame_pause(useless_refreshes)
        {
            return false;
        }
        control.blame = Some(Blame {
            at: now.instant,
            generation,
            useless_refreshes,
        });
        let mut snapshot = Snapshot::clone(&current);
        if let Some(held) = &mut snapshot.token {
            held.blamed = true;
        }
        // What failed before says nothing about this.
        snapshot.failure = None;
        self.store(snapshot);
        true
    }

    /// Only with the mutex held, so that no change is lost.
    fn store(&self, snapshot: Snapshot) {
        self.snapshot.store(snapshot.into());
        self.changed.send_replace(());
    }

    fn control(&self) -> MutexGuard<'_, Control> {
        // Nothing panics while it is held; and if it did, each change is whole in itself.
        self.control.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Snapshot {
    fn generation(&self) -> u64 {
        self.token.as_ref().map_or(0, |held| held.generation)
    }

    fn due(&self, now: &Now, asked: bool) -> Option<Instant> {
        let trust = self.token.as_ref().map(|held| held.trust(now));
        match (&self.token, &self.failure) {
            (held, Some(failure)) => {
                let urgency = match trust {
                    Some(Trust::Fresh | Trust::Stale | Trust::Doubtful) => Urgency::Stale,
                    _ if asked => Urgency::Asked,
                    _ => Urgency::Idle,
                };
                let due = failure.at + failure.pause(urgency);
                // However long the pause, there is one more try before the token ends.
                let last_chance = held
                    .as_ref()
                    .and_then(|held| held.hard.checked_sub(schedule::COLD_WAIT))
                    .filter(|last_chance| failure.at < *last_chance);
                Some(last_chance.map_or(due, |last_chance| due.min(last_chance)))
            }
            (Some(_), None) if trust == Some(Trust::Doubtful) => Some(now.instant),
            (Some(held), None) => Some(held.soft),
            (None, None) => None,
        }
    }
}

impl Held {
    pub(crate) fn trust(&self, now: &Now) -> Trust {
        let disagreement = now.disagrees_with(self.anchor);
        let slept = if disagreement {
            self.anchor.slept_since()
        } else {
            Duration::ZERO
        };
        let age = now.instant + slept;
        if age >= self.hard {
            Trust::Expired
        } else if self.blamed || disagreement {
            Trust::Doubtful
        } else if age >= self.soft {
            Trust::Stale
        } else {
            Trust::Fresh
        }
    }

    pub(crate) fn ticket(&self) -> Ticket {
        Ticket {
            authorization: self.authorization.clone(),
            generation: self.generation,
        }
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    /// How long it can still be used.
    fn window(&self, now: &Now) -> Option<Duration> {
        match self.trust(now) {
            Trust::Expired => None,
            _ => Some(self.hard.duration_since(now.instant)),
        }
    }
}

impl Failure {
    fn pause(&self, urgency: Urgency) -> Duration {
        let pause = if self.error.is_transient() {
            schedule::backoff(self.attempts, urgency, self.random)
        } else {
            schedule::rejection(self.attempts, self.random)
        };
        pause.max(self.error.retry_after().unwrap_or_default())
    }
}
