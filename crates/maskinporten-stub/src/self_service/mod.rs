//! The self-service API of Samarbeidsportalen: clients, their keys, and scopes.
//!
//! It changes the registers that the token endpoint reads. A request passes `admin` (its token and
//! scopes), the shape and the rules of its body (`client_order`, `key_set`, `scope`), and then
//! whether the client or scope is the caller's.

mod admin;
mod client_order;
mod client_view;
mod clients;
mod grants;
mod jwk;
mod jwks;
mod key_set;
mod profile;
mod scope;
mod scopes;
mod scopes_api;

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::DefaultBodyLimit,
    routing::{get, put},
};
use jiff::Timestamp;
use serde_json::{Value, json};

pub(crate) use profile::Profile;
pub(crate) use scopes::Scopes;

use crate::world::World;

/// What is kept is bounded by this and by how many entries a register takes.
const BODY_LIMIT: usize = 64 * 1024;

/// The API under each of the base paths that clients have been seen to use.
pub(crate) fn routes() -> Router<Arc<World>> {
    Router::new()
        .merge(api())
        .nest("/api/v1", api())
        .nest("/external/api/v1", api())
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
}

fn api() -> Router<Arc<World>> {
    let keys = get(jwks::show)
        .post(jwks::replace)
        .put(jwks::replace)
        .delete(jwks::remove);
    let scopes = get(scopes_api::show)
        .post(scopes_api::create)
        .put(scopes_api::replace)
        .delete(scopes_api::deactivate);
    Router::new()
        .route("/clients", get(clients::list).post(clients::create))
        .route(
            "/clients/{id}",
            get(clients::show)
                .put(clients::replace)
                .delete(clients::deactivate),
        )
        .route("/clients/{id}/jwks", keys)
        .route("/scopes", scopes)
        .route("/scopes/all", get(scopes_api::all))
        .route("/scopes/access", get(grants::of_scope))
        .route("/scopes/access/all", get(grants::of_organisation))
        .route(
            "/scopes/access/{consumer}",
            put(grants::grant).delete(grants::revoke),
        )
        .route("/delegationsources", get(delegation_sources))
}

/// Where customers may delegate scopes: Altinn alone.
async fn delegation_sources() -> Json<Value> {
    Json(json!([{"name": "Altinn (TT02)", "issuer": "https://tt02.altinn.no/"}]))
}

/// A time as the API writes it.
fn iso(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S%.3f+00:00").to_string()
}
