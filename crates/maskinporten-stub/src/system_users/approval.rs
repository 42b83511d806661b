//! What customers' end users do in Altinn's portal: decide requests, and take system users away.
//!
//! The real ones are logged in. Here a token with the portal's scope will do, of whatever
//! organisation, and organisation numbers stand in the paths for Altinn's own party ids.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use uuid::Uuid;

use super::{
    access,
    problem::Problem,
    request::{Decision, Kind},
    store::Undecided,
};
use crate::{problem, world::World};

pub(super) async fn decide(
    State(world): State<Arc<World>>,
    Path(path): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Response {
    answer(&world, path, &headers, Kind::Standard)
}

pub(super) async fn decide_agent(
    State(world): State<Arc<World>>,
    Path(path): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Response {
    answer(&world, path, &headers, Kind::Agent)
}

pub(super) async fn remove_user(
    State(world): State<Arc<World>>,
    Path((party, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    if let Err(denied) = access::caller(&world, &headers, access::PORTAL) {
        return denied.into_response();
    }
    let mut store = world.system_users.open(world.clock.now());
    if store.remove_user(&party, &id) {
        (StatusCode::ACCEPTED, Json(1)).into_response()
    } else {
        (StatusCode::NOT_FOUND, Json(0)).into_response()
    }
}

fn answer(
    world: &World,
    (party, id, decision): (String, String, String),
    headers: &HeaderMap,
    kind: Kind,
) -> Response {
    let Some(decision) = Decision::from_path(&decision) else {
        return problem::framework(StatusCode::NOT_FOUND);
    };
    if let Err(denied) = access::caller(world, headers, access::PORTAL) {
        return denied.into_response();
    }
    let Ok(id) = Uuid::try_parse(&id) else {
        return problem::framework(StatusCode::BAD_REQUEST);
    };
    let mut store = world.system_users.open(world.clock.now());
    let Some(request) = store.request(id) else {
        return Problem::NO_REQUEST.into_response();
    };
    if request.kind != kind {
        return match kind {
            Kind::Standard => Problem::NO_REQUEST.into_response(),
            Kind::Agent => Problem::NOT_AGENT.into_response(),
        };
    }
    if request.triple.customer != party {
        return match kind {
            Kind::Standard => Problem::OTHER_PARTY.into_response(),
            Kind::Agent => Problem::OTHER_AGENT_PARTY.into_response(),
        };
    }
    match store.decide(id, decision) {
        Ok(_user) => Json(true).into_response(),
        Err(Undecided::Unknown) => Problem::NO_REQUEST.into_response(),
        Err(Undecided::NotNew) => Problem::NOT_NEW.into_response(),
    }
}
