//! What a recipient says back: that it has read a correspondence, and that it confirms it.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use jiff::Timestamp;

use super::{
    kept::Correspondence,
    lifecycle::CorrespondenceStatus::{Confirmed, Fetched, Read},
    negotiation,
    policy::Policy,
    problem::Problem,
    refused::Refused,
};
use crate::world::World;

pub(super) async fn mark_as_read(
    State(world): State<Arc<World>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    receive(&world, &id, &headers, |correspondence, now| {
        if !correspondence.has(Fetched) {
            return Err(Problem::new(1024, "It cannot be read before it is fetched"));
        }
        if correspondence.has(Read) {
            return Err(Problem::new(1040, "It has been marked as read already"));
        }
        correspondence.push(Read, now);
        Ok(())
    })
}

/// The status follows when a check in the background is over, some seconds later.
pub(super) async fn confirm(
    State(world): State<Arc<World>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    receive(&world, &id, &headers, |correspondence, now| {
        if !correspondence.has(Fetched) {
            let detail = "It cannot be confirmed before it is fetched";
            return Err(Problem::new(1025, detail));
        }
        if correspondence.has(Confirmed) {
            return Err(Problem::new(1041, "It has been confirmed already"));
        }
        correspondence.confirming.get_or_insert(now);
        Ok(())
    })
}

fn receive(
    world: &World,
    id: &str,
    headers: &HeaderMap,
    change: impl FnOnce(&mut Correspondence, Timestamp) -> Result<(), Problem>,
) -> Result<Response, Refused> {
    let caller = Policy::Recipient.admit(world, headers)?;
    negotiation::accepts(headers, negotiation::JSON)?;
    let id = negotiation::id("correspondenceId", id)?;
    let now = world.clock.now();
    let mut store = world.store.open(now, &world.registry);
    let (correspondence, _attachments) = store
        .correspondence(id)
        .ok_or_else(Problem::correspondence_not_found)?;
    caller.check_receives(correspondence)?;
    change(correspondence, now)?;
    Ok(Json(id.to_string()).into_response())
}
