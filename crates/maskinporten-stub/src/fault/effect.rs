//! What a client meets when a fault strikes.

use std::time::Duration;

use axum::{
    Json,
    extract::Request,
    http::{
        HeaderValue, StatusCode,
        header::{CONTENT_TYPE, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE},
    },
    middleware::Next,
    response::{Html, IntoResponse, Response},
};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Reset, hostile, patch};
use crate::{clock, correspondence, drain::drain, world::World};

/// A fault's effect, as the HTTP interface writes it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Effect {
    Status {
        status: u16,
        #[serde(default)]
        body: Body,
    },
    Delay {
        milliseconds: u64,
    },
    Reset {},
    HalfAnswer {},
    EndlessBody {},
    MergePatch {
        patch: Map<String, Value>,
    },
    Unauthorized {
        challenge: Unauthorized,
    },
    /// With the header `Retry-After` as seconds, or as the date that many seconds from now.
    TooManyRequests {
        retry_after_seconds: u64,
        #[serde(default)]
        as_date: bool,
    },
    Redirect {
        location: String,
    },
}

/// What stands in an error answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Body {
    /// Nothing.
    Empty,
    /// An HTML page, as gateways send it.
    #[default]
    Html,
    /// JSON with `error` and `error_description`, as OAuth servers send it. The error is
    /// `temporarily_unavailable` for a status of 500 or more, `invalid_request` otherwise.
    OauthError,
}

/// The ways in which the Correspondence API says 401.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Unauthorized {
    /// A bare `Bearer` challenge: there was no token.
    Bearer,
    /// A challenge with `invalid_token`: the token is not good (any more).
    InvalidToken,
    /// The problem CORR-04001, without a challenge: the token is good, but its holder has no
    /// access. Not a reason for a new token.
    NoAccess,
}

impl Effect {
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Status { .. } => "status",
            Self::Delay { .. } => "delay",
            Self::Reset {} => "reset",
            Self::HalfAnswer {} => "half_answer",
            Self::EndlessBody {} => "endless_body",
            Self::MergePatch { .. } => "merge_patch",
            Self::Unauthorized { .. } => "unauthorized",
            Self::TooManyRequests { .. } => "too_many_requests",
            Self::Redirect { .. } => "redirect",
        }
    }

    /// What is wrong with it, in a sentence.
    pub(super) fn problem(&self) -> Option<&'static str> {
        match self {
            Self::Status { status, .. } if !(200..=599).contains(status) => {
                Some("`status` must be from 200 to 599")
            }
            Self::Redirect { location } if HeaderValue::from_str(location).is_err() => {
                Some("`location` has a character that no header may have")
            }
            _ => None,
        }
    }

    pub(super) async fn strike(self, world: &World, request: Request, next: Next) -> Response {
        match self {
            Self::Delay { milliseconds } => {
                tokio::time::sleep(Duration::from_millis(milliseconds)).await;
                next.run(request).await
            }
            Self::Reset {} => {
                let mut response = next.run(request).await;
                response.extensions_mut().insert(Reset);
                response
            }
            Self::HalfAnswer {} => hostile::half(next.run(request).await).await,
            Self::MergePatch { patch } => patch::apply(next.run(request).await, patch).await,
            instead => {
                drain(request.into_body()).await;
                instead.answer(world)
            }
        }
    }

    /// The answer of an effect that processes nothing.
    fn answer(self, world: &World) -> Response {
        match self {
            Self::Status { status, body } => {
                let status = StatusCode::from_u16(status);
                body.answer(status.unwrap_or(StatusCode::SERVICE_UNAVAILABLE))
            }
            Self::Unauthorized { challenge } => challenge.answer(),
            Self::TooManyRequests {
                retry_after_seconds: seconds,
                as_date,
            } => {
                let after = if as_date {
                    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
                    let wait = SignedDuration::from_secs(seconds);
                    clock::http_date(clock::after(world.clock.now(), wait))
                } else {
                    seconds.to_string()
                };
                let too_many = StatusCode::TOO_MANY_REQUESTS;
                (too_many, [(RETRY_AFTER, after)]).into_response()
            }
            // 307, since it is the one that makes a careless client send its assertion on.
            Self::Redirect { location } => {
                (StatusCode::TEMPORARY_REDIRECT, [(LOCATION, location)]).into_response()
            }
            Self::EndlessBody {} => hostile::endless(world.events.watch().1),
            Self::Delay { .. } | Self::Reset {} | Self::HalfAnswer {} | Self::MergePatch { .. } => {
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}

impl Body {
    fn answer(self, status: StatusCode) -> Response {
        const PAGE: &str = "<html><body>Injected by the test</body></html>";
        match self {
            Self::Empty => status.into_response(),
            Self::Html => (status, Html(PAGE)).into_response(),
            Self::OauthError => {
                let error = if status.is_server_error() {
                    "temporarily_unavailable"
                } else {
                    "invalid_request"
                };
                let body = json!({"error": error, "error_description": "Injected by the test"});
                (status, Json(body)).into_response()
            }
        }
    }
}

impl Unauthorized {
    fn answer(self) -> Response {
        let challenge = match self {
            Self::Bearer => "Bearer",
            Self::InvalidToken => {
                r#"Bearer error="invalid_token", error_description="The signature key was not found""#
            }
            Self::NoAccess => return correspondence::no_access(),
        };
        let mut response = StatusCode::UNAUTHORIZED.into_response();
        let headers = response.headers_mut();
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        headers.remove(CONTENT_TYPE);
        response
    }
}
