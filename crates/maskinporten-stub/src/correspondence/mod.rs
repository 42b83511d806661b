//! The Altinn Correspondence API: attachments and correspondences, for senders and recipients.
//!
//! A request passes content type (`negotiation`), token and scopes (`policy`), `Accept`, path,
//! the shape of its body (`draft`, `attachment_input`, and `form` for one with files: all findings
//! at once), and then the business rules (`rules`: the first problem only). What passed is kept in
//! the `store`, where everything is brought up to the moment before it is looked at (`kept`).

mod attachment;
mod attachment_input;
mod attachment_rules;
mod attachment_view;
mod body;
mod caller;
mod contacts;
mod correspondence_view;
mod deliver;
mod download;
mod draft;
mod file_name;
mod files;
mod form;
mod form_keys;
mod kept;
mod lifecycle;
mod listing;
mod negotiation;
mod notification;
mod policy;
mod problem;
mod purge;
mod raw;
mod receipt;
mod received;
mod recipient;
mod recipient_rules;
mod references;
mod refused;
mod register;
mod resource;
mod rules;
mod search;
mod send;
mod shelf;
mod show;
mod store;
mod text;
mod upload;
mod validation;

use std::sync::Arc;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{
        HeaderValue,
        header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS},
    },
    middleware,
    response::{IntoResponse, Response},
    routing::{delete, get, post},
};

pub use register::Recipient;
pub(crate) use register::Standing;
pub use resource::Resource;
pub(crate) use store::Store;

use crate::world::World;

const BASE: &str = "/correspondence/api/v1";

pub(crate) fn routes() -> Router<Arc<World>> {
    // Its own limits, which are larger, hold for a form with files.
    let with_files = post(send::send_with_files).layer(DefaultBodyLimit::disable());
    let downloads = Router::new()
        .route("/attachment/{id}/download", get(attachment::download))
        .route(
            "/correspondence/{id}/attachment/{attachment_id}/download",
            get(download::download),
        )
        .layer(middleware::map_response(download::problems_by_their_name));
    let api = Router::new()
        .route("/attachment", post(attachment::initialize))
        .route(
            "/attachment/{id}",
            get(attachment::overview).delete(attachment::purge),
        )
        .route("/attachment/{id}/details", get(attachment::details))
        .route("/attachment/{id}/upload", post(upload::upload))
        .route("/correspondence", post(send::send).get(search::search))
        .route("/correspondence/upload", with_files)
        .route("/correspondence/{id}", get(show::overview))
        .route("/correspondence/{id}/details", get(show::details))
        .route(
            "/correspondence/{id}/markasread",
            post(receipt::mark_as_read),
        )
        .route("/correspondence/{id}/confirm", post(receipt::confirm))
        .route("/correspondence/{id}/purge", delete(purge::purge))
        .merge(downloads)
        .layer(middleware::map_response(common_headers));
    Router::new().nest(BASE, api)
}

/// What a caller is told whose token is good, but gives no access.
pub(crate) fn no_access() -> Response {
    problem::Problem::no_access().into_response()
}

async fn common_headers(mut response: Response) -> Response {
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
