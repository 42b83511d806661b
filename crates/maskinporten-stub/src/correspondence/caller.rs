//! Who calls, and for whom.

use serde_json::{Map, Value};

use super::problem::Problem;
use crate::{identifiers, world::World};

pub(super) const WRITE: &str = "altinn:correspondence.write";
pub(super) const READ: &str = "altinn:correspondence.read";
pub(super) const SERVICE_OWNER: &str = "altinn:serviceowner";

/// Who calls, with a token that the policy accepts.
#[derive(Debug)]
pub(super) struct Caller {
    /// The party as a URN: a person, a system user's organisation, or the token's own.
    party: String,
    may_write: bool,
    may_read: bool,
}

impl Caller {
    pub(super) fn of(claims: &Map<String, Value>) -> Option<Self> {
        let scopes = Scopes::of(claims);
        Some(Self {
            party: party(claims)?,
            may_write: scopes.has(WRITE),
            may_read: scopes.has(READ),
        })
    }

    /// Whether it may send for the organisation that owns a resource.
    pub(super) fn is_sender(&self, owner: &str) -> bool {
        self.may_write && self.party == organisation_urn(owner)
    }

    /// The owner of a resource, if the caller may send for it.
    pub(super) fn owner_to_send_for(
        &self,
        world: &World,
        resource: &str,
    ) -> Result<String, Problem> {
        let owner = world
            .registry
            .resource_owner(resource)
            .ok_or_else(Problem::unknown_resource)?;
        if !self.is_sender(&owner) {
            return Err(Problem::no_access());
        }
        Ok(owner)
    }

    pub(super) fn is_recipient(&self, recipient: &str) -> bool {
        self.may_read && self.party == recipient
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
    let org_number = |party: &Value| {
        let id = party.get("ID")?.as_str()?;
        identifiers::org_number_of_iso6523(id).map(organisation_urn)
    };
    if let Some(pid) = claims.get("pid").and_then(Value::as_str) {
        return Some(format!("urn:altinn:person:identifier-no:{pid}"));
    }
    // An object in Altinn's tokens, an array of one in Maskinporten's.
    let details = claims.get("authorization_details");
    let detail = details.map(|details| details.get(0).unwrap_or(details));
    let system_user = detail.and_then(|detail| detail.get("systemuser_org"));
    system_user
        .or_else(|| claims.get("consumer"))
        .and_then(org_number)
}
