//! What is registered: clients with their keys, delegations, system users, resources, and the
//! authorities behind certificates.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::{SignedDuration, Timestamp};

use crate::{certificate::Certificate, client::Client, clock, system_user::SystemUser};

/// A key must be uploaded anew every year.
const KEY_LIFETIME: SignedDuration = SignedDuration::from_hours(365 * 24);

/// The registers of one stub.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    registers: Mutex<Registers>,
}

#[derive(Debug, Default)]
struct Registers {
    clients: HashMap<String, Registered>,
    delegations: HashSet<Delegation>,
    system_users: Vec<SystemUser>,
    resource_owners: HashMap<String, String>,
    trusted: Vec<Certificate>,
}

/// A client, and when its keys begin and cease to work.
#[derive(Clone, Debug)]
pub(crate) struct Registered {
    pub(crate) client: Client,
    pub(crate) keys_start: Timestamp,
    pub(crate) keys_end: Timestamp,
}

/// A customer lets a supplier use a scope on its behalf.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Delegation {
    pub(crate) consumer: String,
    pub(crate) supplier: String,
    pub(crate) scope: String,
}

impl Registry {
    /// Adds a client, or replaces the one with the same id. Its keys are known `propagation` later.
    pub(crate) fn add_client(&self, client: Client, now: Timestamp, propagation: SignedDuration) {
        // A test may turn the clock back to before the registration.
        let keys_start = if propagation.is_zero() {
            Timestamp::MIN
        } else {
            clock::after(now, propagation)
        };
        let registered = Registered {
            client,
            keys_start,
            keys_end: clock::after(now, KEY_LIFETIME),
        };
        let id = registered.client.id.clone();
        self.lock().clients.insert(id, registered);
    }

    pub(crate) fn client(&self, id: &str) -> Option<Registered> {
        self.lock().clients.get(id).cloned()
    }

    pub(crate) fn add_delegation(&self, delegation: Delegation) {
        self.lock().delegations.insert(delegation);
    }

    pub(crate) fn is_delegated(&self, delegation: &Delegation) -> bool {
        self.lock().delegations.contains(delegation)
    }

    pub(crate) fn add_system_user(&self, user: SystemUser) {
        self.lock().system_users.push(user);
    }

    /// Finds a system user as Altinn does: everything must match exactly.
    pub(crate) fn system_user(
        &self,
        owner: &str,
        client_id: &str,
        external_ref: &str,
    ) -> Option<SystemUser> {
        let registers = self.lock();
        let matches = |user: &&SystemUser| {
            user.owner == owner
                && user.external_ref == external_ref
                && user.clients.iter().any(|client| client == client_id)
        };
        registers.system_users.iter().find(matches).cloned()
    }

    pub(crate) fn add_resource(&self, id: String, owner: String) {
        self.lock().resource_owners.insert(id, owner);
    }

    pub(crate) fn resource_owner(&self, id: &str) -> Option<String> {
        self.lock().resource_owners.get(id).cloned()
    }

    pub(crate) fn trust(&self, certificates: &[Certificate]) {
        self.lock().trusted.extend_from_slice(certificates);
    }

    pub(crate) fn trusted(&self) -> Vec<Certificate> {
        self.lock().trusted.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Registers> {
        // A panic elsewhere leaves whole entries behind: every change is one insertion.
        self.registers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
