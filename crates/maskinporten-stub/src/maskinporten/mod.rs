//! Maskinporten: metadata, keys, and the token endpoint with everything it checks.
//!
//! A request to `/token` passes, in this order: `form`, `assertion` with `x5c` and `claims`,
//! `authenticate`, `authorise`, `details`, and gets a `token`. The first check that fails answers
//! with a `refusal`.

mod assertion;
mod authenticate;
mod authorise;
mod claims;
mod details;
mod form;
mod metadata;
mod refusal;
mod replay;
mod token;
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

use self::{assertion::Assertion, refusal::Refusal};
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
    let mut response =
        grant(&world, &headers, &body).unwrap_or_else(|refusal| refusal.response(&world.issuer()));
    let no_store = HeaderValue::from_static("no-store");
    response.headers_mut().insert(CACHE_CONTROL, no_store);
    response
}

fn grant(world: &World, headers: &HeaderMap, body: &[u8]) -> Result<Response, Refusal> {
    let text = form::assertion(headers, body)?;
    let assertion = Assertion::read(&text)?;
    let client = authenticate::client(world, &assertion)?;
    let parties = authorise::parties(world, &client, &assertion.claims)?;
    let details = details::look_up(world, &client, &parties, &assertion.claims)?;
    let audience = assertion.claims.audience()?;
    authorise::person(&assertion.claims)?;
    let granted = token::Granted {
        client: &client,
        claims: assertion.claims,
        parties,
        details,
        audience,
    };
    Ok(match token::issue(world, granted) {
        Ok(answer) => axum::Json(answer).into_response(),
        Err(_unspecified) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    })
}
