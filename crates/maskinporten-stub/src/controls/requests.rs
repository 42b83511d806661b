//! `/_stub/requests`: what was asked.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use serde_json::json;

use super::answer::{done, found};
use crate::{recorder::MOST, world::World};

pub(super) async fn list(State(world): State<Arc<World>>) -> Response {
    found(&json!({"at_most": MOST, "requests": world.recorder.requests()}))
}

pub(super) async fn clear(State(world): State<Arc<World>>) -> Response {
    world.recorder.clear();
    world.events.changed();
    done()
}
