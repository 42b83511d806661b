//! `POST /attachment/{id}/upload`: raw bytes, read as they come.

use std::sync::Arc;

use axum::{
    Json,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, header::CONTENT_LENGTH},
    response::{IntoResponse, Response},
};
use http_body_util::BodyExt;
use uuid::Uuid;

use super::{
    attachment_view::AttachmentOverview,
    caller::Caller,
    kept::Attachment,
    lifecycle::AttachmentStatus,
    negotiation,
    policy::Policy,
    problem::Problem,
    received::{Received, Receiving},
    refused::Refused,
};
use crate::{drain::drain, world::World};

const MAX_SIZE: u64 = 50_000_000_000;

pub(super) async fn upload(
    State(world): State<Arc<World>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refused> {
    match admit(&world, &id, &headers) {
        Ok(id) => Ok(finish(&world, id, receive(body).await)?),
        Err(refused) => {
            drain(body).await;
            Err(refused)
        }
    }
}

fn admit(world: &World, id: &str, headers: &HeaderMap) -> Result<Uuid, Refused> {
    negotiation::brings_bytes(headers)?;
    let caller = Policy::Sender.admit(world, headers)?;
    negotiation::accepts(headers, negotiation::JSON)?;
    let id = negotiation::id("attachmentId", id)?;
    begin(world, &caller, id, headers)?;
    Ok(id)
}

/// `Initialized` → `UploadProcessing`. From here on the id is used up, come what may.
fn begin(world: &World, caller: &Caller, id: Uuid, headers: &HeaderMap) -> Result<(), Problem> {
    let now = world.clock.now();
    let mut store = world.store.open(now, &world.registry);
    let attachment = store
        .attachment(id)
        .ok_or_else(Problem::attachment_not_found)?;
    if !caller.is_sender(&attachment.owner) {
        return Err(Problem::no_access());
    }
    let length = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok());
    if length.is_some_and(|length| !matches!(length.parse(), Ok(1..=MAX_SIZE))) {
        return Err(wrong_size());
    }
    if !attachment.correspondences.is_empty() {
        let detail = "Cannot upload an attachment to a correspondence that has been created";
        return Err(Problem::new(2003, detail));
    }
    if attachment.status() != AttachmentStatus::Initialized {
        let detail = "The file has already been or is being uploaded";
        return Err(Problem::new(2005, detail));
    }
    attachment.push(AttachmentStatus::UploadProcessing, now);
    Ok(())
}

/// The whole body, or nothing if the sender broke off.
async fn receive(mut body: Body) -> Option<Received> {
    let mut receiving = Receiving::default();
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame.ok()?.into_data() {
            receiving.push(&data);
        }
    }
    Some(receiving.finish())
}

/// Stays `UploadProcessing` while the scan runs, or becomes `Failed`.
fn finish(world: &World, id: Uuid, received: Option<Received>) -> Result<Response, Problem> {
    let now = world.clock.now();
    let mut store = world.store.open(now, &world.registry);
    let attachment = store
        .attachment(id)
        .ok_or_else(Problem::attachment_not_found)?;
    if attachment.status() == AttachmentStatus::Purged {
        // While its content was on the way.
        attachment.content()?;
    }
    match check(attachment, received) {
        Ok(received) => store.keep(id, received),
        Err((problem, text)) => {
            attachment.fail(text, now);
            return Err(problem);
        }
    }
    // Not as it is after a scan that takes no time.
    let attachment = store.unsettled(id);
    let attachment = attachment.ok_or_else(Problem::attachment_not_found)?;
    Ok(Json(AttachmentOverview::of(attachment)).into_response())
}

fn check(
    attachment: &Attachment,
    received: Option<Received>,
) -> Result<Received, (Problem, &'static str)> {
    let Some(received) = received else {
        return Err((Problem::upload_failed(), "Upload failed"));
    };
    if !(1..=MAX_SIZE).contains(&received.size) {
        return Err((wrong_size(), "Upload failed"));
    }
    match &attachment.checksum {
        Some(expected) if *expected != received.md5 => {
            Err((Problem::new(2008, "Checksum mismatch"), "Checksum mismatch"))
        }
        _ => Ok(received),
    }
}

fn wrong_size() -> Problem {
    Problem::new(2004, "The file must have content, and at most 50 GB of it")
}
