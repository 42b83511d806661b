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
    let view = |correspondence: &Correspondence, attachments: &[&Attachment], reader| {
        if correspondence.is_purged() {
            return Err(Problem::correspondence_not_found());
        }
        Ok(Overview::of(correspondence, attachments, reader))
    };
    show(&world, &id, &headers, FETCH_PAUSE, view)
}

pub(super) async fn details(
    State(world): State<Arc<World>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let view = |correspondence: &Correspondence, attachments: &[&Attachment], reader| {
        if correspondence.is_purged() && reader == Reader::Recipient {
            return Err(Problem::correspondence_not_found());
        }
        Ok(Details::of(correspondence, attachments, reader))
    };
    show(&world, &id, &headers, SignedDuration::ZERO, view)
}

fn show<V: Serialize>(
    world: &World,
    id: &str,
    headers: &HeaderMap,
    pause: SignedDuration,
    view: impl FnOnce(&Correspondence, &[&Attachment], Reader) -> Result<V, Problem>,
) -> Result<Response, Refused> {
    let caller = Policy::SenderOrRecipient.admit(world, headers)?;
    negotiation::accepts(headers, negotiation::JSON)?;
    let id = negotiation::id("correspondenceId", id)?;
    let now = world.clock.now();
    let mut store = world.store.open(now);
    let (correspondence, attachments) = store
        .correspondence(id)
        .ok_or_else(Problem::correspondence_not_found)?;
    let reader = Reader::of(&caller, correspondence)?;
    if reader == Reader::Recipient {
        if !correspondence.has(Published) {
            return Err(Problem::correspondence_not_found().into());
        }
        if !caller.may_write() {
            correspondence.fetched(now, pause);
        }
    }
    let view = view(correspondence, &attachments, reader)?;
    Ok(Json(view).into_response())
}
