//! A value that knows its hash.

use std::{
    fmt,
    hash::{BuildHasher, Hash, Hasher, RandomState},
    ops::Deref,
    sync::{Arc, LazyLock},
};

/// A value that is cheap to clone, to compare and to hash, however large it is: a request may bring one to be looked up.
#[derive(Clone)]
pub(super) struct Hashed<T>(Arc<Known<T>>);

#[derive(Clone)]
struct Known<T> {
    value: T,
    hash: u64,
}

impl<T: Clone + Hash> Hashed<T> {
    pub(super) fn new(value: T) -> Self {
        let hash = hash(&value);
        Self(Arc::new(Known { value, hash }))
    }

    /// The value, changed.
    pub(super) fn with(mut self, change: impl FnOnce(&mut T)) -> Self {
        let known = Arc::make_mut(&mut self.0);
        change(&mut known.value);
        known.hash = hash(&known.value);
        self
    }
}

impl<T> Deref for Hashed<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0.value
    }
}

impl<T: PartialEq> PartialEq for Hashed<T> {
    fn eq(&self, other: &Self) -> bool {
        let is_same = Arc::ptr_eq(&self.0, &other.0);
        is_same || (self.0.hash == other.0.hash && **self == **other)
    }
}

impl<T: Eq> Eq for Hashed<T> {}

impl<T> Hash for Hashed<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0.hash);
    }
}

impl<T: fmt::Debug> fmt::Debug for Hashed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// Hashes with a key of this process, so that nobody can make many that are alike.
fn hash(value: &impl Hash) -> u64 {
    static STATE: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    STATE.hash_one(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_as_the_value_is_however_that_came_about() {
        let random = RandomState::new();
        let of = |hashed: &Hashed<u8>| random.hash_one(hashed);
        let one = Hashed::new(1);
        let other = one.clone().with(|value| *value = 2);
        assert_eq!(*one, 1, "the one that was changed was a clone");
        assert!(one != other && of(&one) != of(&other));
        assert!(other == Hashed::new(2) && of(&other) == of(&Hashed::new(2)));
    }
}
