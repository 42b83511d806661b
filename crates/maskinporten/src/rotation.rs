//! What to make of a key that Maskinporten does not know: one that was just registered is known within two minutes.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// How long a new key is given to be known.
const WINDOW: Duration = Duration::from_secs(180);
/// How long to wait before the key is tried again, within that time.
pub(crate) const PAUSE: Duration = Duration::from_secs(15);

/// Since when the key has been unknown, if it is.
#[derive(Debug, Default)]
pub(crate) struct Rotation(Mutex<Option<Instant>>);

impl Rotation {
    /// Maskinporten does not know the key. True while it may yet.
    pub(crate) fn key_is_unknown(&self, now: Instant) -> bool {
        let mut since = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_news = since.is_none();
        let is_new_enough = now.duration_since(*since.get_or_insert(now)) < WINDOW;
        drop(since);
        if is_news {
            tracing::warn!("Maskinporten does not know the key: was it registered just now?");
        }
        is_new_enough
    }

    /// Maskinporten knows the key.
    pub(crate) fn key_is_known(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
