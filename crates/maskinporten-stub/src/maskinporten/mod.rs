//! Maskinporten: metadata, keys, and the token endpoint with everything it checks.
//!
//! A request to `/token` passes, in this order: `form`, `assertion` with `x5c` and `claims`,
//! `authenticate`, `authorise`, `details`, and gets a `token`: `grant` has every check as one step.
//! The first that fails answers with a `refusal`. The `trail` of steps goes to the recorder.

mod assertion;
mod authenticate;
mod authorise;
mod claims;
mod details;
mod form;
mod grant;
mod metadata;
mod refusal;
mod replay;
mod token;
mod trail;
mod x5c;

use std::sync::Arc;

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header::CACHE_CONTROL},
    response::{IntoResponse, Response},
    routing::{get, post},
};

pub(crate) use replay::Replays;
pub(crate) use token::{Audience, AuthorizationDetail, Party, TokenClaims};
pub(crate) use trail::Trail;
pub use trail::{Checked, Outcome};

use crate::world::World;

pub(crate) fn routes() -> Router<Arc<World>> {
    Router::new()
        .route(
            "/.well-known/oauth-authorization-server",
            get(metadata::metadata),
        )
        .route("/jwk", get(metadata::jwk))
        .route("/errors/{code}", get(metadata::error_page))
        .route("/token", post(token_endpoint))
}

async fn token_endpoint(
    State(world): State<Arc<World>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut trail = Trail::default();
    let mut response = match grant::answer(&world, &headers, &body, &mut trail) {
        Ok(Ok(answer)) => axum::Json(answer).into_response(),
        Ok(Err(_unspecified)) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Err(refusal) => refusal.response(&world.issuer()),
    };
    let no_store = HeaderValue::from_static("no-store");
    response.headers_mut().insert(CACHE_CONTROL, no_store);
    // For the recorder; it does not leave the stub.
    response.extensions_mut().insert(trail);
    response
}
