//! What is registered: clients with their keys, delegations, system users, resources, and the
//! authorities behind certificates.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::{SignedDuration, Timestamp};

use crate::{
    certificate::Certificate, client::Client, clock, rsa::PublicKey, system_user::SystemUser,
};

/// A key must be uploaded anew every year.
const KEY_LIFETIME: SignedDuration = SignedDuration::from_hours(365 * 24);

/// The registers of one stub.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    registers: Mutex<Registers>,
}

#[derive(Debug, Default)]
struct Registers {
    clients: HashMap<String, Arc<Registered>>,
    organisations: HashMap<String, String>,
    delegations: HashSet<Delegation>,
    system_users: Vec<SystemUser>,
    resource_owners: HashMap<String, String>,
    trusted: Vec<Certificate>,
}

/// A client, and when its keys begin and cease to work.
#[derive(Clone, Debug)]
pub(crate) struct Registered {
    pub(crate) client: Client,
    /// By `kid`; a key that is registered again goes on working.
    keys_start: HashMap<String, Timestamp>,
    pub(crate) keys_end: Timestamp,
}

impl Registered {
    /// The key of that name, if the token endpoint has heard of it by `now`.
    pub(crate) fn key(&self, kid: &str, now: Timestamp) -> Option<&PublicKey> {
        let mut keys = self.client.keys.iter();
        let (_kid, key) = keys.find(|(known, _key)| known == kid)?;
        (now >= *self.keys_start.get(kid)?).then_some(key)
    }
}

/// A customer lets a supplier use a scope on its behalf.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Delegation {
    pub(crate) consumer: String,
    pub(crate) supplier: String,
    pub(crate) scope: String,
}

impl Registry {
    /// Adds a client, or replaces the one with the same id. Keys that it did not have before are known `propagation`
    /// later.
    pub(crate) fn add_client(&self, client: Client, now: Timestamp, propagation: SignedDuration) {
        // A test may turn the clock back to before the registration.
        let new_start = if propagation.is_zero() {
            Timestamp::MIN
        } else {
            clock::after(now, propagation)
        };
        let mut registers = self.lock();
        let before = registers.clients.get(&client.id);
        let start = |key: &(String, PublicKey)| {
            let before = before.filter(|before| before.client.keys.contains(key));
            let known_since = before.and_then(|before| before.keys_start.get(&key.0));
            (key.0.clone(), known_since.copied().unwrap_or(new_start))
        };
        let registered = Registered {
            keys_start: client.keys.iter().map(start).collect(),
            keys_end: clock::after(now, KEY_LIFETIME),
            client,
        };
        let id = registered.client.id.clone();
        registers.clients.insert(id, Arc::new(registered));
    }

    pub(crate) fn client(&self, id: &str) -> Option<Arc<Registered>> {
        self.lock().clients.get(id).cloned()
    }

    /// All clients, by their ids.
    pub(crate) fn clients(&self) -> Vec<Arc<Registered>> {
        let mut clients: Vec<_> = self.lock().clients.values().cloned().collect();
        clients.sort_by(|one, other| one.client.id.cmp(&other.client.id));
        clients
    }

    pub(crate) fn add_organisation(&self, number: String, code: String) {
        self.lock().organisations.insert(number, code);
    }

    /// The short code of a service owner that was registered here.
    pub(crate) fn organisation_code(&self, number: &str) -> Option<String> {
        self.lock().organisations.get(number).cloned()
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
