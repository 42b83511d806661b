//! What Maskinporten publishes about itself.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::Serialize;
use serde_json::{Value, json};

use super::{details, refusal};
use crate::world::World;

/// The metadata document (RFC 8414), in the order of the real one.
#[derive(Serialize)]
pub(super) struct Metadata {
    issuer: String,
    token_endpoint: String,
    jwks_uri: String,
    token_endpoint_auth_methods_supported: [&'static str; 1],
    grant_types_supported: [&'static str; 1],
    token_endpoint_auth_signing_alg_values_supported: [&'static str; 3],
    authorization_details_types_supported: [&'static str; 2],
}

pub(super) async fn metadata(State(world): State<Arc<World>>) -> Json<Metadata> {
    Json(Metadata {
        issuer: world.issuer(),
        token_endpoint: format!("{}/token", world.base_url),
        jwks_uri: format!("{}/jwk", world.base_url),
        token_endpoint_auth_methods_supported: ["private_key_jwt"],
        grant_types_supported: [super::form::JWT_BEARER],
        token_endpoint_auth_signing_alg_values_supported: ["RS256", "RS384", "RS512"],
        authorization_details_types_supported: [details::SYSTEM_USER, details::CONSENT],
    })
}

pub(super) async fn jwk(State(world): State<Arc<World>>) -> Json<Value> {
    let keys = world.ring.maskinporten_jwks(world.clock.now());
    Json(json!({ "keys": keys }))
}

/// The page that an error's `error_uri` leads to.
pub(super) async fn error_page(Path(code): Path<String>) -> (StatusCode, String) {
    match refusal::meaning(&code) {
        Some(meaning) => (StatusCode::OK, format!("{code}: {meaning}\n")),
        None => (StatusCode::NOT_FOUND, "No such error.\n".to_owned()),
    }
}
