//! The tasks: a flight fetches once; the refresher starts flights when they are due.
//!
//! A fetch never belongs to a request. Requests give up, and what a hundred others wait for must go on. Tasks hold
//! the shared state weakly, so that they end with the last handle; and when one is lost, to a panic or with its
//! runtime, the next request that needs it starts another.

use std::sync::{Arc, Weak, atomic::Ordering};

use maskinporten::{AccessToken, Error};
use tokio::{
    runtime::Handle,
    time::{sleep_until, timeout},
};

use crate::{
    clock::{Anchor, Now},
    schedule,
    slot::Lead,
    tokens::Shared,
};

/// What came of an attempt to start a flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takeoff {
    Started,
    /// One is under way, or it is too early.
    NotDue,
    /// There is no runtime, or it is shutting down.
    NoRuntime,
}

/// Starts a flight on the caller's runtime if one is due, and sees to it that there is a refresher.
pub(crate) fn fly(shared: &Arc<Shared>) -> Takeoff {
    let Ok(runtime) = Handle::try_current() else {
        return Takeoff::NoRuntime;
    };
    ensure_refresher(shared, &runtime);
    start_flight(shared, &runtime)
}

/// Starts a refresher if there is none. It notices by itself what is due.
pub(crate) fn ensure_refresher(shared: &Arc<Shared>, runtime: &Handle) {
    if shared.refreshing.swap(true, Ordering::AcqRel) {
        return;
    }
    let running = Running(Arc::downgrade(shared));
    let task = runtime.spawn(async move { running.refresh().await });
    shared.tasks().refresher = Some(task.abort_handle());
}

/// Says, however the task ends, that there is no refresher any more.
struct Running(Weak<Shared>);

impl Running {
    async fn refresh(&self) {
        while let Some(shared) = self.0.upgrade() {
            let mut changed = shared.slot.subscribe();
            let now = Now::read();
            let due = shared.slot.look_again_at(&now);
            if due.is_some_and(|due| due <= now.instant) {
                start_flight(&shared, &Handle::current());
            }
            let soon = now.instant + schedule::LONGEST_SLEEP;
            let look_again_at = shared.slot.look_again_at(&now);
            let wake = look_again_at.map_or(soon, |at| at.min(soon));
            drop(shared);
            tokio::select! {
                () = sleep_until(wake) => {}
                // An error means that the slot is gone, which the loop sees for itself.
                _ = changed.changed() => {}
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(shared) = self.0.upgrade() {
            shared.refreshing.store(false, Ordering::Release);
            // Those who wait start another.
            shared.slot.stir();
        }
    }
}

fn start_flight(shared: &Arc<Shared>, runtime: &Handle) -> Takeoff {
    let now = Now::read();
    let Some(lead) = shared.slot.lead(&now) else {
        return Takeoff::NotDue;
    };
    let flight = Flight {
        shared: Arc::downgrade(shared),
        lead,
        anchor: now.anchor(),
        landed: false,
    };
    let source = Arc::clone(&shared.source);
    let grant = shared.grant.clone();
    let before = Arc::clone(&shared.slot.load());
    let task = runtime.spawn(async move {
        let outcome = timeout(lead.limit, source.fetch(&grant)).await;
        flight.land(outcome.unwrap_or_else(|_| {
            let limit = lead.limit.as_millis();
            Err(Error::transient(format!("no token within {limit} ms")))
        }));
    });
    // A runtime that is shutting down drops what it is given.
    if task.is_finished() && Arc::ptr_eq(&before, &shared.slot.load()) {
        return Takeoff::NoRuntime;
    }
    shared.tasks().flight = Some(task.abort_handle());
    Takeoff::Started
}

/// The duty to tell the slot how a fetch ended, however it does.
struct Flight {
    shared: Weak<Shared>,
    lead: Lead,
    anchor: Anchor,
    landed: bool,
}

impl Flight {
    fn land(mut self, outcome: Result<AccessToken, Error>) {
        self.landed = true;
        let Some(shared) = self.shared.upgrade() else {
            return;
        };
        match outcome {
            Ok(token) => shared.slot.publish(self.lead, &token, self.anchor),
            Err(error) => shared.slot.fail(self.lead, error),
        }
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        if self.landed {
            return;
        }
        let Some(shared) = self.shared.upgrade() else {
            return;
        };
        if std::thread::panicking() {
            // With a pause before the next, as after any failure.
            let error = Error::transient("the token source panicked");
            shared.slot.fail(self.lead, error);
        } else {
            shared.slot.abandon(self.lead);
        }
    }
}
