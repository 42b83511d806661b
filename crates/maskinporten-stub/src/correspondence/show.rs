//! `GET /correspondence/{id}`, with and without `/details`.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use jiff::SignedDuration;
use serde::Serialize;

use super::{
    correspondence_view::{Details, Overview, Reader},
    kept::{Attachment, Correspondence},
    negotiation,
    policy::Policy,
    problem::Problem,
    refused::Refused,
};
use crate::world::World;

/// How often an overview counts as fetched.
const FETCH_PAUSE: SignedDuration = SignedDuration::from_secs(15);

pub(super) async fn overview(
    State(world): State<Arc<World>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    show(&world, &id, &headers, FETCH_PAUSE, Overview::of)
}

pub(super) async fn details(
    State(world): State<Arc<World>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    show(&world, &id, &headers, SignedDuration::ZERO, Details::of)
}

fn show<V: Serialize>(
    world: &World,
    id: &str,
    headers: &HeaderMap,
    pause: SignedDuration,
    view: impl FnOnce(&Correspondence, &[&Attachment], Reader) -> V,
) -> Result<Response, Refused> {
    let caller = Policy::SenderOrRecipient.admit(world, headers)?;
    negotiation::accepts_json(headers)?;
    let id = negotiation::id("correspondenceId", id)?;
    let now = world.clock.now();
    let mut store = world.store.open(now);
    let (correspondence, attachments) = store
        .correspondence(id)
        .ok_or_else(Problem::correspondence_not_found)?;
    let reader = if caller.is_sender(&correspondence.owner) {
        Reader::Sender
    } else if caller.is_recipient(&correspondence.recipient) {
        Reader::Recipient
    } else {
        return Err(Problem::no_access().into());
    };
    if reader == Reader::Recipient {
        if !correspondence.is_published() {
            return Err(Problem::correspondence_not_found().into());
        }
        correspondence.fetched(now, pause);
    }
    Ok(Json(view(correspondence, &attachments, reader)).into_response())
}
