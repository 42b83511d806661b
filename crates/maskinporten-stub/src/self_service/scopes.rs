//! The register of scopes, and who has been granted them.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::scope::Scope;

/// The most scopes that are kept, deactivated ones included.
const MOST_SCOPES: usize = 1000;
/// The most organisations that one scope is granted to.
pub(super) const MOST_CONSUMERS: usize = 1000;

/// The scopes that somebody has registered, by name.
#[derive(Debug, Default)]
pub(crate) struct Scopes {
    scopes: Mutex<BTreeMap<String, Scope>>,
}

/// Why a scope was not added.
#[derive(Clone, Copy, Debug)]
pub(super) enum NotAdded {
    Exists,
    Full,
}

impl Scopes {
    /// Whether an organisation may use a scope. One that nobody has registered is free to all: a
    /// test need not register the scopes it uses.
    pub(crate) fn is_granted(&self, name: &str, organisation: &str) -> bool {
        let scopes = self.lock();
        let scope = scopes.get(name);
        scope.is_none_or(|scope| scope.is_granted_to(organisation))
    }

    pub(super) fn add(&self, scope: Scope) -> Result<(), NotAdded> {
        let mut scopes = self.lock();
        let name = scope.settings.name();
        if scopes.contains_key(&name) {
            return Err(NotAdded::Exists);
        }
        if scopes.len() >= MOST_SCOPES {
            return Err(NotAdded::Full);
        }
        scopes.insert(name, scope);
        Ok(())
    }

    /// What `view` makes of the scopes it wants, in the order of their names.
    pub(super) fn list<T>(&self, view: impl Fn(&Scope) -> Option<T>) -> Vec<T> {
        self.lock().values().filter_map(view).collect()
    }

    /// Changes a scope of that owner. Nothing when it has none with that name.
    pub(super) fn change<T>(
        &self,
        name: &str,
        owner: &str,
        change: impl FnOnce(&mut Scope) -> T,
    ) -> Option<T> {
        let mut scopes = self.lock();
        let scope = scopes.get_mut(name);
        scope.filter(|scope| scope.owner == owner).map(change)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Scope>> {
        self.scopes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
