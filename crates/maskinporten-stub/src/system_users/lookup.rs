//! Who finds system users: their vendors, and Maskinporten when it is asked for a token.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::IntoResponse,
};

use super::{
    USERS, access,
    page::{self, Start},
    problem::Problem,
    request::Triple,
    store::Wanted,
};
use crate::{problem, refused::Answer, world::World};

pub(super) async fn by_external_id(
    State(world): State<Arc<World>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Answer {
    access::caller(&world, &headers, access::LOOK_UP)?;
    let (Some(client_id), Some(vendor), Some(owner)) = (
        parameter(&query, "clientId"),
        parameter(&query, "systemProviderOrgNo"),
        parameter(&query, "systemUserOwnerOrgNo"),
    ) else {
        return Err(problem::framework(StatusCode::BAD_REQUEST).into());
    };
    let external_ref = parameter(&query, "externalRef");
    let wanted = Wanted {
        owner: &owner,
        vendor: &vendor,
        client_id: &client_id,
        external_ref: external_ref.as_deref().unwrap_or(&owner),
    };
    let store = world.system_users.open(world.clock.now());
    match store.find(wanted) {
        Some((user, system)) => Ok(Json(user.view(system)).into_response()),
        None => Err(problem::framework(StatusCode::NOT_FOUND).into()),
    }
}

pub(super) async fn by_query(
    State(world): State<Arc<World>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Answer {
    let caller = access::caller(&world, &headers, access::REQUEST_WRITE)?;
    let (Some(system_id), Some(customer)) =
        (parameter(&query, "system-id"), parameter(&query, "orgno"))
    else {
        return Err(problem::framework(StatusCode::BAD_REQUEST).into());
    };
    let external_ref = parameter(&query, "external-ref").unwrap_or_else(|| customer.clone());
    let triple = Triple {
        system_id,
        customer,
        external_ref,
    };
    let store = world.system_users.open(world.clock.now());
    let system = store.system(&triple.system_id);
    let user = store.users().with(&triple);
    match user.filter(|user| user.vendor(system) == Some(caller.org_number())) {
        Some(user) => Ok(Json(user.view(system)).into_response()),
        None => Err(problem::framework(StatusCode::NOT_FOUND).into()),
    }
}

pub(super) async fn by_system(
    State(world): State<Arc<World>>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Answer {
    let caller = access::caller(&world, &headers, access::REGISTER)?;
    let Some(start) = Start::read(query.as_deref()) else {
        return Err(problem::framework(StatusCode::BAD_REQUEST).into());
    };
    let store = world.system_users.open(world.clock.now());
    let system = store.system(&id);
    if system.is_none_or(|system| system.vendor != caller.org_number()) {
        return Err(Problem::NO_SYSTEM.into());
    }
    let users = store.users().of_system(&id).into_iter();
    let views = users.map(|user| (user.sequence, user.view(system)));
    let url = format!("{}{USERS}/vendor/bysystem", world.base_url);
    Ok(page::page(views, start, &url, &id).into_response())
}

/// A parameter that is there and not empty; its name's case does not matter.
fn parameter(query: &Option<String>, name: &str) -> Option<String> {
    let query = query.as_deref().unwrap_or_default();
    form_urlencoded::parse(query.as_bytes())
        .find(|(found, value)| found.eq_ignore_ascii_case(name) && !value.is_empty())
        .map(|(_name, value)| value.into_owned())
}
