//! Attachments as their sender has them: announced, looked at, downloaded, purged.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use uuid::Uuid;

use super::{
    attachment_input::AttachmentInput,
    attachment_view::{AttachmentDetails, AttachmentOverview},
    kept::Attachment,
    lifecycle::AttachmentStatus,
    negotiation,
    policy::Policy,
    problem::Problem,
    refused::Refused,
    store::OpenStore,
};
use crate::world::World;

pub(super) async fn initialize(
    State(world): State<Arc<World>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refused> {
    negotiation::brings_json(&headers)?;
    let caller = Policy::Sender.admit(&world, &headers)?;
    negotiation::accepts(&headers, negotiation::JSON)?;
    let input = AttachmentInput::read(&body)?;
    let resource = caller.resource_to_send_with(&world, &input.resource_id)?;
    if !resource.is_correspondence_service {
        let detail = "The resource is not of the type CorrespondenceService";
        return Err(Problem::new(4009, detail).into());
    }
    caller
        .known_party(&world)
        .ok_or_else(Problem::caller_unknown)?;
    input.check()?;
    let now = world.clock.now();
    let attachment = Attachment::new(input, resource.owner, now);
    let id = attachment.id.to_string();
    world
        .store
        .open(now, &world.registry)
        .add_attachment(attachment);
    Ok(Json(id).into_response())
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
    let (id, mut store) = open(world, id, headers, negotiation::JSON)?;
    let attachment = store.attachment(id);
    let attachment = attachment.ok_or_else(Problem::attachment_not_found)?;
    Ok(Json(view(attachment)).into_response())
}

pub(super) async fn download(
    State(world): State<Arc<World>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let (id, mut store) = open(&world, &id, &headers, negotiation::BYTES)?;
    let published = store.links(id).published;
    let attachment = store.attachment(id);
    let attachment = attachment.ok_or_else(Problem::attachment_not_found)?;
    if published {
        let detail = "It is on a published correspondence, and the recipient's now";
        return Err(Problem::new(2016, detail).into());
    }
    let bytes = attachment.content()?;
    Ok(([(CONTENT_TYPE, negotiation::BYTES)], bytes).into_response())
}

pub(super) async fn purge(
    State(world): State<Arc<World>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let (id, mut store) = open(&world, &id, &headers, negotiation::JSON)?;
    let (linked, now) = (store.links(id).existing, store.now);
    let attachment = store.attachment(id);
    let attachment = attachment.ok_or_else(Problem::attachment_not_found)?;
    match attachment.status() {
        AttachmentStatus::Purged => Err(Problem::new(2006, "It has been purged already").into()),
        AttachmentStatus::Expired => Err(Problem::new(2018, "It has expired").into()),
        _ if linked => Err(Problem::new(2007, "It is on a correspondence").into()),
        _ => {
            attachment.purge(now);
            // Documented as 200 with an overview; ASP.NET makes this of an answer without data.
            Ok(StatusCode::NO_CONTENT.into_response())
        }
    }
}

/// Lets a sender in to one of its own attachments.
fn open<'a>(
    world: &'a World,
    id: &str,
    headers: &HeaderMap,
    accepted: &str,
) -> Result<(Uuid, OpenStore<'a>), Refused> {
    let caller = Policy::Sender.admit(world, headers)?;
    negotiation::accepts(headers, accepted)?;
    let id = negotiation::id("attachmentId", id)?;
    let mut store = world.store.open(world.clock.now(), &world.registry);
    let attachment = store
        .attachment(id)
        .ok_or_else(Problem::attachment_not_found)?;
    if !caller.is_sender(&attachment.owner) {
        return Err(Problem::no_access().into());
    }
    Ok((id, store))
}
