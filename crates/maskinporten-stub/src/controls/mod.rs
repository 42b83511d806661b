//! `/_stub/`: the stub itself, by HTTP. What tests in Rust do by [`Stub`](crate::Stub), tests in
//! other languages do here; people have a page.
//!
//! Requests to it are never faulted and never recorded.

mod answer;
mod change;
mod guard;
mod page;
mod requests;
mod state;
mod watch;

use std::sync::Arc;

use axum::{
    Router,
    middleware::from_fn,
    response::Redirect,
    routing::{any, get, post},
};

pub(crate) use guard::{Hosts, check_host};

use crate::world::World;

const BASE: &str = "/_stub";

/// Whether a path is the stub's own.
pub(crate) fn owns(path: &str) -> bool {
    path.strip_prefix(BASE)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

pub(crate) fn routes() -> Router<Arc<World>> {
    let at = |name: &str| format!("{BASE}/{name}");
    let requests = get(requests::list).delete(requests::clear);
    let faults = get(change::faults).post(change::inject);
    Router::new()
        .route(BASE, any(|| async { Redirect::permanent("/_stub/") }))
        .route(&at(""), get(page::page))
        .route(&at("state"), get(state::state))
        .route(&at("requests"), requests)
        .route(&at("events"), get(watch::events))
        .route(&at("faults"), faults.delete(change::heal))
        .route(&at("actions"), post(change::act))
        .route(&at("scenario"), post(change::scenario))
        .route(&at("reset"), post(change::reset))
        .route(&at("{*unknown}"), any(answer::not_found))
        .method_not_allowed_fallback(answer::wrong_method)
        .layer(from_fn(guard::check_origin))
}
