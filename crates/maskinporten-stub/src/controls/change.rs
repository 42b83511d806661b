//! What changes the stub: faults, actions, scenarios, a new beginning.

use std::sync::Arc;

use axum::{body::Bytes, extract::State, http::StatusCode, response::Response};
use serde_json::json;

use super::answer::{done, found, read, refuse};
use crate::{
    fault::FaultOrder,
    scenario::{Action, Deed},
    world::World,
};

/// `GET /_stub/faults`: those that still wait to strike.
pub(super) async fn faults(State(world): State<Arc<World>>) -> Response {
    found(&json!({"faults": world.faults.list()}))
}

/// `POST /_stub/faults`.
pub(super) async fn inject(State(world): State<Arc<World>>, body: Bytes) -> Response {
    match read::<FaultOrder>(&body) {
        Ok(order) => perform(&world, order.accept(world.seed).map(Deed::Inject)).await,
        Err(refused) => refused,
    }
}

/// `DELETE /_stub/faults`.
pub(super) async fn heal(State(world): State<Arc<World>>) -> Response {
    perform(&world, Ok(Deed::Other(Action::Heal {}))).await
}

/// `POST /_stub/actions`.
pub(super) async fn act(State(world): State<Arc<World>>, body: Bytes) -> Response {
    match read::<Action>(&body) {
        Ok(action) => perform(&world, action.accept(world.seed)).await,
        Err(refused) => refused,
    }
}

/// `POST /_stub/scenario`.
pub(super) async fn scenario(State(world): State<Arc<World>>, body: Bytes) -> Response {
    match world.scenario.begin(&body, world.seed) {
        Ok(steps) => {
            world.events.changed();
            found(&json!({"ok": true, "steps": steps}))
        }
        Err(why) => refuse(StatusCode::BAD_REQUEST, &why),
    }
}

/// `POST /_stub/reset`.
pub(super) async fn reset(State(world): State<Arc<World>>) -> Response {
    world.reset();
    done()
}

async fn perform(world: &World, deed: Result<Deed, &'static str>) -> Response {
    match deed {
        Ok(deed) => match deed.perform(world).await {
            Ok(()) => done(),
            Err(error) => refuse(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
        },
        Err(why) => refuse(StatusCode::BAD_REQUEST, &format!("{why}.")),
    }
}
