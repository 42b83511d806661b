//! Runs a future to its end, without a runtime's own costs.

use std::{
    hint,
    pin::pin,
    task::{Context, Poll, Waker},
};

/// Polls `future` until it is done. It spins rather than sleeps: whoever queues for a lock that another thread holds
/// is then let in as soon as can be, and not charged for being woken.
pub fn drive<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
        hint::spin_loop();
    }
}

/// Polls `future` once, and gives it up if it is not done.
pub fn poll_once<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}
