//! The tasks: a flight fetches once; the refresher starts flights when they are due.
//!
//! A fetch never belongs to a request. Requests give up, and what a hundred others wait for must go on. Tasks hold
//! the shared state weakly, so that they end with the last handle; and when one is lost, to a panic or with its
//! runtime, the next request that needs it starts another.

use std::sync::{Arc, Weak, atomic::Ordering};

use maskinporten::{AccessToken, Error};
use tokio::{
    runtime::Handle,
    time::{Instant, sleep_until, timeout},
};

use crate::{
    clock::{Anchor, Now},
    schedule,
    tokens::Shared,
};

/// Starts a flight on the caller's runtime unless one is under way or it is too early, and sees to it that there is a
/// refresher. False when there is no runtime to do so.
pub(crate) fn fly(shared: &Arc<Shared>) -> bool {
    let Ok(runtime) = Handle::try_current() else {
        return false;
    };
    ensure_refresher(shared, &runtime);
    start_flight(shared, &runtime);
    true
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
            let due = |at: &Instant| *at <= now.instant;
            if shared.slot.look_again_at(&now).as_ref().is_some_and(due) {
                start_flight(&shared, &Handle::current());
            }
            let soon = now.instant + schedule::LONGEST_SLEEP;
            let wake = shared
                .slot
                .look_again_at(&now)
                .map_or(soon, |at| at.min(soon));
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
        }
    }
}

fn start_flight(shared: &Arc<Shared>, runtime: &Handle) {
    let Some(limit) = shared.slot.lead(&Now::read()) else {
        return;
    };
    let flight = Flight {
        shared: Arc::downgrade(shared),
        began: Instant::now(),
        anchor: Anchor::read(),
        landed: false,
    };
    let source = Arc::clone(&shared.source);
    let grant = shared.grant.clone();
    let task = runtime.spawn(async move {
        let outcome = timeout(limit, source.fetch(&grant)).await;
        flight.land(outcome.unwrap_or_else(|_| {
            Err(Error::transient(format!(
                "no token within {} ms",
                limit.as_millis()
            )))
        }));
    });
    shared.tasks().flight = Some(task.abort_handle());
}

/// The duty to tell the slot how a fetch ended, however it does.
struct Flight {
    shared: Weak<Shared>,
    began: Instant,
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
            Ok(token) => shared.slot.publish(&token, self.anchor),
            Err(error) => shared.slot.fail(error, self.began),
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
            shared
                .slot
                .fail(Error::transient("the token source panicked"), self.began);
        } else {
            shared.slot.abandon();
        }
    }
}
