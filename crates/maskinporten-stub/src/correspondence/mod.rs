//! The Altinn Correspondence API: attachments and correspondences, as a service owner sends them.
//!
//! A request passes content type (`negotiation`), token and scopes (`policy`), `Accept`, path,
//! the shape of its body (`draft`, `attachment_input`: all findings at once), and then the business
//! rules (`rules`: the first problem only). What passed is kept in the `store`.

mod attachment;
mod attachment_input;
mod attachment_view;
mod body;
mod caller;
mod correspondence_view;
mod draft;
mod file_name;
mod kept;
mod lifecycle;
mod listing;
mod negotiation;
mod notification;
mod policy;
mod problem;
mod raw;
mod recipient;
mod references;
mod refused;
mod rules;
mod send;
mod show;
mod store;
mod text;
mod upload;
mod validation;

use std::sync::Arc;

use axum::{
    Router,
    extract::Request,
    http::{
        HeaderValue,
        header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS},
    },
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};

pub(crate) use store::Store;

use crate::world::World;

const BASE: &str = "/correspondence/api/v1";

pub(crate) fn routes() -> Router<Arc<World>> {
    let api = Router::new()
        .route("/attachment", post(attachment::initialize))
        .route("/attachment/{id}", get(attachment::overview))
        .route("/attachment/{id}/details", get(attachment::details))
        .route("/attachment/{id}/upload", post(upload::upload))
        .route("/correspondence", post(send::send))
        .route("/correspondence/{id}", get(show::overview))
        .route("/correspondence/{id}/details", get(show::details))
        .layer(middleware::from_fn(common_headers));
    Router::new().nest(BASE, api)
}

/// What a caller is told whose token is good, but gives no access.
pub(crate) fn no_access() -> Response {
    problem::Problem::no_access().into_response()
}

async fn common_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // As ASP.NET names it; problems too, since the actions promise JSON.
    if headers
        .get(CONTENT_TYPE)
        .is_some_and(|kind| kind == "application/json")
    {
        let json = HeaderValue::from_static("application/json; charset=utf-8");
        headers.insert(CONTENT_TYPE, json);
    }
    response
}
