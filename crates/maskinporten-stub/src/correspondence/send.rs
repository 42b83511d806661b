//! `POST /correspondence`.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use uuid::Uuid;

use super::{
    draft::Order,
    kept::Correspondence,
    lifecycle::{
        CorrespondenceStatus::{Initialized, ReadyForPublish},
        Event,
    },
    negotiation,
    policy::Policy,
    refused::Refused,
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
    status: &'static str,
    recipient: String,
    /// Always null: notifications are ordered afterwards.
    notifications: Option<()>,
}

pub(super) async fn send(
    State(world): State<Arc<World>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refused> {
    negotiation::brings_json(&headers)?;
    let caller = Policy::Sender.admit(&world, &headers)?;
    negotiation::accepts_json(&headers)?;
    let order = Order::read(&body)?;
    // Locked until it is stored, so that a key is not used twice at the same time.
    let mut store = world.store.open(world.clock.now());
    let owner = rules::check(&world, &caller, &order, &mut store)?;
    if let Some(key) = order.idempotent_key {
        store.use_up(key);
    }
    let attachment_ids = order.attachments.iter().map(Uuid::to_string).collect();
    let mut correspondences = Vec::new();
    for recipient in &order.recipients {
        let correspondence = new(&order, &owner, recipient, &store);
        correspondences.push(Sent {
            correspondence_id: correspondence.id.to_string(),
            status: "ReadyForPublish",
            recipient: recipient.clone(),
            notifications: None,
        });
        store.add_correspondence(correspondence);
    }
    let answer = Answer {
        correspondences,
        attachment_ids,
    };
    Ok(Json(answer).into_response())
}

/// All its attachments are published already, so it is ready at once.
fn new(order: &Order, owner: &str, recipient: &str, store: &OpenStore<'_>) -> Correspondence {
    let now = store.now;
    Correspondence {
        id: Uuid::new_v4(),
        recipient: recipient.to_owned(),
        owner: owner.to_owned(),
        draft: order.draft.clone(),
        attachments: order.attachments.clone(),
        dialog_id: Uuid::new_v4().to_string(),
        created: now,
        publish_at: order.draft.publish_at.unwrap_or(now),
        history: vec![
            Event::new(Initialized, now),
            Event::new(ReadyForPublish, now),
        ],
    }
}
