//! What a request may ask for, given the system it is for: the first problem only.

use super::{
    problem::Problem,
    request::{Kind, Order},
    rights::are_among,
    system::System,
};
use crate::identifiers;

pub(super) fn check(order: &Order, kind: Kind, system: &System) -> Result<(), Problem> {
    let of_system = &system.description;
    if !identifiers::is_org_number(&order.party_org_no) {
        return Err(Problem::ORGANISATION);
    }
    let redirect = order.redirect_url.as_ref().filter(|url| !url.is_empty());
    if let Some(redirect) = redirect {
        if of_system.allowed_redirect_urls.is_empty() {
            return Err(Problem::NO_REDIRECTS);
        }
        if !of_system.allowed_redirect_urls.contains(redirect) {
            return Err(Problem::REDIRECT);
        }
    }
    // An agent gets access packages alone.
    let rights = match kind {
        Kind::Standard => order.rights.as_slice(),
        Kind::Agent => &[],
    };
    if rights.is_empty() && order.access_packages.is_empty() {
        return Err(Problem::NOTHING_ASKED);
    }
    if !are_among(rights, &of_system.rights) {
        return Err(Problem::RIGHTS);
    }
    let mut packages = order.access_packages.iter();
    if !packages.all(|package| of_system.access_packages.contains(package)) {
        return Err(Problem::PACKAGES);
    }
    Ok(())
}
