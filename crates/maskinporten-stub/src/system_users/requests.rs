//! `/systemuser/request/vendor`: vendors ask for system users, and follow their requests.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, StatusCode, header::LOCATION},
    response::{IntoResponse, Response},
};
use uuid::Uuid;

use super::{
    USERS, access,
    page::{self, Start},
    problem::Problem,
    request::{Kind, Order, Request, Status, Triple},
    rules,
    store::OpenStore,
};
use crate::{body, caller::Caller, problem, world::World};

type Answer = Result<Response, Response>;

pub(super) async fn create(
    State(world): State<Arc<World>>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    ask(&world, &headers, &body, Kind::Standard)
}

pub(super) async fn create_agent(
    State(world): State<Arc<World>>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    ask(&world, &headers, &body, Kind::Agent)
}

pub(super) async fn show(
    State(world): State<Arc<World>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer {
    one(&world, &headers, |store| by_id(store, &id, Kind::Standard))
}

pub(super) async fn show_agent(
    State(world): State<Arc<World>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer {
    one(&world, &headers, |store| by_id(store, &id, Kind::Agent))
}

pub(super) async fn by_reference(
    State(world): State<Arc<World>>,
    Path(path): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Answer {
    let triple = triple(path);
    one(&world, &headers, |store| {
        by_triple(store, &triple, Kind::Standard)
    })
}

pub(super) async fn agent_by_reference(
    State(world): State<Arc<World>>,
    Path(path): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Answer {
    let triple = triple(path);
    one(&world, &headers, |store| {
        by_triple(store, &triple, Kind::Agent)
    })
}

pub(super) async fn by_system(
    State(world): State<Arc<World>>,
    Path(system): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Answer {
    let path = format!("request/vendor/bysystem/{system}");
    list(&world, &headers, &system, query, Kind::Standard, &path)
}

pub(super) async fn agents_by_system(
    State(world): State<Arc<World>>,
    Path(system): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Answer {
    let path = format!("request/vendor/agent/bysystem/{system}");
    list(&world, &headers, &system, query, Kind::Agent, &path)
}

pub(super) async fn withdraw(
    State(world): State<Arc<World>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer {
    let caller = caller(&world, &headers, access::REQUEST_WRITE)?;
    let mut store = world.system_users.open(world.clock.now());
    let id = request_id(&id)?;
    let request = store.request(id).ok_or_else(missing)?;
    check_vendor(&store, &caller, &request.triple.system_id)?;
    store.remove_request(id);
    Ok(StatusCode::ACCEPTED.into_response())
}

fn ask(world: &World, headers: &HeaderMap, body: &[u8], kind: Kind) -> Answer {
    let caller = caller(world, headers, access::REQUEST_WRITE)?;
    let order: Order = body::read(body)?;
    let triple = order.triple();
    let mut store = world.system_users.open(world.clock.now());
    if store.user_for(&triple).is_some() {
        return Err(Problem::USER_EXISTS.into_response());
    }
    check_vendor(&store, &caller, &order.system_id)?;
    let now = store.now;
    let earlier = store.request_for(&triple, kind);
    let earlier = earlier.filter(|request| request.status(now) != Status::Timedout);
    if let Some(earlier) = earlier {
        return Ok(Json(earlier.view(&world.base_url, now)).into_response());
    }
    let system = store.live_system(&order.system_id).ok_or_else(no_system)?;
    rules::check(&order, kind, system).map_err(IntoResponse::into_response)?;
    let Ok(request) = store.add_request(order, kind) else {
        return Err(problem::full());
    };
    let location = format!("{}{USERS}/request/{}", world.base_url, request.id);
    let view = Json(request.view(&world.base_url, now));
    Ok((StatusCode::CREATED, [(LOCATION, location)], view).into_response())
}

fn one<'a>(
    world: &'a World,
    headers: &HeaderMap,
    find: impl for<'s> FnOnce(&'s OpenStore<'a>) -> Result<&'s Request, Response>,
) -> Answer {
    let caller = caller(world, headers, access::REQUEST_READ)?;
    let store = world.system_users.open(world.clock.now());
    let request = find(&store)?;
    check_vendor(&store, &caller, &request.triple.system_id)?;
    Ok(Json(request.view(&world.base_url, store.now)).into_response())
}

fn list(
    world: &World,
    headers: &HeaderMap,
    system: &str,
    query: Option<String>,
    kind: Kind,
    path: &str,
) -> Answer {
    let caller = caller(world, headers, access::REQUEST_READ)?;
    let start = Start::read(query.as_deref()).ok_or_else(bad)?;
    let store = world.system_users.open(world.clock.now());
    check_vendor(&store, &caller, system)?;
    let now = store.now;
    let requests = store.requests();
    let requests =
        requests.filter(|request| request.kind == kind && request.triple.system_id == system);
    let views = requests.map(|request| (request.sequence, request.view(&world.base_url, now)));
    let url = format!("{}{USERS}/{path}", world.base_url);
    Ok(page::page(views, start, &url).into_response())
}

fn triple((system_id, customer, external_ref): (String, String, String)) -> Triple {
    Triple {
        system_id,
        customer,
        external_ref,
    }
}

fn by_id<'s>(store: &'s OpenStore<'_>, id: &str, kind: Kind) -> Result<&'s Request, Response> {
    let request = store.request(request_id(id)?);
    let request = request.filter(|request| request.kind == kind);
    request.ok_or_else(missing)
}

fn by_triple<'s>(
    store: &'s OpenStore<'_>,
    triple: &Triple,
    kind: Kind,
) -> Result<&'s Request, Response> {
    store.request_for(triple, kind).ok_or_else(missing)
}

fn caller(world: &World, headers: &HeaderMap, scopes: &[&str]) -> Result<Caller, Response> {
    access::caller(world, headers, scopes).map_err(IntoResponse::into_response)
}

/// Another vendor's system is one that does not exist.
fn check_vendor(store: &OpenStore<'_>, caller: &Caller, system_id: &str) -> Result<(), Response> {
    let system = store.live_system(system_id);
    match system.filter(|system| system.vendor == caller.org_number()) {
        Some(_own) => Ok(()),
        None => Err(no_system()),
    }
}

fn request_id(text: &str) -> Result<Uuid, Response> {
    Uuid::try_parse(text).map_err(|_not_one| bad())
}

fn missing() -> Response {
    Problem::NO_REQUEST.into_response()
}

fn no_system() -> Response {
    Problem::NO_SYSTEM.into_response()
}

fn bad() -> Response {
    problem::framework(StatusCode::BAD_REQUEST)
}
