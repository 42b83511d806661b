//! All tokens that are kept in this process, by id.
//!
//! A request in flight knows its tokens by their id. Were they counted, each request would write to the count, and
//! the threads of a service would fight over it.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use crate::tokens::Shared;

static LIVE: Mutex<Live> = Mutex::new(Live {
    count: 0,
    by_id: BTreeMap::new(),
});

struct Live {
    count: u64,
    by_id: BTreeMap<u64, Weak<Shared>>,
}

/// What some tokens are known by, until it is dropped with them.
pub(crate) struct TokensId(u64);

impl TokensId {
    /// The next id, for the tokens of `shared`.
    pub(crate) fn of(shared: &Weak<Shared>) -> Self {
        let mut live = lock();
        live.count += 1;
        let id = live.count;
        live.by_id.insert(id, Weak::clone(shared));
        Self(id)
    }

    pub(crate) fn get(&self) -> u64 {
        self.0
    }
}

impl Drop for TokensId {
    fn drop(&mut self) {
        lock().by_id.remove(&self.0);
    }
}

/// The tokens of this id, while there are any.
pub(crate) fn find(id: u64) -> Option<Arc<Shared>> {
    lock().by_id.get(&id)?.upgrade()
}

fn lock() -> MutexGuard<'static, Live> {
    LIVE.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use maskinporten::Grant;

    use super::*;
    use crate::{Tokens, pool::tests::Nothing};

    #[test]
    fn tokens_are_found_until_the_last_handle_is_dropped() {
        let [tokens, other] = [(); 2].map(|()| Tokens::new(Nothing, Grant::new("a:one").unwrap()));
        let id = tokens.shared.id.get();
        assert!(Arc::ptr_eq(&find(id).unwrap(), &tokens.shared));
        let clone = tokens.clone();
        drop(tokens);
        assert!(find(id).is_some());
        drop(clone);
        assert!(find(id).is_none() && !lock().by_id.contains_key(&id));
        assert!(find(other.shared.id.get()).is_some());
    }
}
