//! All tokens that are kept in this process, by number.
//!
//! A request in flight knows its tokens by their number. Were they counted, each request would write to the count, and
//! the threads of a service would fight over it.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use crate::tokens::Shared;

static LIVE: Mutex<Live> = Mutex::new(Live {
    count: 0,
    by_number: BTreeMap::new(),
});

struct Live {
    count: u64,
    by_number: BTreeMap<u64, Weak<Shared>>,
}

/// The number of some tokens, theirs until it is dropped with them.
pub(crate) struct Number(u64);

impl Number {
    /// The next number, for the tokens of `shared`.
    pub(crate) fn of(shared: &Weak<Shared>) -> Self {
        let mut live = lock();
        live.count += 1;
        let number = live.count;
        live.by_number.insert(number, Weak::clone(shared));
        Self(number)
    }

    pub(crate) fn get(&self) -> u64 {
        self.0
    }
}

impl Drop for Number {
    fn drop(&mut self) {
        lock().by_number.remove(&self.0);
    }
}

/// The tokens of this number, while there are any.
pub(crate) fn find(number: u64) -> Option<Arc<Shared>> {
    lock().by_number.get(&number)?.upgrade()
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
        let number = tokens.shared.number.get();
        assert!(Arc::ptr_eq(&find(number).unwrap(), &tokens.shared));
        let clone = tokens.clone();
        drop(tokens);
        assert!(find(number).is_some());
        drop(clone);
        assert!(find(number).is_none() && !lock().by_number.contains_key(&number));
        assert!(find(other.shared.number.get()).is_some());
    }
}
