//! `GET /authentication/api/v1/exchange/{provider}`.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::Value;

use super::{accept, organisations, token};
use crate::{
    identifiers,
    jws::Jws,
    maskinporten::{Party, TokenClaims},
    problem,
    recorder::bearer,
    verify::{self, TokenIssuer},
    world::World,
};

/// How far the clocks of Maskinporten and Altinn may be apart.
const SKEW: i64 = 10;

pub(super) async fn exchange(
    State(world): State<Arc<World>>,
    Path(provider): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let Some(test) = is_test(query.as_deref().unwrap_or_default()) else {
        return problem::framework(StatusCode::BAD_REQUEST);
    };
    // A token that can be read comes before a provider that is known.
    let Some(text) = bearer(&headers).filter(|text| Jws::parse(text).is_some()) else {
        return unauthorized();
    };
    match provider.to_ascii_lowercase().as_str() {
        "maskinporten" => {}
        // Known, but what Maskinporten signs is not theirs.
        "id-porten" | "altinnstudio" => return unauthorized(),
        _ => return unknown_provider(&provider),
    }
    let Some(claims) = maskinporten_claims(&world, text) else {
        return unauthorized();
    };
    let Some(org_number) = org_number(&claims.consumer) else {
        return unauthorized();
    };
    let retired = headers.get("x-altinn-enterpriseuser-authentication");
    if retired.is_some_and(|value| !value.is_empty()) {
        return gone();
    }
    let service_owner = claims.scope.contains("altinn:serviceowner");
    let org = organisations::code(&world, &org_number).filter(|_code| service_owner);
    let org = org.map(|code| match code.as_str() {
        "digdir" if test => "ttd".to_owned(),
        _ => code,
    });
    match token::issue(&world, claims, token::Holder { org_number, org }) {
        Ok(token) => answer(token, &headers),
        // Altinn answers its own failures so, too.
        Err(_unspecified) => unauthorized(),
    }
}

/// `?test=true` turns `digdir` into `ttd`, the organisation of Altinn's own tests. Nothing when it
/// is neither true nor false.
fn is_test(query: &str) -> Option<bool> {
    let mut parameters = form_urlencoded::parse(query.as_bytes());
    match parameters.find(|(name, _value)| name.eq_ignore_ascii_case("test")) {
        None => Some(false),
        Some((_name, value)) => value.to_ascii_lowercase().parse().ok(),
    }
}

fn maskinporten_claims(world: &World, token: &str) -> Option<TokenClaims> {
    let verified = verify::verify(world, token, SKEW).ok()?;
    if verified.issuer != TokenIssuer::Maskinporten {
        return None;
    }
    serde_json::from_value(Value::Object(verified.claims)).ok()
}

fn org_number(consumer: &Party) -> Option<String> {
    let known = consumer.authority == Party::AUTHORITY;
    let number = identifiers::org_number_of_iso6523(&consumer.id)?;
    known.then(|| number.to_owned())
}

fn answer(token: String, headers: &HeaderMap) -> Response {
    if accept::prefers_json(headers) {
        let content_type = [(CONTENT_TYPE, "application/json; charset=utf-8")];
        (content_type, Json(token)).into_response()
    } else {
        let content_type = [(CONTENT_TYPE, "text/plain; charset=utf-8")];
        (content_type, token).into_response()
    }
}

fn unknown_provider(provider: &str) -> Response {
    let text = format!(
        "Invalid token provider: {provider}. \
         Trusted token providers are 'Maskinporten', 'Id-porten' and 'AltinnStudio'."
    );
    (StatusCode::BAD_REQUEST, text).into_response()
}

fn unauthorized() -> Response {
    problem::framework(StatusCode::UNAUTHORIZED)
}

#[derive(Serialize)]
struct Gone {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: &'static str,
}

fn gone() -> Response {
    let body = Gone {
        r#type: "https://docs.altinn.studio",
        title: "Virksomhetsbruker is no longer available",
        status: 410,
        detail: "Virksomhetsbruker (enterprise user) has been replaced by Systembruker (system \
                 user) and ID-porten. See https://docs.altinn.studio.",
    };
    let content_type = [(CONTENT_TYPE, problem::PROBLEM_JSON)];
    (StatusCode::GONE, content_type, Json(body)).into_response()
}
