//! Who administers clients: a token of Maskinporten's with one of the API's scopes.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header::WWW_AUTHENTICATE};

use crate::{
    caller::Caller, problem, refused::Refused, registered::Registered, verify::TokenIssuer,
    world::World,
};

const SUPPLIER: &[&str] = &["idporten:dcr.supplier"];

/// What somebody wants to do, as the scopes that let them do it to their own clients.
pub(super) type Need = &'static [&'static str];
pub(super) const READ: Need = &[
    "idporten:dcr.read",
    "idporten:dcr.modify",
    "idporten:dcr.write",
];
pub(super) const CHANGE: Need = &["idporten:dcr.modify", "idporten:dcr.write"];
pub(super) const CREATE: Need = &["idporten:dcr.write"];
pub(super) const SCOPES: Need = &["idporten:scopes.write"];

/// Somebody who may do what they want to, to some clients.
#[derive(Debug)]
pub(super) struct Admin {
    caller: Caller,
    own: bool,
    of_others: bool,
}

impl Admin {
    pub(super) fn of(world: &World, headers: &HeaderMap, need: Need) -> Result<Self, Refused> {
        let caller = caller(world, headers)?;
        let admin = Self {
            own: caller.has_any(need),
            of_others: caller.has_any(SUPPLIER),
            caller,
        };
        if admin.own || admin.of_others {
            Ok(admin)
        } else {
            Err(forbidden(need))
        }
    }

    pub(super) fn org_number(&self) -> &str {
        self.caller.org_number()
    }

    /// A client belongs to its organisation, and to the supplier that made it.
    pub(super) fn administers(&self, registered: &Registered) -> bool {
        let client = &registered.client;
        match &client.profile.supplier {
            Some(supplier) => self.of_others && supplier == self.org_number(),
            None => self.own && client.organisation == self.org_number(),
        }
    }

    /// Whether it may make a client for that organisation.
    pub(super) fn may_create_for(&self, organisation: &str) -> bool {
        if organisation == self.org_number() {
            self.own
        } else {
            self.of_others
        }
    }
}

/// The organisation of somebody who administers scopes.
pub(super) fn scope_owner(world: &World, headers: &HeaderMap) -> Result<Caller, Refused> {
    let caller = caller(world, headers)?;
    if caller.has_any(SCOPES) {
        Ok(caller)
    } else {
        Err(forbidden(SCOPES))
    }
}

/// The organisation of anybody who may ask what it has been granted.
pub(super) fn consumer(world: &World, headers: &HeaderMap) -> Result<Caller, Refused> {
    let caller = caller(world, headers)?;
    if [READ, SUPPLIER, SCOPES]
        .iter()
        .any(|scopes| caller.has_any(scopes))
    {
        Ok(caller)
    } else {
        Err(forbidden(READ))
    }
}

fn caller(world: &World, headers: &HeaderMap) -> Result<Caller, Refused> {
    Caller::of(world, headers)
        .filter(|caller| caller.issuer == TokenIssuer::Maskinporten)
        .ok_or_else(|| {
            let detail = "A valid token from Maskinporten is needed";
            let mut response = problem::detailed(StatusCode::UNAUTHORIZED, detail);
            let challenge = HeaderValue::from_static("Bearer");
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
            response.into()
        })
}

fn forbidden(need: Need) -> Refused {
    let detail = format!("The token has none of the scopes {}", need.join(", "));
    problem::detailed(StatusCode::FORBIDDEN, &detail).into()
}
