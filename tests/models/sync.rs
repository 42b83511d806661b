//! What the slot shares with other threads, made of the primitives of a model checker, so that it tries every order
//! of what threads do to each other.

use std::{
    mem,
    ops::Deref,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

pub(crate) use crate::primitives::{AtomicBool, AtomicU64, Mutex, MutexGuard};

/// As `arc_swap::ArcSwap` promises to be: whoever loads has the last value stored, whole.
#[derive(Default)]
pub(crate) struct ArcSwap<T>(Mutex<Arc<T>>);

pub(crate) struct Guard<T>(T);

impl<T> ArcSwap<T> {
    pub(crate) fn load(&self) -> Guard<Arc<T>> {
        Guard(self.load_full())
    }

    pub(crate) fn load_full(&self) -> Arc<T> {
        Arc::clone(&self.0.lock().unwrap())
    }

    pub(crate) fn store(&self, value: Arc<T>) {
        *self.0.lock().unwrap() = value;
    }
}

impl<T> Deref for Guard<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// As `tokio::sync::Notify` promises to be: whoever asked before a change is woken by it.
#[derive(Default)]
pub(crate) struct Notify(Mutex<Changes>);

#[derive(Default)]
struct Changes {
    count: u64,
    waiting: Vec<Waker>,
}

pub(crate) struct Notified<'a> {
    notify: &'a Notify,
    seen: u64,
}

impl Notify {
    pub(crate) fn notified(&self) -> Notified<'_> {
        let seen = self.0.lock().unwrap().count;
        Notified { notify: self, seen }
    }

    pub(crate) fn notify_waiters(&self) {
        let woken = {
            let mut changes = self.0.lock().unwrap();
            changes.count += 1;
            mem::take(&mut changes.waiting)
        };
        for waker in woken {
            waker.wake();
        }
    }
}

impl Future for Notified<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut changes = self.notify.0.lock().unwrap();
        if changes.count != self.seen {
            return Poll::Ready(());
        }
        changes.waiting.push(context.waker().clone());
        Poll::Pending
    }
}
