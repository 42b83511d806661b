//! Who may call: tokens, scopes, and what others are told.

use axum::{
    Json,
    http::{HeaderMap, HeaderValue, StatusCode, header::WWW_AUTHENTICATE},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::Value;

use super::{
    caller::{Caller, END_USER, READ, SERVICE_OWNER, Scopes, WRITE},
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
    Recipient,
    SenderOrRecipient,
    Download,
}

impl Policy {
    /// The authentication schemes that challenge with `Bearer`: Altinn's; for senders
    /// Maskinporten's; for readers Dialogporten's. A browser's session is not such a scheme.
    fn schemes(self) -> usize {
        match self {
            Self::Sender | Self::Recipient | Self::Download => 2,
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
        match verify::verify(world, token, 0) {
            Ok(verified) if self.takes(verified.issuer) => {
                if !world.issued.contains(token) {
                    let unknown = invalid_token(&Rejected::UnknownKey);
                    return Err(self.challenge(&unknown).into());
                }
                self.check_scopes(&verified)?;
                Ok(Caller::of(&verified.claims))
            }
            Err(rejected) if !is_of_maskinporten(world, token) => {
                Err(self.challenge(&invalid_token(&rejected)).into())
            }
            Ok(_) | Err(_) => Err(not_exchanged().into()),
        }
    }

    /// Recipients must exchange.
    fn takes(self, issuer: TokenIssuer) -> bool {
        match issuer {
            TokenIssuer::Altinn => true,
            TokenIssuer::Maskinporten => matches!(self, Self::Sender | Self::SenderOrRecipient),
        }
    }

    fn check_scopes(self, verified: &Verified) -> Result<(), Refused> {
        let scopes = Scopes::of(&verified.claims);
        let sends = scopes.has(WRITE)
            && match verified.issuer {
                TokenIssuer::Altinn => true,
                TokenIssuer::Maskinporten => scopes.has(SERVICE_OWNER),
            };
        let reads = scopes.has(READ);
        let fits = match self {
            Self::Sender => sends,
            Self::Recipient => reads,
            Self::SenderOrRecipient => sends || reads,
            Self::Download => reads || scopes.has(END_USER),
        };
        if fits {
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

/// Whether a token is an unexpired one of a Maskinporten, judged by its claims alone. The API tells
/// its bearer to exchange it, although the exchange would refuse one of another Maskinporten too.
fn is_of_maskinporten(world: &World, token: &str) -> bool {
    let Some(jws) = Jws::parse(token) else {
        return false;
    };
    let issuer = jws.claims.get("iss").and_then(Value::as_str);
    let exp = jws.claims.get("exp").and_then(Value::as_i64);
    jws.kid().is_some()
        && issuer
            .is_some_and(|issuer| issuer.contains("maskinporten.no") || issuer == world.issuer())
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
