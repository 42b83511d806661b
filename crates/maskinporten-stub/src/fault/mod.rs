//! Faults that tests inject: a service that is slow, down, hostile, or cut off.
//!
//! An [`order`] says on which route, when, and what; the `queue` finds the one that strikes; the
//! `effect` is what the client meets.

mod effect;
mod hostile;
mod order;
mod patch;
mod queue;
mod route;

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};

pub use effect::{Body, Unauthorized};
pub use order::Fault;
pub(crate) use order::{FaultOrder, Ordered};
pub(crate) use queue::Faults;
pub use route::Route;

use crate::{controls, world::World};

/// Marks an answer that must not be sent; the server closes the connection instead.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reset;

/// Marks an answer that a fault had a hand in, by the fault's kind.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Struck(pub(crate) &'static str);

/// Takes the scenario's next steps, and lets the fault of the request's route strike.
pub(crate) async fn strike(
    State(world): State<Arc<World>>,
    request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path();
    if controls::owns(path) {
        return next.run(request).await;
    }
    let route = Route::of_path(path);
    for deed in world.scenario.before(route) {
        // What cannot be done is a key that cannot be made; the request goes on with the old ones.
        let _ = deed.perform(&world).await;
    }
    let Some(effect) = route.and_then(|route| world.faults.strike(route)) else {
        return next.run(request).await;
    };
    let struck = Struck(effect.kind());
    let mut response = effect.strike(&world, request, next).await;
    response.extensions_mut().insert(struck);
    response
}
