//! The refresher: one task that starts flights when they are due, for all slots.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak, atomic::Ordering},
    thread,
};

use maskinporten::KeyRing;
use tokio::{
    runtime::Handle,
    sync::Notify,
    time::{Instant, sleep_until},
};

use crate::{clock::Now, flight, meter, pool::Entry, schedule, tokens::Shared};

/// What came of an attempt to start a flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takeoff {
    Started,
    /// One is under way, or it is too early.
    NotDue,
    /// There is no runtime, or it is shutting down.
    NoRuntime,
}

/// Starts a flight for `entry` on the caller's runtime if one is due, and sees to it that there is a refresher.
pub(crate) fn fly(shared: &Arc<Shared>, entry: &Arc<Entry>) -> Takeoff {
    let Ok(runtime) = Handle::try_current() else {
        return Takeoff::NoRuntime;
    };
    ensure_refresher(shared, &runtime);
    flight::staff(shared, &runtime);
    start_flight(shared, &runtime, entry)
}

fn start_flight(shared: &Arc<Shared>, runtime: &Handle, entry: &Arc<Entry>) -> Takeoff {
    let Some(lead) = entry.slot.lead(&Now::read()) else {
        return Takeoff::NotDue;
    };
    if flight::launch(shared, runtime, entry, lead) {
        Takeoff::Started
    } else {
        Takeoff::NoRuntime
    }
}

/// Starts a refresher if there is none.
fn ensure_refresher(shared: &Arc<Shared>, runtime: &Handle) {
    if shared.refreshing.swap(true, Ordering::AcqRel) {
        return;
    }
    let running = Running(Arc::downgrade(shared));
    let task = runtime.spawn(async move { running.refresh().await });
    shared.keep_task(task.abort_handle());
}

/// When to look at which slot. Kept as a heap of one entry a slot, because there may be a hundred thousand.
#[derive(Default)]
pub(crate) struct Agenda {
    heap: Mutex<BinaryHeap<Reverse<Appointment>>>,
    earlier: Notify,
}

struct Appointment {
    at: Instant,
    entry: Weak<Entry>,
}

impl Appointment {
    /// Whether it will be kept: its entry is there, and was not noted for an earlier time since.
    fn stands(&self) -> bool {
        let entry = self.entry.upgrade();
        entry.is_some_and(|entry| *lock(&entry.agenda) == Some(self.at))
    }
}

impl PartialEq for Appointment {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl Eq for Appointment {}

impl PartialOrd for Appointment {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Appointment {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.at.cmp(&other.at)
    }
}

impl Agenda {
    /// Notes when to look at `entry` next, unless that is noted for as early a time.
    pub(crate) fn note(&self, entry: &Arc<Entry>) {
        let Some(at) = entry.slot.look_again_at(&Now::read()) else {
            return;
        };
        let mut noted = lock(&entry.agenda);
        if noted.is_some_and(|noted| noted <= at) {
            return;
        }
        *noted = Some(at);
        drop(noted);
        let mut heap = lock(&self.heap);
        let is_first = heap.peek().is_none_or(|Reverse(first)| at < first.at);
        // Entries that are gone would keep their memory until their time has come.
        if heap.len() == heap.capacity() {
            heap.retain(|Reverse(appointment)| appointment.stands());
            // With room for as many more, so that this is not done for each.
            let kept = heap.len();
            heap.reserve(kept);
        }
        let entry = Arc::downgrade(entry);
        heap.push(Reverse(Appointment { at, entry }));
        if is_first {
            self.earlier.notify_one();
        }
    }

    /// Has the refresher look at everything anew.
    pub(crate) fn stir(&self) {
        self.earlier.notify_one();
    }

    /// Takes the next entry whose time has come, or says when the next will.
    fn take(&self, now: Instant) -> Result<Arc<Entry>, Option<Instant>> {
        let mut heap = lock(&self.heap);
        loop {
            match heap.peek() {
                Some(Reverse(first)) if first.at <= now => {}
                first => return Err(first.map(|Reverse(first)| first.at)),
            }
            let Some(Reverse(Appointment { at, entry })) = heap.pop() else {
                return Err(None);
            };
            let Some(entry) = entry.upgrade() else {
                continue;
            };
            // One that was noted again for an earlier time has been looked at.
            if lock(&entry.agenda).take_if(|noted| *noted == at).is_some() {
                return Ok(entry);
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Says, however the task ends, that there is no refresher any more.
struct Running(Weak<Shared>);

impl Running {
    async fn refresh(&self) {
        let mut pool = Weak::new();
        let mut change = pin!(another_key(None));
        while let Some(shared) = self.0.upgrade() {
            let now = Now::read();
            let current = shared.pool.load_full();
            if !Weak::ptr_eq(&pool, &Arc::downgrade(&current)) {
                pool = Arc::downgrade(&current);
                change.set(another_key(current.default.source.keys()));
            }
            let next = loop {
                match shared.agenda.take(now.instant) {
                    Ok(entry) => look_at(&shared, &entry, &now),
                    Err(next) => break next,
                }
            };
            // The default one is looked at whenever the refresher wakes: the clocks may have begun to disagree.
            look_at(&shared, &current.default, &now);
            let end = watch(&shared, &current.default, &now);
            let soon = now.instant + schedule::LONGEST_SLEEP;
            let wake = next.into_iter().chain(end).fold(soon, Instant::min);
            let agenda = Arc::clone(&shared.agenda);
            drop((shared, current));
            tokio::select! {
                () = sleep_until(wake) => {}
                () = agenda.earlier.notified() => {}
                () = &mut change => {
                    let Some(shared) = self.0.upgrade() else { return };
                    let current = shared.pool.load_full();
                    pool = Arc::downgrade(&current);
                    change.set(another_key(current.default.source.keys()));
                    // What was refused for the old key's sake may be granted now.
                    for entry in current.others().iter().chain([&current.default]) {
                        entry.slot.forgive();
                        shared.agenda.note(entry);
                    }
                }
            }
        }
    }
}

/// Waits until a source signs with another key; for ever, if it has none.
fn another_key(keys: Option<&KeyRing>) -> impl Future<Output = ()> + use<> {
    let changed = keys.map(KeyRing::changed);
    async {
        match changed {
            Some(changed) => changed.await,
            None => std::future::pending().await,
        }
    }
}

/// Tells how it is about the default token, and when it ends, at which moment that is to be told.
fn watch(shared: &Shared, entry: &Entry, now: &Now) -> Option<Instant> {
    meter::default_grant(shared);
    let snapshot = entry.slot.load_full();
    let window = snapshot.token.as_ref()?.window(now);
    if window.is_none() {
        shared.journal.unavailable(entry, &snapshot);
    }
    window.map(|window| now.instant + window)
}

/// Starts what is due for `entry`, if anybody wants it still, and notes when to look again.
fn look_at(shared: &Arc<Shared>, entry: &Arc<Entry>, now: &Now) {
    // That of a source that was replaced is nobody's default any more.
    if entry.is_pinned() && !Arc::ptr_eq(entry, &shared.pool.load().default) {
        return;
    }
    let Some(due) = entry.slot.look_again_at(now) else {
        return;
    };
    if due <= now.instant {
        if !entry.is_wanted() {
            return;
        }
        // A runtime that is shutting down would have us look again at once, and for ever.
        if start_flight(shared, &Handle::current(), entry) == Takeoff::NoRuntime {
            return;
        }
    }
    shared.agenda.note(entry);
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(shared) = self.0.upgrade() {
            shared.refreshing.store(false, Ordering::Release);
            // Whoever waits starts another. After a panic not at once, as it may be one that comes each time.
            if !thread::panicking() {
                shared.pool.load().default.slot.stir();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use maskinporten::AccessToken;

    use super::*;
    use crate::pool::tests::{grant, pool};

    #[tokio::test(start_paused = true)]
    async fn j2_nothing_is_kept_of_entries_that_are_gone() {
        let (agenda, pool) = (Agenda::default(), pool());
        pool.set_capacity(100);
        for n in 1..10_000 {
            let entry = pool.entry(&grant(n));
            let now = Now::read();
            let token = AccessToken::new("t", now.instant, Duration::from_secs(1800)).unwrap();
            let lead = entry.slot.lead(&now).unwrap();
            entry.slot.publish(lead, &token, now.anchor());
            agenda.note(&entry);
        }
        assert!(lock(&agenda.heap).capacity() < 1_000);
        // Those that are there are still looked at, and a few that the map has not dropped yet.
        let mut looked_at = 0;
        let late = Instant::now() + Duration::from_secs(1800);
        while agenda.take(late).is_ok() {
            looked_at += 1;
        }
        assert!((pool.len()..200).contains(&looked_at), "{looked_at}");
    }
}
