//! Where one token is kept. Readers load a snapshot; who fetches is agreed here, but nothing is fetched.

use std::{
    sync::{Arc, PoisonError, atomic::Ordering},
    time::Duration,
};

use maskinporten::{AccessToken, Error};
use tokio::time::Instant;

use crate::{
    changes::Changes,
    clock::{Anchor, Now},
    failure::Failure,
    schedule,
    snapshot::{Held, Snapshot},
    sync::{ArcSwap, AtomicBool, Guard, Mutex, MutexGuard},
};

/// One token's place. Readers load a snapshot; writers replace it under the mutex, one at a time.
#[derive(Default)]
pub(crate) struct Slot {
    /// The generation that its first token comes after.
    before: u64,
    snapshot: ArcSwap<Snapshot>,
    /// Counted apart, so that who watches it keeps nothing else.
    changes: Arc<Changes>,
    /// Whether a request wanted the token in vain since the last failure.
    asked: AtomicBool,
    control: Mutex<Control>,
}

#[derive(Default)]
struct Control {
    /// Flights are numbered, so that a lost one that comes back late is told from the one that took its place.
    flights: u64,
    flying: Option<Flying>,
    blame: Option<Box<Blame>>,
    /// The flight that was under way when the client got another key.
    forgiven: u64,
}

/// A flight under way.
#[derive(Clone, Copy)]
struct Flying {
    began: Instant,
    /// When it must be over. One that is not is lost: its runtime stands still.
    until: Instant,
}

/// The last 401 that led to a refresh.
struct Blame {
    at: Instant,
    /// How many led to it, one after the other, and cured nothing.
    useless_refreshes: u32,
}

/// What a 401 that blames the token leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Blamed {
    /// The token is refreshed at once, as it was this many times before without a cure.
    Refresh { useless_refreshes: u32 },
    /// There is a newer one, or it is on its way.
    Newer,
    /// Nothing: it was refreshed for that a short while ago, or fetching fails and has its own pace.
    Nothing,
}

/// The right, and the duty, to fetch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lead {
    flight: u64,
    /// How long the fetch may take, from when it takes off.
    pub(crate) limit: Duration,
    pub(crate) began: Instant,
}

impl Lead {
    pub(crate) fn is_same(self, other: Self) -> bool {
        self.flight == other.flight
    }
}

impl Slot {
    /// An empty one whose generations come after those of this one.
    pub(crate) fn successor(&self) -> Self {
        Self {
            before: self.before.max(self.load().generation()),
            ..Self::default()
        }
    }

    pub(crate) fn load(&self) -> Guard<Arc<Snapshot>> {
        self.snapshot.load()
    }

    /// The same, to be kept for a while.
    pub(crate) fn load_full(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// What happens to it.
    pub(crate) fn changes(&self) -> &Arc<Changes> {
        &self.changes
    }

    /// Has everybody who waits look again.
    pub(crate) fn stir(&self) {
        self.changes.tell();
    }

    /// Notes that a request wants the token and cannot have it.
    ///
    /// True when the next attempt may be due sooner for it.
    pub(crate) fn ask(&self) -> bool {
        !self.asked.swap(true, Ordering::Relaxed)
    }

    /// When to look whether a fetch should begin: when it is due, or when the one under way must be over.
    pub(crate) fn look_again_at(&self, now: &Now) -> Option<Instant> {
        let flying = self.control().flying.filter(|f| now.instant < f.until);
        flying.map_or_else(|| self.due(now), |flying| Some(flying.until))
    }

    /// When the flight under way began, if there is one.
    pub(crate) fn flight_began(&self, now: &Now) -> Option<Instant> {
        let flying = self.control().flying.filter(|f| now.instant < f.until);
        flying.map(|flying| flying.began)
    }

    fn due(&self, now: &Now) -> Option<Instant> {
        self.load().due(now, self.asked.load(Ordering::Relaxed))
    }

    /// Makes the caller the one who fetches; `None` when somebody does already, or when it is too early.
    pub(crate) fn lead(&self, now: &Now) -> Option<Lead> {
        let mut control = self.control();
        if control.flying.is_some_and(|f| now.instant < f.until)
            || self.due(now).is_some_and(|due| now.instant < due)
        {
            return None;
        }
        control.flights += 1;
        control.flying = Some(Flying {
            began: now.instant,
            until: now.instant + schedule::LONGEST_LINE,
        });
        Some(Lead {
            flight: control.flights,
            limit: schedule::fetch_limit(None),
            began: now.instant,
        })
    }

    /// Begins the fetch that `lead` is for, with the time it may take from now on; `None` when another flight has
    /// taken its place.
    pub(crate) fn take_off(&self, lead: Lead, now: &Now) -> Option<Lead> {
        let mut control = self.control();
        if control.flights != lead.flight || control.flying.is_none() {
            return None;
        }
        let window = self.load().token.as_ref().and_then(|h| h.window(now));
        let limit = schedule::fetch_limit(window);
        control.flying = Some(Flying {
            began: now.instant,
            // A little longer than the flight's own limit, which applies while its runtime runs.
            until: now.instant + limit + schedule::SPACING,
        });
        Some(Lead {
            flight: lead.flight,
            limit,
            began: now.instant,
        })
    }

    /// The flight brought a token. `anchor` is from before it was asked for. Gives what there was before, unless that
    /// stays.
    pub(crate) fn publish(
        &self,
        lead: Lead,
        token: &AccessToken,
        anchor: Anchor,
    ) -> Option<Arc<Snapshot>> {
        let now = Now::read();
        let mut control = self.control();
        let is_late = !control.lands(lead);
        let before = self.snapshot.load_full();
        let mut held = Held::new(
            token,
            self.before.max(before.generation()) + 1,
            anchor,
            &now,
            fastrand::f64(),
        );
        if let Some(current) = &before.token {
            if is_late && !held.is_better_than(current, &now) {
                return None;
            }
            held.keep_generation_of_same(current);
        }
        self.store(Snapshot {
            token: Some(held),
            ..Snapshot::default()
        });
        drop(control);
        Some(before)
    }

    /// The flight brought none. A token that is there stays, and is no longer in doubt: there is nothing better. Gives
    /// what there was before, unless nobody waits for this flight any more.
    pub(crate) fn fail(&self, lead: Lead, error: Error) -> Option<Arc<Snapshot>> {
        let mut control = self.control();
        if !control.lands(lead) {
            return None;
        }
        self.asked.store(false, Ordering::Relaxed);
        let before = self.snapshot.load_full();
        let mut snapshot = Snapshot::clone(&before);
        let failure = snapshot.failure.take();
        let now = Now::read();
        if let Some(held) = &mut snapshot.token {
            held.absolve(&now);
        }
        let (began, random) = (lead.began, fastrand::f64());
        let mut failure = Failure::after(
            failure.map(|before| *before),
            error,
            began,
            now.instant,
            random,
        );
        failure.forgiven = control.forgiven == lead.flight && failure.may_be_for_the_key();
        snapshot.failure = Some(Box::new(failure));
        self.store(snapshot);
        drop(control);
        Some(before)
    }

    /// What was refused until now may be granted to another key: the next attempt is due at once.
    pub(crate) fn forgive(&self) {
        let mut control = self.control();
        control.forgiven = control.flights;
        let mut snapshot = Snapshot::clone(&self.load());
        let failure = snapshot.failure.as_mut();
        if let Some(failure) = failure.filter(|failure| failure.may_be_for_the_key()) {
            failure.forgiven = true;
            self.store(snapshot);
        }
        drop(control);
    }

    /// The flight ended without an outcome: its runtime is gone. Whoever waits may fly anew.
    pub(crate) fn abandon(&self, lead: Lead) {
        if self.control().lands(lead) {
            self.stir();
        }
    }

    /// An API said that the token of `generation` is bad. Puts it in doubt, so that it is refreshed at once, unless
    /// that was done for a 401 a short while ago, or fetching fails and has its own pace.
    pub(crate) fn blame(&self, generation: u64, now: &Now) -> Blamed {
        let mut control = self.control();
        let current = self.load();
        let Some(held) = &current.token else {
            return Blamed::Nothing;
        };
        if held.generation() < generation {
            return Blamed::Nothing;
        }
        if held.generation() > generation || held.is_blamed() {
            return Blamed::Newer;
        }
        if current.failure.is_some() && self.due(now).is_some_and(|due| now.instant < due) {
            return Blamed::Nothing;
        }
        let useless_refreshes = match &control.blame {
            None => 0,
            Some(last) => {
                let pause = schedule::blame_pause(last.useless_refreshes);
                if now.instant < last.at + pause {
                    return Blamed::Nothing;
                }
                // Blamed again as soon as it could be: the refresh before has not helped.
                let again = now.instant < last.at + 2 * pause;
                // Nor would another one help that comes as soon after one that was due anyway.
                if again && held.age(now) < schedule::blame_pause(0) {
                    return Blamed::Nothing;
                }
                if again { last.useless_refreshes + 1 } else { 0 }
            }
        };
        control.blame = Some(Box::new(Blame {
            at: now.instant,
            useless_refreshes,
        }));
        let mut snapshot = Snapshot::clone(&current);
        if let Some(held) = &mut snapshot.token {
            held.blame();
        }
        self.store(snapshot);
        Blamed::Refresh { useless_refreshes }
    }

    /// Only with the mutex held, so that no change is lost.
    fn store(&self, snapshot: Snapshot) {
        self.snapshot.store(snapshot.into());
        self.stir();
    }

    fn control(&self) -> MutexGuard<'_, Control> {
        // Nothing panics while it is held; and if it did, each change is whole in itself.
        self.control.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Control {
    /// Notes that a flight is over, if it is still the one that is waited for.
    fn lands(&mut self, lead: Lead) -> bool {
        let is_current = self.flights == lead.flight;
        if is_current {
            self.flying = None;
        }
        is_current
    }
}
