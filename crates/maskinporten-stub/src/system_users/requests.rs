//! `/systemuser/request/vendor`: vendors ask for system users, and follow their requests.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, StatusCode, header::LOCATION},
    response::IntoResponse,
};
use uuid::Uuid;

use super::{
    USERS, access, body,
    page::{self, Start},
    problem::Problem,
    request::{Kind, Order, Status, Triple},
    rules,
    store::OpenStore,
};
use crate::{
    caller::Caller,
    problem,
    refused::{Answer, Refused},
    world::World,
};

/// How a vendor names one of its requests.
enum By {
    Id(String),
    Reference(Triple),
}

impl By {
    fn reference((system_id, customer, external_ref): (String, String, String)) -> Self {
        Self::Reference(Triple {
            system_id,
            customer,
            external_ref,
        })
    }
}

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
    one(&world, &headers, Kind::Standard, &By::Id(id))
}

pub(super) async fn show_agent(
    State(world): State<Arc<World>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer {
    one(&world, &headers, Kind::Agent, &By::Id(id))
}

pub(super) async fn by_reference(
    State(world): State<Arc<World>>,
    Path(path): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Answer {
    one(&world, &headers, Kind::Standard, &By::reference(path))
}

pub(super) async fn agent_by_reference(
    State(world): State<Arc<World>>,
    Path(path): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Answer {
    one(&world, &headers, Kind::Agent, &By::reference(path))
}

pub(super) async fn by_system(
    State(world): State<Arc<World>>,
    Path(system): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Answer {
    list(&world, &headers, &system, query.as_deref(), Kind::Standard)
}

pub(super) async fn agents_by_system(
    State(world): State<Arc<World>>,
    Path(system): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Answer {
    list(&world, &headers, &system, query.as_deref(), Kind::Agent)
}

pub(super) async fn withdraw(
    State(world): State<Arc<World>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer {
    let caller = access::caller(&world, &headers, access::REQUEST_WRITE)?;
    let mut store = world.system_users.open(world.clock.now());
    let id = request_id(&id)?;
    let request = store.request(id).ok_or(Problem::NO_REQUEST)?;
    check_vendor(&store, &caller, &request.triple.system_id)?;
    store.remove_request(id);
    Ok(StatusCode::ACCEPTED.into_response())
}

fn ask(world: &World, headers: &HeaderMap, body: &[u8], kind: Kind) -> Answer {
    let caller = access::caller(world, headers, access::REQUEST_WRITE)?;
    let order: Order = body::read(body)?;
    let triple = order.triple();
    let mut store = world.system_users.open(world.clock.now());
    if store.users().with(&triple).is_some() {
        return Err(Problem::USER_EXISTS.into());
    }
    check_vendor(&store, &caller, &order.system_id)?;
    let now = store.now;
    let earlier = store.request_for(&triple, kind);
    let earlier = earlier.filter(|request| request.status(now) != Status::Timedout);
    if let Some(earlier) = earlier {
        return Ok(Json(earlier.view(&world.base_url, now)).into_response());
    }
    let system = store.live_system(&order.system_id);
    let system = system.ok_or(Problem::NO_SYSTEM)?;
    rules::check(&order, kind, system)?;
    let Ok(request) = store.add_request(order, kind) else {
        return Err(problem::full().into());
    };
    let location = format!("{}{USERS}/request/{}", world.base_url, request.id);
    let view = Json(request.view(&world.base_url, now));
    Ok((StatusCode::CREATED, [(LOCATION, location)], view).into_response())
}

fn one(world: &World, headers: &HeaderMap, kind: Kind, by: &By) -> Answer {
    let caller = access::caller(world, headers, access::REQUEST_READ)?;
    let store = world.system_users.open(world.clock.now());
    let request = match by {
        By::Id(id) => store.request(request_id(id)?),
        By::Reference(triple) => store.request_for(triple, kind),
    };
    let request = request.filter(|request| request.kind == kind);
    let request = request.ok_or(Problem::NO_REQUEST)?;
    check_vendor(&store, &caller, &request.triple.system_id)?;
    Ok(Json(request.view(&world.base_url, store.now)).into_response())
}

fn list(
    world: &World,
    headers: &HeaderMap,
    system: &str,
    query: Option<&str>,
    kind: Kind,
) -> Answer {
    let caller = access::caller(world, headers, access::REQUEST_READ)?;
    let start = Start::read(query).ok_or_else(bad)?;
    let store = world.system_users.open(world.clock.now());
    check_vendor(&store, &caller, system)?;
    let now = store.now;
    let requests = store.requests();
    let requests =
        requests.filter(|request| request.kind == kind && request.triple.system_id == system);
    let views = requests.map(|request| (request.sequence, request.view(&world.base_url, now)));
    let path = match kind {
        Kind::Standard => "vendor/bysystem",
        Kind::Agent => "vendor/agent/bysystem",
    };
    let url = format!("{}{USERS}/request/{path}", world.base_url);
    Ok(page::page(views, start, &url, system).into_response())
}

/// Another vendor's system is one that does not exist.
fn check_vendor(store: &OpenStore<'_>, caller: &Caller, system_id: &str) -> Result<(), Problem> {
    let system = store.live_system(system_id);
    match system.filter(|system| system.vendor == caller.org_number()) {
        Some(_own) => Ok(()),
        None => Err(Problem::NO_SYSTEM),
    }
}

fn request_id(text: &str) -> Result<Uuid, Refused> {
    Uuid::try_parse(text).map_err(|_not_one| bad())
}

fn bad() -> Refused {
    problem::framework(StatusCode::BAD_REQUEST).into()
}
