//! Altinn's authentication service: the token exchange, and the keys of its tokens.

mod accept;
mod exchange;
mod openid;
mod organisations;
mod token;

use std::sync::Arc;

use axum::{Router, routing::get};

use crate::world::World;

pub(crate) fn routes() -> Router<Arc<World>> {
    const OPENID: &str = "/authentication/api/v1/openid/.well-known/openid-configuration";
    Router::new()
        .route(
            "/authentication/api/v1/exchange/{provider}",
            get(exchange::exchange),
        )
        .route(OPENID, get(openid::configuration))
        .route(&format!("{OPENID}/jwks"), get(openid::jwks))
}
