//! What is registered: clients with their keys, scopes with who may use them, delegations,
//! resources, recipients, and the authorities behind certificates.

use std::{
    collections::{HashMap, HashSet},
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::{SignedDuration, Timestamp};

use crate::{
    certificate::Certificate,
    client::Client,
    correspondence::{Recipient, Resource, Standing},
    registered::Registered,
    self_service::Scopes,
};

/// The most clients that may be made through the self-service API.
const MOST_CLIENTS: usize = 1000;

/// The registers of one stub.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    registers: Mutex<Registers>,
    pub(crate) scopes: Scopes,
}

#[derive(Debug, Default)]
struct Registers {
    clients: HashMap<String, Registered>,
    organisations: HashMap<String, String>,
    delegations: HashSet<Delegation>,
    resources: HashMap<String, Resource>,
    standings: HashMap<String, Standing>,
    trusted: Vec<Certificate>,
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
        let clients = &mut self.lock().clients;
        let id = client.id.clone();
        let before = clients.remove(&id);
        clients.insert(id, Registered::new(client, before, now, propagation));
    }

    /// Adds a client with a new id, if there is room for it.
    pub(crate) fn create_client(&self, client: Client, now: Timestamp) -> Option<Registered> {
        let clients = &mut self.lock().clients;
        if clients.len() >= MOST_CLIENTS {
            return None;
        }
        let registered = Registered::new(client, None, now, SignedDuration::ZERO);
        clients.insert(registered.client.id.clone(), registered.clone());
        Some(registered)
    }

    /// A client as the token endpoint sees it: with what its organisation has been granted.
    pub(crate) fn client(&self, id: &str) -> Option<Registered> {
        let mut registered = self.lock().clients.get(id).cloned()?;
        let client = &mut registered.client;
        for scope in mem::take(&mut client.requested) {
            if self.scopes.is_granted(&scope, &client.organisation) {
                client.scopes.push(scope);
            } else {
                client.not_granted.push(scope);
            }
        }
        Some(registered)
    }

    pub(crate) fn has_client(&self, id: &str) -> bool {
        self.lock().clients.contains_key(id)
    }

    /// The clients that `wanted` says yes to, sorted by the time they were made.
    pub(crate) fn clients(&self, wanted: impl Fn(&Registered) -> bool) -> Vec<Registered> {
        let registers = self.lock();
        let clients = registers.clients.values().filter(|client| wanted(client));
        let mut clients: Vec<Registered> = clients.cloned().collect();
        clients.sort_by(|a, b| (a.created, &a.client.id).cmp(&(b.created, &b.client.id)));
        clients
    }

    /// Changes a client while nobody else can. Nothing when there is none with that id.
    pub(crate) fn change_client<T>(
        &self,
        id: &str,
        change: impl FnOnce(&mut Registered) -> T,
    ) -> Option<T> {
        self.lock().clients.get_mut(id).map(change)
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

    pub(crate) fn add_resource(&self, resource: Resource) {
        let id = resource.id.clone();
        self.lock().resources.insert(id, resource);
    }

    pub(crate) fn resource(&self, id: &str) -> Option<Resource> {
        self.lock().resources.get(id).cloned()
    }

    pub(crate) fn add_recipient(&self, recipient: Recipient) {
        let Recipient { urn, standing } = recipient;
        self.lock().standings.insert(urn, standing);
    }

    /// What is the matter with a party; nothing, if it is not registered.
    pub(crate) fn standing(&self, urn: &str) -> Standing {
        let registers = self.lock();
        let standing = registers.standings.get(urn);
        standing.copied().unwrap_or(Standing::Reachable)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_requests_fill_has_an_end() {
        let registry = Registry::default();
        let now = Timestamp::UNIX_EPOCH;
        let client = |number: usize| Client::new(number.to_string(), "991825827");
        for number in 0..MOST_CLIENTS {
            assert!(registry.create_client(client(number), now).is_some());
        }
        assert!(registry.create_client(client(MOST_CLIENTS), now).is_none());
        // A test knows what it does.
        registry.add_client(client(MOST_CLIENTS), now, SignedDuration::ZERO);
        assert!(registry.has_client(&MOST_CLIENTS.to_string()));
    }
}
