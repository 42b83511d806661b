//! Who may call: tokens, scopes, and what others are told.

use axum::{
    Json,
    http::{HeaderMap, HeaderValue, StatusCode, header::WWW_AUTHENTICATE},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::{
    caller::{Caller, READ, SERVICE_OWNER, Scopes, WRITE},
    refused::Refused,
};
use crate::{
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
        let verified = verified.map_err(|rejected| self.challenge(&invalid_token(&rejected)))?;
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
        match verified.issuer {
            _ if sends || reads => Ok(()),
            TokenIssuer::Altinn => Err(StatusCode::FORBIDDEN.into_response().into()),
            TokenIssuer::Maskinporten => Err(not_exchanged().into()),
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
