//! The memory of systems, requests and system users, opened by one request at a time.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;
use uuid::Uuid;

use super::{
    problem::Problem,
    request::{Decision, Kind, Order, Request, Status, Triple},
    system::System,
    user::User,
    users::Users,
};
use crate::system_user::SystemUser;

/// The most systems that are kept, deleted ones included.
const MOST_SYSTEMS: usize = 1000;
/// The most requests that are kept, and the most system users that came of some.
const MOST_REQUESTS: usize = 10_000;

/// The systems, requests and system users of one stub.
#[derive(Debug, Default)]
pub(crate) struct SystemUsers {
    shelves: Mutex<Shelves>,
}

#[derive(Debug, Default)]
struct Shelves {
    systems: BTreeMap<String, System>,
    /// In the order they came.
    requests: Vec<Request>,
    users: Users,
    last: u64,
}

/// The system user that a grant names, or that Maskinporten asks for: everything must match.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) owner: &'a str,
    pub(crate) vendor: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) external_ref: &'a str,
}

/// The store while one request has it to itself, at one moment.
#[derive(Debug)]
pub(super) struct OpenStore<'a> {
    shelves: MutexGuard<'a, Shelves>,
    pub(super) now: Timestamp,
}

/// There is no room for more: somebody who fills it must not fill the memory.
#[derive(Clone, Copy, Debug)]
pub(super) struct Full;

impl SystemUsers {
    /// Adds a system user that a test has approved by itself.
    pub(crate) fn register(&self, user: SystemUser, now: Timestamp) {
        let mut store = self.open(now);
        store.add_user(user, Kind::Standard, String::new(), false);
    }

    pub(crate) fn find(&self, wanted: Wanted<'_>, now: Timestamp) -> Option<SystemUser> {
        let store = self.open(now);
        store.find(wanted).map(|(user, _system)| user.user.clone())
    }

    /// Decides a request, as an end user of the customer would. The system user that comes of it,
    /// if one does; nothing when there is no new request of that id.
    pub(crate) fn decide(
        &self,
        id: &str,
        decision: Decision,
        now: Timestamp,
    ) -> Option<Option<SystemUser>> {
        let id = Uuid::try_parse(id).ok()?;
        self.open(now).decide(id, decision).ok()
    }

    pub(super) fn open(&self, now: Timestamp) -> OpenStore<'_> {
        OpenStore {
            shelves: self.shelves.lock().unwrap_or_else(PoisonError::into_inner),
            now,
        }
    }
}

impl OpenStore<'_> {
    pub(super) fn systems(&self) -> impl Iterator<Item = &System> {
        self.shelves.systems.values()
    }

    pub(super) fn system(&self, id: &str) -> Option<&System> {
        self.shelves.systems.get(id)
    }

    pub(super) fn live_system(&self, id: &str) -> Option<&System> {
        self.system(id).filter(|system| !system.deleted)
    }

    pub(super) fn system_mut(&mut self, id: &str) -> Option<&mut System> {
        self.shelves.systems.get_mut(id)
    }

    pub(super) fn add_system(&mut self, system: System) -> Result<(), Full> {
        if self.shelves.systems.len() >= MOST_SYSTEMS {
            return Err(Full);
        }
        let id = system.description.id.clone();
        self.shelves.systems.insert(id, system);
        Ok(())
    }

    pub(super) fn requests(&self) -> impl Iterator<Item = &Request> {
        self.shelves.requests.iter()
    }

    pub(super) fn request(&self, id: Uuid) -> Option<&Request> {
        self.requests().find(|request| request.id == id)
    }

    /// The last request of that kind for a triple: one before it has timed out.
    pub(super) fn request_for(&self, triple: &Triple, kind: Kind) -> Option<&Request> {
        let same = |request: &&Request| request.kind == kind && request.triple == *triple;
        self.shelves.requests.iter().rfind(same)
    }

    pub(super) fn add_request(&mut self, order: Order, kind: Kind) -> Result<&Request, Full> {
        // A request may be withdrawn when it has become a system user.
        let requested = self.shelves.users.requested();
        if self.shelves.requests.len().max(requested) >= MOST_REQUESTS {
            return Err(Full);
        }
        let request = Request {
            id: Uuid::new_v4(),
            kind,
            triple: order.triple(),
            order,
            created: self.now,
            escalated: false,
            sequence: self.next(),
            decided: None,
        };
        self.shelves.requests.push(request);
        self.shelves.requests.last().ok_or(Full)
    }

    pub(super) fn remove_request(&mut self, id: Uuid) {
        self.shelves.requests.retain(|request| request.id != id);
    }

    /// New → Accepted with a system user, → Rejected, or still New in other hands.
    pub(super) fn decide(
        &mut self,
        id: Uuid,
        decision: Decision,
    ) -> Result<Option<SystemUser>, Problem> {
        let now = self.now;
        let mut requests = self.shelves.requests.iter_mut();
        let request = requests.find(|request| request.id == id);
        let request = request.ok_or(Problem::NO_REQUEST)?;
        if request.status(now) != Status::New {
            return Err(Problem::NOT_NEW);
        }
        match decision {
            Decision::Escalate => request.escalated = true,
            Decision::Reject => request.decided = Some(Status::Rejected),
            Decision::Approve => {
                request.decided = Some(Status::Accepted);
                let Triple {
                    system_id,
                    customer,
                    external_ref,
                } = request.triple.clone();
                let title = request.order.integration_title.clone();
                let kind = request.kind;
                let user = SystemUser::of(customer).system_id(system_id);
                let user = user.external_ref(external_ref);
                self.add_user(user.clone(), kind, title.unwrap_or_default(), true);
                return Ok(Some(user));
            }
        }
        Ok(None)
    }

    pub(super) fn users(&self) -> &Users {
        &self.shelves.users
    }

    /// A system user is its vendor's and its clients': those of its system, while that lives, and
    /// those that a test has named.
    pub(super) fn find(&self, wanted: Wanted<'_>) -> Option<(&User, Option<&System>)> {
        let users = self.shelves.users.owned_by(wanted.owner);
        let with_system = users.map(|user| (user, self.system(&user.user.system_id)));
        let mut matching = with_system.filter(|(user, system)| {
            let client_id = wanted.client_id;
            let vendor = user.vendor(*system);
            let named = user.user.clients.iter().any(|client| client == client_id);
            user.user.external_ref == wanted.external_ref
                && vendor.is_none_or(|vendor| vendor == wanted.vendor)
                && (named || system.is_some_and(|system| system.has_client(client_id)))
        });
        matching.next()
    }

    /// Removes a customer's system user, and the request it came of, so that it can be asked for
    /// again. Whether there was one.
    pub(super) fn remove_user(&mut self, owner: &str, id: &str) -> bool {
        let Some(user) = self.shelves.users.remove(owner, id) else {
            return false;
        };
        let triple = Triple {
            system_id: user.user.system_id,
            customer: user.user.owner,
            external_ref: user.user.external_ref,
        };
        let requests = &mut self.shelves.requests;
        requests.retain(|request| request.kind != user.kind || request.triple != triple);
        true
    }

    fn add_user(&mut self, user: SystemUser, kind: Kind, title: String, was_requested: bool) {
        let user = User {
            kind,
            title,
            was_requested,
            created: self.now,
            sequence: self.next(),
            user,
        };
        self.shelves.users.add(user);
    }

    fn next(&mut self) -> u64 {
        self.shelves.last = self.shelves.last.saturating_add(1);
        self.shelves.last
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_requests_fill_has_an_end() {
        let users = SystemUsers::default();
        let mut store = users.open(Timestamp::UNIX_EPOCH);
        let order = |reference: usize| -> Order {
            serde_json::from_value(json!({
                "systemId": "991825827_cloud", "partyOrgNo": "310702641",
                "externalRef": reference.to_string(),
            }))
            .unwrap()
        };
        for reference in 0..MOST_REQUESTS {
            let request = store.add_request(order(reference), Kind::Standard);
            let id = request.unwrap().id;
            if reference % 10 == 0 {
                store.decide(id, Decision::Approve).unwrap();
            }
        }
        assert!(store.add_request(order(0), Kind::Standard).is_err());
        store.shelves.requests.clear();
        assert!(store.add_request(order(0), Kind::Standard).is_ok());
    }
}
