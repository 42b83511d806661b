//! Who finds system users: their vendors, and Maskinporten when it is asked for a token.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};

use super::{
    USERS, access,
    page::{self, Start},
    problem::Problem,
    request::Triple,
    store::Wanted,
};
use crate::{problem, world::World};

pub(super) async fn by_external_id(
    State(world): State<Arc<World>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    if let Err(denied) = access::caller(&world, &headers, access::LOOK_UP) {
        return denied.into_response();
    }
    let (Some(client_id), Some(vendor), Some(owner)) = (
        parameter(&query, "clientId"),
        parameter(&query, "systemProviderOrgNo"),
        parameter(&query, "systemUserOwnerOrgNo"),
    ) else {
        return problem::framework(StatusCode::BAD_REQUEST);
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
        Some((user, system)) => Json(user.view(system)).into_response(),
        None => problem::framework(StatusCode::NOT_FOUND),
    }
}

pub(super) async fn by_query(
    State(world): State<Arc<World>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let caller = match access::caller(&world, &headers, access::REQUEST_WRITE) {
        Ok(caller) => caller,
        Err(denied) => return denied.into_response(),
    };
    let (Some(system_id), Some(customer)) =
        (parameter(&query, "system-id"), parameter(&query, "orgno"))
    else {
        return problem::framework(StatusCode::BAD_REQUEST);
    };
    let external_ref = parameter(&query, "external-ref").unwrap_or_else(|| customer.clone());
    let triple = Triple {
        system_id,
        customer,
        external_ref,
    };
    let store = world.system_users.open(world.clock.now());
    let system = store.system(&triple.system_id);
    let user = store.user_for(&triple);
    match user.filter(|user| user.vendor(system) == Some(caller.org_number())) {
        Some(user) => Json(user.view(system)).into_response(),
        None => problem::framework(StatusCode::NOT_FOUND),
    }
}

pub(super) async fn by_system(
    State(world): State<Arc<World>>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let caller = match access::caller(&world, &headers, access::REGISTER) {
        Ok(caller) => caller,
        Err(denied) => return denied.into_response(),
    };
    let Some(start) = Start::read(query.as_deref()) else {
        return problem::framework(StatusCode::BAD_REQUEST);
    };
    let store = world.system_users.open(world.clock.now());
    let system = store.system(&id);
    if system.is_none_or(|system| system.vendor != caller.org_number()) {
        return Problem::NO_SYSTEM.into_response();
    }
    let users = store.users_of(&id).into_iter();
    let views = users.map(|user| (user.sequence, user.view(system)));
    let url = format!("{}{USERS}/vendor/bysystem/{id}", world.base_url);
    page::page(views, start, &url).into_response()
}

/// A parameter that is there and not empty; its name's case does not matter.
fn parameter(query: &Option<String>, name: &str) -> Option<String> {
    let query = query.as_deref().unwrap_or_default();
    form_urlencoded::parse(query.as_bytes())
        .find(|(found, value)| found.eq_ignore_ascii_case(name) && !value.is_empty())
        .map(|(_name, value)| value.into_owned())
}
