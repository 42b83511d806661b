//! Maskinporten tokens that were not exchanged because Altinn was out of order.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::{AccessToken, Grant};

/// How many are kept. With more customers than that in an outage, the others ask Maskinporten again.
const MOST: usize = 1_000;
/// What a token must have left: an exchange takes no longer.
const REST: Duration = Duration::from_secs(10);

/// Kept for the next attempt: an outage of Altinn is no reason to ask Maskinporten.
#[derive(Clone, Default)]
pub(crate) struct Unexchanged(Arc<Mutex<HashMap<Grant, AccessToken>>>);

impl Unexchanged {
    /// The token of `grant`, if it can still be exchanged.
    pub(crate) fn get(&self, grant: &Grant) -> Option<AccessToken> {
        let token = self.tokens().get(grant).cloned();
        token.filter(is_good)
    }

    pub(crate) fn keep(&self, grant: &Grant, token: &AccessToken) {
        let mut tokens = self.tokens();
        tokens.retain(|_, token| is_good(token));
        if tokens.len() < MOST {
            tokens.insert(grant.clone(), token.clone());
        }
    }

    pub(crate) fn forget(&self, grant: &Grant) {
        self.tokens().remove(grant);
    }

    fn tokens(&self) -> MutexGuard<'_, HashMap<Grant, AccessToken>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_good(token: &AccessToken) -> bool {
    Instant::now() + REST < token.expires_at()
}

impl fmt::Debug for Unexchanged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Unexchanged")
            .field(&self.tokens().len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_kept_is_bounded_and_let_go_of_in_time() {
        let (kept, lifetime) = (Unexchanged::default(), Duration::from_secs(120));
        let grant = |n| Grant::new(&format!("a:{n}")).unwrap();
        let token = || AccessToken::new("t", Instant::now(), lifetime).unwrap();
        for n in 0..=MOST {
            kept.keep(&grant(n), &token());
        }
        assert!(kept.get(&grant(MOST - 1)).is_some());
        assert!(kept.get(&grant(MOST)).is_none());
        tokio::time::advance(lifetime - REST).await;
        assert!(kept.get(&grant(0)).is_none());
        kept.keep(&grant(MOST), &token());
        assert_eq!(format!("{kept:?}"), "Unexchanged(1)");
    }
}
