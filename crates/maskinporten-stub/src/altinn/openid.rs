//! What Altinn publishes so that its tokens can be verified.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::Serialize;
use serde_json::{Value, json};

use crate::world::World;

/// The discovery document, in the order of the real one.
#[derive(Serialize)]
pub(super) struct Configuration {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    end_session_endpoint: String,
    response_types_supported: [&'static str; 1],
    subject_types_supported: [&'static str; 1],
    id_token_signing_alg_values_supported: [&'static str; 1],
}

pub(super) async fn configuration(State(world): State<Arc<World>>) -> Json<Configuration> {
    let api = format!("{}/authentication/api/v1", world.base_url);
    Json(Configuration {
        issuer: world.altinn_issuer(),
        authorization_endpoint: format!("{api}/authorize/"),
        token_endpoint: format!("{api}/token/"),
        jwks_uri: format!("{api}/openid/.well-known/openid-configuration/jwks"),
        end_session_endpoint: format!("{api}/openid/logout/"),
        response_types_supported: ["token"],
        subject_types_supported: ["pairwise"],
        id_token_signing_alg_values_supported: ["RS256"],
    })
}

pub(super) async fn jwks(State(world): State<Arc<World>>) -> Json<Value> {
    let keys = world.ring.altinn_jwks(world.clock.now());
    Json(json!({ "keys": keys }))
}
