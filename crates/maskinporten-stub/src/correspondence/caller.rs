//! Who calls, and for whom.

use serde_json::{Map, Value};

use super::{
    kept::Correspondence, lifecycle::CorrespondenceStatus::Published, problem::Problem,
    register::Standing, resource::Resource,
};
use crate::{identifiers, world::World};

pub(super) const WRITE: &str = "altinn:correspondence.write";
pub(super) const READ: &str = "altinn:correspondence.read";
pub(super) const SERVICE_OWNER: &str = "altinn:serviceowner";
pub(super) const END_USER: &str = "altinn:portal/enduser";

/// Who calls, with a token that the policy accepts.
#[derive(Debug)]
pub(super) struct Caller {
    /// The party as a URN: a person, a system user's organisation, or the token's own.
    party: Option<String>,
    /// The organisation that a service owner's token is for; it needs no right from its owner.
    service_owner: Option<String>,
    may_write: bool,
    may_read: bool,
}

impl Caller {
    pub(super) fn of(claims: &Map<String, Value>) -> Self {
        let scopes = Scopes::of(claims);
        let consumer = claims.get("consumer").and_then(organisation);
        Self {
            party: party(claims),
            service_owner: consumer.filter(|_urn| scopes.has(SERVICE_OWNER)),
            may_write: scopes.has(WRITE),
            may_read: scopes.has(READ) || scopes.has(END_USER),
        }
    }

    /// Whether it may send for the organisation that owns a resource.
    pub(super) fn is_sender(&self, owner: &str) -> bool {
        let owner = Some(organisation_urn(owner));
        self.may_write && (self.party == owner || self.service_owner == owner)
    }

    /// The resource of that id, if the caller may send with it.
    pub(super) fn resource_to_send_with(
        &self,
        world: &World,
        id: &str,
    ) -> Result<Resource, Problem> {
        let resource = world.registry.resource(id);
        let resource = resource.ok_or_else(Problem::unknown_resource)?;
        if self.is_sender(&resource.owner) {
            Ok(resource)
        } else {
            Err(Problem::no_access())
        }
    }

    /// The party, if it can be told from the token and is in Altinn's register.
    pub(super) fn known_party(&self, world: &World) -> Option<&str> {
        let party = self.party.as_deref()?;
        (world.registry.standing(party) != Standing::Unknown).then_some(party)
    }

    pub(super) fn is_recipient(&self, recipient: &str) -> bool {
        self.may_read && self.party.as_deref() == Some(recipient)
    }

    /// Refuses whoever does not receive the correspondence, and everybody while it is not there to be received.
    pub(super) fn check_receives(&self, correspondence: &Correspondence) -> Result<(), Problem> {
        if !self.is_recipient(&correspondence.recipient) {
            return Err(Problem::no_access());
        }
        if !correspondence.has(Published) || correspondence.is_purged() {
            return Err(Problem::correspondence_not_found());
        }
        Ok(())
    }

    pub(super) fn may_read(&self) -> bool {
        self.may_read
    }

    /// Whoever may also send counts as a sender: what it looks at is not noted as fetched.
    pub(super) fn may_write(&self) -> bool {
        self.may_write
    }
}

pub(super) fn organisation_urn(number: &str) -> String {
    format!("urn:altinn:organization:identifier-no:{number}")
}

/// A scope claim: one string, separated by spaces.
pub(super) struct Scopes<'a> {
    list: &'a str,
}

impl<'a> Scopes<'a> {
    pub(super) fn of(claims: &'a Map<String, Value>) -> Self {
        let list = claims.get("scope").and_then(Value::as_str);
        Self {
            list: list.unwrap_or_default(),
        }
    }

    pub(super) fn has(&self, scope: &str) -> bool {
        self.list.split(' ').any(|found| found == scope)
    }
}

fn party(claims: &Map<String, Value>) -> Option<String> {
    if let Some(pid) = claims.get("pid").and_then(Value::as_str) {
        return Some(format!("urn:altinn:person:identifier-no:{pid}"));
    }
    // An object in Altinn's tokens, an array of one in Maskinporten's.
    let details = claims.get("authorization_details");
    let detail = details.map(|details| details.get(0).unwrap_or(details));
    let system_user = detail.and_then(|detail| detail.get("systemuser_org"));
    if let Some(owner) = system_user {
        return organisation(owner);
    }
    // `urn:altinn:orgNumber` says the same, in Altinn's tokens.
    claims.get("consumer").and_then(organisation)
}

fn organisation(party: &Value) -> Option<String> {
    let number = identifiers::org_number_of_iso6523(party.get("ID")?.as_str()?)?;
    identifiers::is_org_number(number).then(|| organisation_urn(number))
}
