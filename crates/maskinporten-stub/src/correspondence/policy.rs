//! Who may call: tokens, scopes, and what others are told.

use axum::{
    Json,
    http::{HeaderMap, HeaderValue, StatusCode, header::WWW_AUTHENTICATE},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::Value;

use super::{
    caller::{Caller, READ, SERVICE_OWNER, Scopes, WRITE},
    refused::Refused,
};
use crate::{
    jws::Jws,
    recorder::bearer,
    verify::{self, Rejected, TokenIssuer, Verified},
    world::World,
};

/// What an endpoint asks of its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Policy {
    Sender,
    SenderOrRecipient,
}

impl Policy {
    /// The authentication schemes: Altinn and Maskinporten, and for readers Dialogporten.
    fn schemes(self) -> usize {
        match self {
            Self::Sender => 2,
            Self::SenderOrRecipient => 3,
        }
    }

    /// Lets a caller in, or answers it.
    ///
    /// The token is taken to the second of its end, and not at all after it was revoked.
    pub(super) fn admit(self, world: &World, headers: &HeaderMap) -> Result<Caller, Refused> {
        let Some(token) = bearer(headers) else {
            return Err(self.challenge("Bearer").into());
        };
        let verified = verify::verify(world, token, 0).and_then(|verified| {
            if world.issued.contains(token) {
                Ok(verified)
            } else {
                Err(Rejected::UnknownKey)
            }
        });
        let verified = verified.map_err(|rejected| {
            if is_of_another_maskinporten(world, token) {
                not_exchanged()
            } else {
                self.challenge(&invalid_token(&rejected))
            }
        })?;
        self.check_scopes(&verified)?;
        Caller::of(&verified.claims).ok_or_else(|| StatusCode::FORBIDDEN.into_response().into())
    }

    fn check_scopes(self, verified: &Verified) -> Result<(), Refused> {
        let scopes = Scopes::of(&verified.claims);
        let sends = match verified.issuer {
            TokenIssuer::Altinn => scopes.has(WRITE),
            TokenIssuer::Maskinporten => scopes.has(WRITE) && scopes.has(SERVICE_OWNER),
        };
        let reads = self == Self::SenderOrRecipient && scopes.has(READ);
        if sends || reads {
            Ok(())
        } else {
            Err(StatusCode::FORBIDDEN.into_response().into())
        }
    }

    /// A 401 with a challenge from each scheme, and no body.
    fn challenge(self, challenge: &str) -> Response {
        let mut response = StatusCode::UNAUTHORIZED.into_response();
        if let Ok(challenge) = HeaderValue::try_from(challenge) {
            for _scheme in 0..self.schemes() {
                response
                    .headers_mut()
                    .append(WWW_AUTHENTICATE, challenge.clone());
            }
        }
        response
    }
}

/// Whether a token is an unexpired one of a Maskinporten that this platform does not pair with. The
/// API tells its bearer to exchange it, although the exchange would refuse it too.
fn is_of_another_maskinporten(world: &World, token: &str) -> bool {
    let Some(jws) = Jws::parse(token) else {
        return false;
    };
    let issuer = jws.claims.get("iss").and_then(Value::as_str);
    let exp = jws.claims.get("exp").and_then(Value::as_i64);
    jws.kid().is_some()
        && issuer.is_some_and(|issuer| issuer.contains("maskinporten.no"))
        && exp.is_some_and(|exp| exp > world.clock.seconds())
}

fn invalid_token(rejected: &Rejected) -> String {
    let description = match rejected {
        Rejected::Malformed => return r#"Bearer error="invalid_token""#.to_owned(),
        Rejected::UnknownKey => "The signature key was not found".to_owned(),
        Rejected::Signature => "The signature is invalid".to_owned(),
        // Control characters and quotes have no place in a header.
        Rejected::Issuer(issuer) => format!("The issuer '{}' is invalid", issuer.escape_default()),
        Rejected::NoExpiry => "The token has no expiration".to_owned(),
        Rejected::Expired(at) => {
            format!(
                "The token expired at '{}'",
                at.strftime("%m/%d/%Y %H:%M:%S")
            )
        }
    };
    format!(r#"Bearer error="invalid_token", error_description="{description}""#)
}

#[derive(Serialize)]
struct NotExchanged {
    title: &'static str,
    status: u16,
    detail: &'static str,
}

fn not_exchanged() -> Response {
    let body = NotExchanged {
        title: "IDX10205: Issuer validation failed",
        status: 403,
        detail: "Maskinporten token is not valid. Exchange to Altinn token and try again.",
    };
    let challenge = [(WWW_AUTHENTICATE, r#"Bearer error="invalid_token""#)];
    (StatusCode::FORBIDDEN, challenge, Json(body)).into_response()
}
