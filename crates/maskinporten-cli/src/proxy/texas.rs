//! The HTTP API of Texas, the token service of NAIS (<https://github.com/nais/texas>): `POST /api/v1/token`.

use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use jiff::Timestamp;
use maskinporten::{Error, Grant, OrganisationNumber, SystemUser};
use serde::Deserialize;
use serde_json::{Value, json};
use tower_maskinporten::Tokens;

use super::forward::Body;
use crate::{decode::Jwt, failure::chain};

/// No request is as large.
const LARGEST: usize = 64 << 10;

#[derive(Deserialize)]
struct Asked {
    identity_provider: String,
    target: String,
    resource: Option<String>,
    authorization_details: Option<Value>,
}

type Refusal = (StatusCode, String, String);

/// `exchanges` is whether Altinn's tokens can be had, too.
pub(super) async fn token(
    tokens: &Tokens,
    exchanges: bool,
    request: Request<Incoming>,
) -> Response<Body> {
    match answer(tokens, exchanges, request).await {
        Ok(body) => json_answer(StatusCode::OK, &body),
        Err((status, error, description)) => {
            let body = json!({ "error": error, "error_description": description });
            json_answer(status, &body)
        }
    }
}

async fn answer(
    tokens: &Tokens,
    exchanges: bool,
    request: Request<Incoming>,
) -> Result<Value, Refusal> {
    let invalid = |what: String| (StatusCode::BAD_REQUEST, "invalid_request".to_owned(), what);
    let asked = read(request).await.map_err(invalid)?;
    let grant = asked.grant().map_err(invalid)?;
    let grant = match asked.identity_provider.as_str() {
        "maskinporten" => grant.raw(),
        // Not a provider of Texas's: its users asked for one (<https://github.com/nais/texas/issues/191>).
        "altinn" if exchanges => grant,
        other => {
            return Err(invalid(format!(
                "identity provider '{other}' is not enabled"
            )));
        }
    };
    let header = tokens.authorization(&grant).await.map_err(|error| {
        let refusal = error.last_error().and_then(Error::refusal);
        let (status, name) = refusal.map_or(
            (StatusCode::INTERNAL_SERVER_ERROR, "server_error"),
            |refusal| (refusal.status(), refusal.error()),
        );
        (status, name.to_owned(), chain(&error))
    })?;
    let token = header
        .to_str()
        .ok()
        .and_then(|header| header.strip_prefix("Bearer "));
    let token = token.unwrap_or_default();
    Ok(json!({ "access_token": token, "token_type": "Bearer", "expires_in": seconds_left(token) }))
}

/// By what the token itself says.
fn seconds_left(token: &str) -> i64 {
    let token = Jwt::read(token);
    let end = token
        .ok()
        .and_then(|token| token.claims.get("exp")?.as_i64());
    end.map_or(0, |end| (end - Timestamp::now().as_second()).max(0))
}

async fn read(request: Request<Incoming>) -> Result<Asked, String> {
    let kind = request.headers().get(header::CONTENT_TYPE).cloned();
    let body = Limited::new(request.into_body(), LARGEST).collect().await;
    let body = body.map_err(|error| error.to_string())?.to_bytes();
    let kind = kind
        .as_ref()
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default();
    match kind.split(';').next().unwrap_or_default().trim() {
        "application/json" => serde_json::from_slice(&body).map_err(|error| error.to_string()),
        "application/x-www-form-urlencoded" => {
            let members = form_urlencoded::parse(&body).into_owned();
            let members: serde_json::Map<_, _> = members
                .map(|(name, value)| (name, Value::String(value)))
                .collect();
            serde_json::from_value(Value::Object(members)).map_err(|error| error.to_string())
        }
        other => Err(format!("unsupported media type '{other}'")),
    }
}

impl Asked {
    fn grant(&self) -> Result<Grant, String> {
        let mut grant = Grant::new(&self.target).map_err(|error| error.to_string())?;
        if let Some(resource) = &self.resource {
            grant = grant
                .for_resource(resource)
                .map_err(|error| error.to_string())?;
        }
        match &self.authorization_details {
            None => Ok(grant),
            // The form variant carries JSON in a string.
            Some(Value::String(text)) => {
                let details = serde_json::from_str(text).map_err(|error| error.to_string())?;
                with_details(grant, &details)
            }
            Some(details) => with_details(grant, details),
        }
    }
}

/// The one type of details that Maskinporten takes from machines: a system user.
fn with_details(grant: Grant, details: &Value) -> Result<Grant, String> {
    let details = &details[0];
    if details["type"] != "urn:altinn:systemuser" {
        return Err("authorization_details: of type urn:altinn:systemuser only".to_owned());
    }
    let organisation = details["systemuser_org"]["ID"].as_str().unwrap_or_default();
    let organisation: OrganisationNumber = organisation
        .parse()
        .map_err(|error| format!("authorization_details: {error}"))?;
    let mut user = SystemUser::new(organisation);
    if let Some(external_ref) = details["externalRef"].as_str() {
        user = user
            .for_external_ref(external_ref)
            .map_err(|error| error.to_string())?;
    }
    Ok(grant.with_system_user(user))
}

fn json_answer(status: StatusCode, body: &Value) -> Response<Body> {
    let body = Full::from(body.to_string());
    let mut answer = Response::new(body.map_err(|never| match never {}).boxed_unsync());
    *answer.status_mut() = status;
    let kind = HeaderValue::from_static("application/json");
    answer.headers_mut().insert(header::CONTENT_TYPE, kind);
    answer
}
