//! System users: the vendors' system register, requests for system users, their approval, and the
//! look-ups of vendors and of Maskinporten.
//!
//! A vendor registers a system (`register`, checked by `validation`), asks a customer for a system
//! user of it (`requests`), and the customer approves (`approval`). All of it is kept in the
//! `store`, where the token endpoint finds the system users.

mod access;
mod approval;
mod body;
mod lookup;
mod page;
mod problem;
mod register;
mod request;
mod requests;
mod rights;
mod rules;
mod store;
mod system;
mod user;
mod users;
mod validation;

use std::sync::Arc;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    routing::{delete, get, post, put},
};

pub(crate) use request::Decision;
pub(crate) use store::{SystemUsers, Wanted};

use crate::world::World;

const REGISTER: &str = "/authentication/api/v1/systemregister";
const USERS: &str = "/authentication/api/v1/systemuser";
/// What is kept is bounded by these and by how many entries a register takes.
const SYSTEM_LIMIT: usize = 64 * 1024;
const REQUEST_LIMIT: usize = 16 * 1024;

pub(crate) fn routes() -> Router<Arc<World>> {
    Router::new()
        .nest(
            REGISTER,
            register_routes().layer(DefaultBodyLimit::max(SYSTEM_LIMIT)),
        )
        .nest(
            &format!("{USERS}/request"),
            request_routes().layer(DefaultBodyLimit::max(REQUEST_LIMIT)),
        )
        .nest(USERS, user_routes())
}

fn register_routes() -> Router<Arc<World>> {
    Router::new()
        .route("/vendor", get(register::list).post(register::create))
        .route(
            "/vendor/{system}",
            get(register::show)
                .put(register::replace)
                .delete(register::remove),
        )
        .route("/vendor/{system}/rights", put(register::replace_rights))
        .route(
            "/vendor/{system}/accesspackages",
            put(register::replace_packages),
        )
        .route("/vendor/{system}/changelog", get(register::changelog))
}

fn request_routes() -> Router<Arc<World>> {
    Router::new()
        .route("/vendor", post(requests::create))
        .route("/vendor/agent", post(requests::create_agent))
        .route(
            "/vendor/{id}",
            get(requests::show).delete(requests::withdraw),
        )
        .route("/vendor/agent/{id}", get(requests::show_agent))
        .route(
            "/vendor/byexternalref/{system}/{customer}/{reference}",
            get(requests::by_reference),
        )
        .route(
            "/vendor/agent/byexternalref/{system}/{customer}/{reference}",
            get(requests::agent_by_reference),
        )
        .route("/vendor/bysystem/{system}", get(requests::by_system))
        .route(
            "/vendor/agent/bysystem/{system}",
            get(requests::agents_by_system),
        )
        .route("/{party}/{id}/{decision}", post(approval::decide))
        .route(
            "/agent/{party}/{id}/{decision}",
            post(approval::decide_agent),
        )
}

fn user_routes() -> Router<Arc<World>> {
    Router::new()
        .route("/byExternalId", get(lookup::by_external_id))
        .route("/vendor/byquery", get(lookup::by_query))
        .route("/vendor/bysystem/{system}", get(lookup::by_system))
        .route("/{party}/{id}", delete(approval::remove_user))
}
