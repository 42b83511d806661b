//! `/_stub/requests`: what was asked.

use std::sync::Arc;

use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
    response::Response,
};
use serde_json::json;

use super::answer::{done, found, refuse};
use crate::{recorder::MOST, world::World};

/// All, or the last few with `?last=<number>`.
pub(super) async fn list(State(world): State<Arc<World>>, RawQuery(query): RawQuery) -> Response {
    // Looked at first: who follows the events knows then which requests came later than this list.
    let last_id = world.recorder.last_id();
    let mut requests = world.recorder.requests();
    if let Some(last) = query
        .as_deref()
        .and_then(|query| query.strip_prefix("last="))
    {
        let Ok(last) = last.parse::<usize>() else {
            let why = "`last` must be a number.";
            return refuse(StatusCode::BAD_REQUEST, why);
        };
        requests.drain(..requests.len().saturating_sub(last));
    }
    found(&json!({"at_most": MOST, "last_id": last_id, "requests": requests}))
}

pub(super) async fn clear(State(world): State<Arc<World>>) -> Response {
    world.recorder.clear();
    world.events.changed();
    done()
}
