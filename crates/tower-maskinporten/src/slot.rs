//! Where one token is kept. Readers load a snapshot; who fetches is agreed here, but nothing is fetched.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use arc_swap::{ArcSwap, Guard};
use maskinporten::{AccessToken, Error};
use tokio::{sync::watch, time::Instant};

use crate::{
    clock::{Anchor, Now},
    schedule,
    snapshot::{Failure, Held, Snapshot},
};

/// One token's place. Readers load a snapshot; writers replace it under the mutex, one at a time.
pub(crate) struct Slot {
    snapshot: ArcSwap<Snapshot>,
    changed: watch::Sender<()>,
    /// Whether a request wanted the token in vain since the last failure.
    asked: AtomicBool,
    control: Mutex<Control>,
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

    pub(crate) fn load(&self) -> Guard<Arc<Snapshot>> {
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
        let before = self.snapshot.load_full();
        let generation = before.generation() + 1;
        self.store(Snapshot {
            token: Some(Held::new(token, generation, anchor, fastrand::f64())),
            failure: None,
        });
        // Subscribers are other people's code, which is not run with the lock held.
        drop(control);
        match &before.failure {
            Some(failure) => tracing::info!(attempts = failure.attempts, "there is a token again"),
            None => {
                tracing::debug!(generation, lifetime = ?token.lifetime(), "there is a new token");
            }
        }
    }

    /// The flight that began at `began` brought none. A token that is there stays, and is no longer in doubt: there
    /// is nothing better.
    pub(crate) fn fail(&self, error: Error, began: Instant) {
        let mut control = self.control();
        control.flying_until = None;
        self.asked.store(false, Ordering::Relaxed);
        let mut snapshot = Snapshot::clone(&self.load());
        let before = snapshot.failure.take();
        if let Some(held) = &mut snapshot.token {
            held.absolve(&Now::read());
        }
        let is_news = before.is_none();
        snapshot.failure = Some(Failure::after(
            before,
            error.clone(),
            began,
            fastrand::f64(),
        ));
        self.store(snapshot);
        drop(control);
        if is_news {
            let error: &dyn std::error::Error = &error;
            tracing::warn!(error, "no new token; will try again");
        }
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
        if held.generation() != generation || held.is_blamed() {
            return held.generation() >= generation;
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
            held.blame();
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
