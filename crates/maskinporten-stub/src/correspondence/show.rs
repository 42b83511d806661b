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
    lifecycle::CorrespondenceStatus::Published,
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
    let shows_purged = |_reader| false;
    show(
        &world,
        &id,
        &headers,
        FETCH_PAUSE,
        shows_purged,
        Overview::of,
    )
}

pub(super) async fn details(
    State(world): State<Arc<World>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let shows_purged = |reader| reader == Reader::Sender;
    let always = SignedDuration::ZERO;
    show(&world, &id, &headers, always, shows_purged, Details::of)
}

fn show<V: Serialize>(
    world: &World,
    id: &str,
    headers: &HeaderMap,
    pause: SignedDuration,
    shows_purged: impl FnOnce(Reader) -> bool,
    view: impl FnOnce(&Correspondence, &[&Attachment], Reader) -> V,
) -> Result<Response, Refused> {
    let caller = Policy::SenderOrRecipient.admit(world, headers)?;
    negotiation::accepts(headers, negotiation::JSON)?;
    let id = negotiation::id("correspondenceId", id)?;
    let now = world.clock.now();
    let mut store = world.store.open(now, &world.registry);
    let (correspondence, attachments) = store
        .correspondence(id)
        .ok_or_else(Problem::correspondence_not_found)?;
    let reader = Reader::of(&caller, correspondence)?;
    if correspondence.is_purged() && !shows_purged(reader) {
        return Err(Problem::correspondence_not_found().into());
    }
    if reader == Reader::Recipient {
        if !correspondence.has(Published) {
            return Err(Problem::correspondence_not_found().into());
        }
        if !caller.may_write() {
            correspondence.fetched(now, pause);
        }
    }
    Ok(Json(view(correspondence, &attachments, reader)).into_response())
}
