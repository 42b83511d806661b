//! Turns an order into correspondences, one for each recipient.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use uuid::Uuid;

use super::{
    caller::Caller,
    draft::Order,
    files::File,
    kept::{Attachment, Correspondence},
    lifecycle::{
        AttachmentStatus::UploadProcessing,
        CorrespondenceStatus::{self, Initialized, ReadyForPublish, Reserved},
        Event,
    },
    problem::Problem,
    rules,
    store::OpenStore,
};
use crate::world::World;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    correspondences: Vec<Sent>,
    attachment_ids: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Sent {
    correspondence_id: String,
    status: Option<CorrespondenceStatus>,
    recipient: String,
    /// Always null: notifications are ordered afterwards.
    notifications: Option<()>,
}

pub(super) fn deliver(
    world: &World,
    caller: &Caller,
    order: &Order,
    files: Vec<File>,
) -> Result<Response, Problem> {
    // Locked until it is stored, so that a key is not used twice at the same time.
    let mut store = world.store.open(world.clock.now(), &world.registry);
    let cleared = rules::check(world, caller, order, files, &mut store)?;
    let new = add_files(order, &cleared.owner, cleared.files, &mut store)?;
    let ready = new.is_empty();
    let attachments: Vec<Uuid> = order.attachments.iter().copied().chain(new).collect();
    let mut correspondences = Vec::new();
    for recipient in &order.recipients {
        let statuses: &[CorrespondenceStatus] = if cleared.reserved.contains(recipient) {
            &[Reserved]
        } else if ready {
            &[Initialized, ReadyForPublish]
        } else {
            &[Initialized]
        };
        let now = store.now;
        let correspondence = Correspondence {
            id: Uuid::new_v4(),
            recipient: recipient.clone(),
            owner: cleared.owner.clone(),
            draft: order.draft.clone(),
            attachments: attachments.clone(),
            dialog_id: Uuid::new_v4().to_string(),
            created: now,
            publish_at: order.draft.publish_at.unwrap_or(now),
            history: statuses
                .iter()
                .map(|status| Event::new(*status, now))
                .collect(),
            confirming: None,
        };
        correspondences.push(Sent {
            correspondence_id: correspondence.id.to_string(),
            status: statuses.last().copied(),
            recipient: recipient.clone(),
            notifications: None,
        });
        if let Some(key) = order.idempotent_key {
            store.use_up(key, correspondence.id);
        }
        store.add_correspondence(correspondence);
    }
    let answer = Answer {
        correspondences,
        attachment_ids: attachments.iter().map(Uuid::to_string).collect(),
    };
    Ok(Json(answer).into_response())
}

/// Uploads the files, all or none.
fn add_files(
    order: &Order,
    owner: &str,
    files: Vec<File>,
    store: &mut OpenStore<'_>,
) -> Result<Vec<Uuid>, Problem> {
    let inputs = order.draft.content.new_attachments.iter();
    let described: Vec<_> = inputs.zip(files).collect();
    for (input, file) in &described {
        let expected = input.checksum.as_ref();
        if expected.is_some_and(|expected| *expected != file.content.md5) {
            return Err(Problem::new(2008, "Checksum mismatch"));
        }
    }
    let mut ids = Vec::new();
    for (input, file) in described {
        let mut attachment = Attachment::new(input.clone(), owner.to_owned(), store.now);
        attachment.push(UploadProcessing, store.now);
        let id = attachment.id;
        store.add_attachment(attachment);
        store.keep(id, file.content);
        ids.push(id);
    }
    Ok(ids)
}
