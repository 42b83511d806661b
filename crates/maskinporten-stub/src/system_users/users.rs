//! All system users, by their owner: each customer has a few, a vendor has thousands.

use std::collections::HashMap;

use super::{request::Triple, user::User};

#[derive(Debug, Default)]
pub(super) struct Users {
    by_owner: HashMap<String, Vec<User>>,
}

impl Users {
    pub(super) fn add(&mut self, user: User) {
        let owner = user.user.owner.clone();
        self.by_owner.entry(owner).or_default().push(user);
    }

    pub(super) fn owned_by(&self, owner: &str) -> impl Iterator<Item = &User> {
        self.by_owner.get(owner).into_iter().flatten()
    }

    pub(super) fn with(&self, triple: &Triple) -> Option<&User> {
        self.owned_by(&triple.customer).find(|user| {
            user.user.system_id == triple.system_id && user.user.external_ref == triple.external_ref
        })
    }

    /// Those of a system, in the order they were made.
    pub(super) fn of_system(&self, system_id: &str) -> Vec<&User> {
        let all = self.by_owner.values().flatten();
        let of_system = |user: &&User| user.user.system_id == system_id;
        let mut users: Vec<&User> = all.filter(of_system).collect();
        users.sort_by_key(|user| user.sequence);
        users
    }

    /// How many came of requests.
    pub(super) fn requested(&self) -> usize {
        let all = self.by_owner.values().flatten();
        all.filter(|user| user.was_requested).count()
    }

    pub(super) fn remove(&mut self, owner: &str, id: &str) -> Option<User> {
        let users = self.by_owner.get_mut(owner)?;
        let at = users.iter().position(|user| user.user.id == id)?;
        Some(users.remove(at))
    }
}
