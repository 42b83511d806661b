//! What customers' end users do in Altinn's portal: decide requests, and take system users away.
//!
//! The real ones are logged in. Here a token with the portal's scope will do, of whatever
//! organisation, and organisation numbers stand in the paths for Altinn's own party ids.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::IntoResponse,
};
use uuid::Uuid;

use super::{
    access,
    problem::Problem,
    request::{Decision, Kind},
};
use crate::{
    problem,
    refused::{Answer, Refused},
    world::World,
};

pub(super) async fn decide(
    State(world): State<Arc<World>>,
    Path(path): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Answer {
    answer(&world, path, &headers, Kind::Standard)
}

pub(super) async fn decide_agent(
    State(world): State<Arc<World>>,
    Path(path): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Answer {
    answer(&world, path, &headers, Kind::Agent)
}

pub(super) async fn remove_user(
    State(world): State<Arc<World>>,
    Path((party, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Answer {
    access::caller(&world, &headers, access::PORTAL)?;
    let mut store = world.system_users.open(world.clock.now());
    Ok(if store.remove_user(&party, &id) {
        (StatusCode::ACCEPTED, Json(1)).into_response()
    } else {
        (StatusCode::NOT_FOUND, Json(0)).into_response()
    })
}

fn answer(
    world: &World,
    (party, id, decision): (String, String, String),
    headers: &HeaderMap,
    kind: Kind,
) -> Answer {
    let framework = |status| Refused::from(problem::framework(status));
    let decision = Decision::from_path(&decision);
    let decision = decision.ok_or_else(|| framework(StatusCode::NOT_FOUND))?;
    access::caller(world, headers, access::PORTAL)?;
    let id = Uuid::try_parse(&id).map_err(|_not_one| framework(StatusCode::BAD_REQUEST))?;
    let mut store = world.system_users.open(world.clock.now());
    let request = store.request(id).ok_or(Problem::NO_REQUEST)?;
    let (other_kind, other_party) = match kind {
        Kind::Standard => (Problem::NO_REQUEST, Problem::OTHER_PARTY),
        Kind::Agent => (Problem::NOT_AGENT, Problem::OTHER_AGENT_PARTY),
    };
    if request.kind != kind {
        return Err(other_kind.into());
    }
    if request.triple.customer != party {
        return Err(other_party.into());
    }
    store.decide(id, decision)?;
    Ok(Json(true).into_response())
}
