//! `POST /attachment`, and `GET /attachment/{id}` with and without `/details`.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use jiff::SignedDuration;
use serde::Serialize;
use uuid::Uuid;

use super::{
    attachment_input::AttachmentInput,
    attachment_view::{AttachmentDetails, AttachmentOverview},
    kept::Attachment,
    lifecycle::{AttachmentStatus, Event},
    negotiation,
    policy::Policy,
    problem::Problem,
    refused::Refused,
};
use crate::{clock, world::World};

pub(super) async fn initialize(
    State(world): State<Arc<World>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refused> {
    negotiation::brings_json(&headers)?;
    let caller = Policy::Sender.admit(&world, &headers)?;
    negotiation::accepts_json(&headers)?;
    let input = AttachmentInput::read(&body)?;
    let owner = caller.owner_to_send_for(&world, &input.resource_id)?;
    input.check()?;
    let id = Uuid::new_v4();
    let now = world.clock.now();
    world.store.open(now).add_attachment(Attachment {
        id,
        owner,
        checksum: input.checksum.clone(),
        history: vec![Event::new(AttachmentStatus::Initialized, now)],
        correspondences: Vec::new(),
        created: now,
        expires: input
            .expiration_in_days
            .map(|days| clock::after(now, SignedDuration::from_hours(24 * i64::from(days)))),
        bytes: Bytes::new(),
        uploaded: None,
        input,
    });
    Ok(Json(id.to_string()).into_response())
}

pub(super) async fn overview(
    State(world): State<Arc<World>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    show(&world, &id, &headers, AttachmentOverview::of)
}

pub(super) async fn details(
    State(world): State<Arc<World>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    show(&world, &id, &headers, AttachmentDetails::of)
}

fn show<V: Serialize>(
    world: &World,
    id: &str,
    headers: &HeaderMap,
    view: impl FnOnce(&Attachment) -> V,
) -> Result<Response, Refused> {
    let caller = Policy::Sender.admit(world, headers)?;
    negotiation::accepts_json(headers)?;
    let id = negotiation::id("attachmentId", id)?;
    let mut store = world.store.open(world.clock.now());
    let attachment = store
        .attachment(id)
        .ok_or_else(Problem::attachment_not_found)?;
    if !caller.is_sender(&attachment.owner) {
        return Err(Problem::no_access().into());
    }
    Ok(Json(view(attachment)).into_response())
}
