//! Somebody who wants a token: takes what is there, or waits for it.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio::time::{Instant, timeout_at};

use crate::{
    TokenUnavailable,
    clock::{Now, Tick},
    live, meter,
    pool::Entry,
    refresh::{self, Takeoff},
    schedule,
    slot::Blamed,
    snapshot::{Snapshot, Ticket, Trust},
    tokens::Shared,
};

/// What a request in flight knows of its token, in case that a 401 blames it. It counts no references, for which all
/// requests would contend, but to a grant of its own.
pub(crate) struct Carried {
    tokens: u64,
    /// `None` for the default one.
    entry: Option<Arc<Entry>>,
    generation: u64,
}

impl Carried {
    pub(crate) fn new(shared: &Shared, entry: Option<Arc<Entry>>, generation: u64) -> Self {
        Self {
            tokens: shared.id.get(),
            entry,
            generation,
        }
    }

    /// Takes note that an API called it bad.
    pub(crate) fn blame(self) {
        let Some(shared) = live::find(self.tokens) else {
            return;
        };
        let entry = self.entry.unwrap_or_else(|| shared.default_entry());
        blame(&shared, &entry, self.generation);
    }
}

/// A request, as far as tokens are concerned.
#[derive(Clone)]
pub(crate) struct Waiting {
    pub(crate) shared: Arc<Shared>,
    pub(crate) entry: Arc<Entry>,
    pub(crate) cold_wait: Duration,
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

impl Waiting {
    /// The token at hand, if it can be used without a second thought.
    pub(crate) fn usable(&self) -> Option<Ticket> {
        usable(&self.shared, &self.entry)
    }

    /// Waits for a token that can be used.
    pub(crate) async fn token(&self) -> Result<Ticket, TokenUnavailable> {
        let slot = &self.entry.slot;
        let patience = Instant::now() + self.cold_wait;
        let mut led = false;
        loop {
            let change = slot.changes().next();
            if let Some(ticket) = self.usable() {
                return Ok(ticket);
            }
            if !led && self.is_known_outage(patience) {
                return Err(self.unavailable());
            }
            let takeoff = refresh::fly(&self.shared, &self.entry);
            let now = Now::read();
            // Who starts a flight waits for it, whatever has failed before.
            led = takeoff == Takeoff::Started || (led && slot.flight_began(&now).is_some());
            let (until, doubtful) = match self.look(patience, &now) {
                Look::Usable(ticket) => return Ok(ticket),
                Look::Doubtful(ticket, until) => (until, Some(ticket)),
                Look::None { until } => {
                    if slot.ask() {
                        self.shared.agenda.note(&self.entry);
                    }
                    (if led { patience } else { until }, None)
                }
            };
            if takeoff == Takeoff::NoRuntime {
                return doubtful.ok_or_else(TokenUnavailable::no_runtime);
            }
            if until <= now.instant {
                return doubtful.ok_or_else(|| self.unavailable());
            }
            let _waiter = meter::Waiter::new(&self.shared.journal);
            let _ = timeout_at(self.wake(until, &now), change).await;
        }
    }

    /// What a request finds that is willing to wait until `patience`.
    fn look(&self, patience: Instant, now: &Now) -> Look {
        let snapshot = self.entry.slot.load();
        if let Some(held) = &snapshot.token {
            match held.trust(now) {
                Trust::Fresh | Trust::Stale => return Look::Usable(held.ticket()),
                Trust::Doubtful => {
                    // A better one is worth a short wait, if it is on its way. Whoever comes later does not wait.
                    let began = self.entry.slot.flight_began(now);
                    let until = began.map_or(now.instant, |began| began + schedule::DOUBT_WAIT);
                    return Look::Doubtful(held.ticket(), until.min(patience));
                }
                Trust::Expired => {}
            }
        }
        let until = match &snapshot.failure {
            None => patience,
            Some(failure) if failure.forgiven => patience,
            // Those who come late to an outage do not wait as long as those who saw it begin.
            Some(failure) if failure.error.is_transient() => {
                patience.min(failure.since + self.cold_wait)
            }
            // Waiting does not change a refusal.
            Some(_) => now.instant,
        };
        Look::None { until }
    }

    /// Whether nobody waits any more because fetching has failed for so long, and the refresher sees to it that it is
    /// tried again. Nobody does its work then, and waits for that, unless it is late.
    fn is_known_outage(&self, patience: Instant) -> bool {
        let now = Now::read();
        let slot = &self.entry.slot;
        match self.look(patience, &now) {
            Look::None { until } if until <= now.instant => {}
            _ => return false,
        }
        if slot.ask() {
            self.shared.agenda.note(&self.entry);
        }
        let due = slot.look_again_at(&now);
        self.shared.refreshing.load(Ordering::Relaxed)
            && due.is_some_and(|due| now.instant < due + schedule::BLINK)
    }

    fn unavailable(&self) -> TokenUnavailable {
        let snapshot = self.entry.slot.load_full();
        self.shared.journal.unavailable(&self.entry, &snapshot);
        TokenUnavailable::new(snapshot.failure.as_deref(), Instant::now())
    }

    /// When to look again without being told: should the refresher or the workers be lost meanwhile, whoever waits
    /// does their work.
    fn wake(&self, until: Instant, now: &Now) -> Instant {
        let due = self.entry.slot.look_again_at(now).unwrap_or(until);
        let soon = now.instant + schedule::BLINK;
        until.min(due.clamp(soon, now.instant + schedule::LONGEST_GAZE))
    }

    /// Takes note that an API called the token of `generation` bad. True when it is worth waiting for a
    /// [newer](Self::newer) one.
    pub(crate) fn blame(&self, generation: u64) -> bool {
        blame(&self.shared, &self.entry, generation)
    }

    /// Waits for a token newer than that of `generation`, which was blamed; `None` when there will be none.
    pub(crate) async fn newer(&self, generation: u64) -> Option<Ticket> {
        let slot = &self.entry.slot;
        let patience = Instant::now() + self.cold_wait;
        loop {
            let change = slot.changes().next();
            let takeoff = refresh::fly(&self.shared, &self.entry);
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
            let _waiter = meter::Waiter::new(&self.shared.journal);
            let _ = timeout_at(self.wake(patience, &now), change).await;
        }
    }
}

fn blame(shared: &Arc<Shared>, entry: &Arc<Entry>, generation: u64) -> bool {
    let blamed = entry.slot.blame(generation, &Now::read());
    let is_worth_it = blamed != Blamed::Nothing;
    if is_worth_it {
        // Also for a request that cannot be sent again and does not wait.
        refresh::fly(shared, entry);
    }
    shared.journal.blamed(entry, blamed);
    meter::unauthorized(&shared.journal, blamed);
    is_worth_it
}

/// The token at hand, if it can be used without a second thought.
pub(crate) fn usable(shared: &Arc<Shared>, entry: &Arc<Entry>) -> Option<Ticket> {
    checked(shared, entry).map(|(ticket, _)| ticket)
}

/// The same, and until the end of which tick it can be used.
pub(crate) fn checked(shared: &Arc<Shared>, entry: &Arc<Entry>) -> Option<(Ticket, Option<Tick>)> {
    let snapshot = entry.slot.load();
    let held = snapshot.token.as_ref()?;
    let (now, tick) = Now::coarse();
    match held.trust(&now) {
        Trust::Fresh => {}
        Trust::Stale => see_to_refresh(shared, entry, &snapshot, &now),
        Trust::Doubtful | Trust::Expired => return None,
    }
    Some((held.ticket(), tick))
}

/// The refresher knows what is due. It only has to be there, on a runtime that does not stand still, and to know that
/// somebody wants this token again.
fn see_to_refresh(shared: &Arc<Shared>, entry: &Arc<Entry>, snapshot: &Snapshot, now: &Now) {
    let is_late = |due: Instant| due + schedule::SPACING < now.instant;
    if !shared.refreshing.load(Ordering::Relaxed) || snapshot.due(now, false).is_some_and(is_late) {
        refresh::fly(shared, entry);
    }
}
