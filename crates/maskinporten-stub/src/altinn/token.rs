//! The token Altinn gives for Maskinporten's.

use aws_lc_rs::error::Unspecified;
use serde::Serialize;
use uuid::Uuid;

use crate::{
    jws,
    maskinporten::{Audience, AuthorizationDetail, Party, TokenClaims},
    world::World,
};

/// The claims in the order of the real ones: those that survive, then Altinn's own.
#[derive(Serialize)]
struct AltinnClaims {
    #[serde(skip_serializing_if = "Option::is_none")]
    authorization_details: Option<Details>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<Audience>,
    scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    supplier: Option<Party>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pid: Option<String>,
    token_type: String,
    exp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    delegation_source: Option<String>,
    iat: i64,
    client_id: String,
    jti: String,
    consumer: Party,
    #[serde(rename = "urn:altinn:org", skip_serializing_if = "Option::is_none")]
    org: Option<String>,
    #[serde(rename = "urn:altinn:orgNumber")]
    org_number: String,
    #[serde(rename = "urn:altinn:authenticatemethod")]
    authenticate_method: &'static str,
    #[serde(rename = "urn:altinn:authlevel")]
    auth_level: u8,
    iss: String,
    sid: String,
    nbf: i64,
}

/// An array of one becomes its element on the way through .NET.
#[derive(Serialize)]
#[serde(untagged)]
enum Details {
    One(AuthorizationDetail),
    Many(Vec<AuthorizationDetail>),
}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'static str,
    kid: &'a str,
    x5t: &'a str,
    typ: &'static str,
}

/// Whose token it is to become.
pub(super) struct Holder {
    pub(super) org_number: String,
    pub(super) org: Option<String>,
}

pub(super) fn issue(
    world: &World,
    from: TokenClaims,
    holder: Holder,
) -> Result<String, Unspecified> {
    let now = world.clock.seconds();
    let claims = AltinnClaims {
        authorization_details: from.authorization_details.map(flatten),
        aud: from.aud.and_then(without_first),
        scope: from.scope,
        supplier: from.supplier,
        pid: from.pid,
        token_type: from.token_type,
        exp: now.saturating_add(world.altinn_token_lifetime.seconds()),
        delegation_source: from.delegation_source,
        iat: now,
        client_id: from.client_id,
        jti: from.jti,
        consumer: from.consumer,
        org: holder.org,
        org_number: holder.org_number,
        authenticate_method: "maskinporten",
        auth_level: 3,
        iss: world.altinn_issuer(),
        sid: Uuid::new_v4().to_string(),
        nbf: now,
    };
    let key = world.ring.altinn();
    let header = Header {
        alg: "RS256",
        kid: &key.kid,
        x5t: &key.x5t,
        typ: "JWT",
    };
    let token = jws::sign(&key.key, &header, &claims)?;
    world.issued.add(&token);
    Ok(token)
}

fn flatten(mut details: Vec<AuthorizationDetail>) -> Details {
    match details.pop() {
        Some(only) if details.is_empty() => Details::One(only),
        last => {
            details.extend(last);
            Details::Many(details)
        }
    }
}

/// Altinn takes away the first audience only.
fn without_first(audience: Audience) -> Option<Audience> {
    let Audience::Many(mut many) = audience else {
        return None;
    };
    many.drain(..1.min(many.len()));
    match many.pop() {
        Some(only) if many.is_empty() => Some(Audience::One(only)),
        Some(last) => {
            many.push(last);
            Some(Audience::Many(many))
        }
        None => None,
    }
}
