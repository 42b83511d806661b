//! Slots by grant: one that is pinned, and a bounded number for grants that arrive with requests.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
};

use maskinporten::{Grant, TokenSource};
use tokio::time::Instant;

use crate::slot::Slot;

/// How many grants are kept beside the default one, unless told otherwise.
const CAPACITY: usize = 100_000;

/// A grant, its slot, who fills it, and whether anybody asks for it still.
pub(crate) struct Entry {
    pub(crate) grant: Grant,
    pub(crate) slot: Slot,
    /// Where its tokens are from. One that is fetched while the source is replaced lands in an entry that is gone.
    pub(crate) source: Arc<dyn TokenSource>,
    /// Refreshed whether it is asked for or not.
    pinned: bool,
    /// Whether a request has used it since it was last fetched for.
    used: AtomicBool,
    /// The pool's age when a request last used it.
    used_at: AtomicU64,
    /// When the refresher is to look at it.
    pub(crate) agenda: Mutex<Option<Instant>>,
}

impl Entry {
    fn new(grant: Grant, source: Arc<dyn TokenSource>, slot: Slot, pinned: bool, age: u64) -> Self {
        Self {
            grant,
            slot,
            source,
            pinned,
            used: AtomicBool::new(false),
            used_at: AtomicU64::new(age),
            agenda: Mutex::default(),
        }
    }

    /// Whether it is the default one.
    pub(crate) fn is_pinned(&self) -> bool {
        self.pinned
    }

    /// What it is called in what is told; grants name customers, which are not told of.
    pub(crate) fn name(&self) -> &'static str {
        if self.pinned { "default" } else { "other" }
    }

    /// Whether its token is to be refreshed before somebody asks.
    pub(crate) fn is_wanted(&self) -> bool {
        self.pinned || self.used.load(Ordering::Relaxed)
    }

    /// It was fetched for; whether anybody wants it once more will be seen.
    pub(crate) fn renew(&self) {
        self.used.store(false, Ordering::Relaxed);
    }

    /// Notes that a request uses it. Only what changes is written, so that those who use it do not contend.
    fn touch(&self, age: u64) {
        if !self.used.load(Ordering::Relaxed) {
            self.used.store(true, Ordering::Relaxed);
        }
        if self.used_at.load(Ordering::Relaxed) != age {
            self.used_at.store(age, Ordering::Relaxed);
        }
    }
}

/// All slots of one source.
pub(crate) struct Pool {
    pub(crate) default: Arc<Entry>,
    entries: papaya::HashMap<Grant, Arc<Entry>>,
    capacity: AtomicUsize,
    /// Counts insertions: who was used at a smaller age was used longer ago.
    age: AtomicU64,
    evicting: Mutex<()>,
}

impl Pool {
    pub(crate) fn new(source: Arc<dyn TokenSource>, default: Grant) -> Self {
        Self::with_slot(source, default, Slot::default())
    }

    fn with_slot(source: Arc<dyn TokenSource>, default: Grant, slot: Slot) -> Self {
        Self {
            default: Arc::new(Entry::new(default, source, slot, true, 0)),
            entries: papaya::HashMap::builder()
                // By default it grows a little with each insertion: where no more come, each reader has two tables to
                // look in for good.
                .resize_mode(papaya::ResizeMode::Blocking)
                .build(),
            capacity: AtomicUsize::new(CAPACITY),
            age: AtomicU64::new(0),
            evicting: Mutex::default(),
        }
    }

    pub(crate) fn set_capacity(&self, capacity: usize) {
        self.capacity.store(capacity.max(1), Ordering::Relaxed);
        self.evict();
    }

    /// An empty one for tokens of another source, with the same capacity. The generations of default tokens count on.
    pub(crate) fn renewed(&self, source: Arc<dyn TokenSource>, default: Grant) -> Self {
        let renewed = Self::with_slot(source, default, self.default.slot.successor());
        let capacity = self.capacity.load(Ordering::Relaxed);
        renewed.capacity.store(capacity, Ordering::Relaxed);
        renewed
    }

    /// The entry of `grant`, for a request that uses it.
    pub(crate) fn entry(&self, grant: &Grant) -> Arc<Entry> {
        if *grant == self.default.grant {
            return Arc::clone(&self.default);
        }
        let age = self.age.load(Ordering::Relaxed);
        if let Some(entry) = self.entries.pin().get(grant) {
            entry.touch(age);
            return Arc::clone(entry);
        }
        let age = self.age.fetch_add(1, Ordering::Relaxed) + 1;
        let entry = {
            let entries = self.entries.pin();
            let source = &self.default.source;
            let new = || {
                let slot = Slot::default();
                Arc::new(Entry::new(
                    grant.clone(),
                    Arc::clone(source),
                    slot,
                    false,
                    age,
                ))
            };
            Arc::clone(entries.get_or_insert_with(grant.clone(), new))
        };
        entry.touch(age);
        self.evict();
        entry
    }

    /// Lets go of what was used longest ago, a sixteenth at a time, when there is too much. Whoever waits for one of
    /// them still holds it, and gets its token.
    fn evict(&self) {
        let capacity = self.capacity.load(Ordering::Relaxed);
        if self.entries.len() <= capacity {
            return;
        }
        let _one_at_a_time = self.evicting.lock().unwrap_or_else(PoisonError::into_inner);
        let entries = self.entries.pin();
        let excess = entries.len().saturating_sub(capacity);
        if excess == 0 {
            return;
        }
        let mut by_age: Vec<(u64, Arc<Entry>)> = entries
            .values()
            .map(|entry| (entry.used_at.load(Ordering::Relaxed), Arc::clone(entry)))
            .collect();
        let count = (excess + capacity / 16).min(by_age.len());
        by_age.select_nth_unstable_by_key(count - 1, |(used_at, _)| *used_at);
        for (_, entry) in by_age.drain(..count) {
            entries.remove(&entry.grant);
        }
    }

    /// All but the default one.
    pub(crate) fn others(&self) -> Vec<Arc<Entry>> {
        self.entries.pin().values().map(Arc::clone).collect()
    }

    /// How many there are beside the default one.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use maskinporten::{AccessToken, BoxFuture, Error};

    use super::*;

    pub(crate) struct Nothing;

    impl TokenSource for Nothing {
        fn fetch<'a>(&'a self, _: &'a Grant) -> BoxFuture<'a, Result<AccessToken, Error>> {
            Box::pin(async { Err(Error::permanent("nothing")) })
        }
    }

    pub(crate) fn pool() -> Pool {
        Pool::new(Arc::new(Nothing), grant(0))
    }

    pub(crate) fn grant(n: usize) -> Grant {
        Grant::new(&format!("a:{n}")).unwrap()
    }

    #[test]
    fn what_was_used_longest_ago_goes_first() {
        let pool = pool();
        pool.set_capacity(3);
        let kept: Vec<_> = (1..=3).map(|n| pool.entry(&grant(n))).collect();
        // The first is used again after the others, so the second is the oldest.
        pool.entry(&grant(4));
        assert!(!Arc::ptr_eq(&kept[0], &pool.entry(&grant(1))));
        assert!(Arc::ptr_eq(&kept[2], &pool.entry(&grant(3))));
        assert_eq!(pool.len(), 3);
        assert!(Arc::ptr_eq(&pool.default, &pool.entry(&grant(0))));
    }

    #[test]
    fn of_many_just_the_oldest_go() {
        let pool = pool();
        pool.set_capacity(64);
        let kept: Vec<_> = (0..64).map(|n| pool.entry(&grant(n + 1))).collect();
        // Used in another order since, one age each: every 37th comes next.
        let order: Vec<_> = (0..64).map(|n| n * 37 % 64).collect();
        for n in &order {
            pool.age.fetch_add(1, Ordering::Relaxed);
            pool.entry(&kept[*n].grant);
        }
        pool.entry(&grant(65));
        // One is too many, and a sixteenth goes with it.
        let is_there = |n: &usize| pool.entries.pin().contains_key(&kept[*n].grant);
        let (gone, there) = order.split_at(5);
        assert!(!gone.iter().any(is_there) && there.iter().all(is_there));
    }

    #[test]
    fn a_newcomer_is_younger_than_who_was_used_before_it_came() {
        let pool = pool();
        pool.set_capacity(1);
        for n in 1..50 {
            pool.entry(&grant(n));
            let newcomer = pool.entry(&grant(n + 1));
            assert!(Arc::ptr_eq(&newcomer, &pool.entry(&grant(n + 1))));
        }
    }

    #[test]
    fn memory_is_bounded_however_many_grants_arrive() {
        let pool = pool();
        pool.set_capacity(100);
        for n in 1..10_000 {
            pool.entry(&grant(n));
            assert!(pool.len() <= 100);
        }
    }
}
