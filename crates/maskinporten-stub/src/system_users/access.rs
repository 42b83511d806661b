//! Which scopes the services want, and who has them.

use axum::{
    http::{HeaderMap, StatusCode},
    response::IntoResponse,
};

use crate::{caller::Caller, refused::Refused, world::World};

pub(super) const REGISTER: &[&str] = &[
    "altinn:authentication/systemregister.write",
    "altinn:authentication/systemregister.admin",
];
pub(super) const REQUEST_WRITE: &[&str] = &["altinn:authentication/systemuser.request.write"];
pub(super) const REQUEST_READ: &[&str] = &["altinn:authentication/systemuser.request.read"];
pub(super) const LOOK_UP: &[&str] = &["altinn:maskinporten/systemuser.read"];
pub(super) const PORTAL: &[&str] = &["altinn:portal/enduser"];
/// Whoever has it may change the systems of all vendors.
const ADMIN: &[&str] = &["altinn:authentication/systemregister.admin"];

/// The token was not good enough. The framework answers before the service, without a body.
#[derive(Clone, Copy, Debug)]
pub(super) struct Denied(StatusCode);

impl Denied {
    /// The service's own refusal to work on what belongs to another vendor.
    pub(super) const OTHER_VENDOR: Self = Self(StatusCode::FORBIDDEN);
}

impl From<Denied> for Refused {
    fn from(Denied(status): Denied) -> Self {
        status.into_response().into()
    }
}

/// Maskinporten's tokens do as well as Altinn's.
pub(super) fn caller(
    world: &World,
    headers: &HeaderMap,
    scopes: &[&str],
) -> Result<Caller, Denied> {
    let caller = Caller::of(world, headers).ok_or(Denied(StatusCode::UNAUTHORIZED))?;
    if caller.has_any(scopes) {
        Ok(caller)
    } else {
        Err(Denied(StatusCode::FORBIDDEN))
    }
}

pub(super) fn may_change(caller: &Caller, vendor: &str) -> bool {
    caller.org_number() == vendor || caller.has_any(ADMIN)
}
