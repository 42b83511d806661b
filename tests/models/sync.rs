//! What the slot shares with other threads, made of the primitives of a model checker, so that it tries every order
//! of what threads do to each other.

use std::{ops::Deref, sync::Arc};

pub(crate) use crate::primitives::{AtomicBool, Mutex, MutexGuard};

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

/// As `tokio::sync::watch` promises to be, without a value: whoever subscribed before a change is woken by it.
pub(crate) mod watch {
    use std::{future::poll_fn, marker::PhantomData, sync::Arc, task::Poll, task::Waker};

    use super::Mutex;

    #[derive(Default)]
    struct Changes {
        count: u64,
        waiting: Vec<Waker>,
    }

    #[derive(Default)]
    pub(crate) struct Sender<T>(Arc<Mutex<Changes>>, PhantomData<T>);

    pub(crate) struct Receiver<T> {
        changes: Arc<Mutex<Changes>>,
        seen: u64,
        value: PhantomData<T>,
    }

    impl<T> Sender<T> {
        pub(crate) fn subscribe(&self) -> Receiver<T> {
            Receiver {
                changes: Arc::clone(&self.0),
                seen: self.0.lock().unwrap().count,
                value: PhantomData,
            }
        }

        pub(crate) fn send_replace(&self, _value: T) {
            let woken = {
                let mut changes = self.0.lock().unwrap();
                changes.count += 1;
                std::mem::take(&mut changes.waiting)
            };
            for waker in woken {
                waker.wake();
            }
        }
    }

    impl<T> Receiver<T> {
        pub(crate) async fn changed(&mut self) {
            poll_fn(|context| {
                let mut changes = self.changes.lock().unwrap();
                if changes.count != self.seen {
                    self.seen = changes.count;
                    return Poll::Ready(());
                }
                changes.waiting.push(context.waker().clone());
                Poll::Pending
            })
            .await;
        }
    }
}
