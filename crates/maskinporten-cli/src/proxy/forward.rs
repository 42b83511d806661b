//! Requests, on their way to the API and back.

use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, Request, Response, StatusCode, Uri,
    header::{self, HeaderValue},
    uri::{Authority, PathAndQuery, Scheme},
};
use http_body_util::{BodyExt, Full, combinators::UnsyncBoxBody};
use hyper::body::Incoming;
use maskinporten::BoxError;
use tower::{Layer, ServiceExt};
use tower_maskinporten::{BearerAuth, BearerAuthLayer, Origins, TokenUnavailable, Tokens};

use super::client::{ApiClient, client};
use crate::failure::{Failure, chain};

pub(super) type Body = UnsyncBoxBody<Bytes, BoxError>;

/// What is between two neighbours only (RFC 9110 section 7.6.1).
const HOP_BY_HOP: [HeaderName; 8] = [
    header::CONNECTION,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HeaderName::from_static("keep-alive"),
];

pub(super) struct Forward {
    service: BearerAuth<ApiClient>,
    scheme: Scheme,
    authority: Authority,
    /// What comes before each path.
    prefix: String,
}

impl Forward {
    pub(super) fn new(tokens: Tokens, to: &Uri) -> Result<Self, Failure> {
        let (Some(scheme), Some(authority)) = (to.scheme(), to.authority()) else {
            return Err(Failure::new(
                "--to is a URL, such as https://platform.tt02.altinn.no.",
            ));
        };
        let origins = Origins::new([format!("{scheme}://{authority}")])?;
        // What the program at the other end has in the header is not for the API.
        let layer = BearerAuthLayer::new(tokens, origins).overriding();
        Ok(Self {
            service: layer.layer(client(to)?),
            scheme: scheme.clone(),
            authority: authority.clone(),
            prefix: to.path().trim_end_matches('/').to_owned(),
        })
    }

    pub(super) async fn send(&self, mut request: Request<Incoming>) -> Response<Body> {
        let uri = match self.uri(request.uri()) {
            Ok(uri) => uri,
            Err(error) => return text(StatusCode::BAD_REQUEST, &error.to_string()),
        };
        *request.uri_mut() = uri;
        *request.version_mut() = http::Version::HTTP_11;
        let headers = request.headers_mut();
        strip(headers);
        // The client writes that of the API.
        headers.remove(header::HOST);
        match self.service.clone().oneshot(request).await {
            Ok(mut answer) => {
                strip(answer.headers_mut());
                *answer.version_mut() = http::Version::HTTP_11;
                answer.map(|body| body.map_err(Into::into).boxed_unsync())
            }
            Err(error) => refused(&error),
        }
    }

    /// The same path and query, at the API.
    fn uri(&self, asked_for: &Uri) -> Result<Uri, http::Error> {
        let path = asked_for.path_and_query().map_or("/", PathAndQuery::as_str);
        Uri::builder()
            .scheme(self.scheme.clone())
            .authority(self.authority.clone())
            .path_and_query(format!("{}{path}", self.prefix))
            .build()
    }
}

/// Takes off what is between two neighbours only, and what they have named as such.
fn strip(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|names| names.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named.iter().chain(&HOP_BY_HOP) {
        headers.remove(name);
    }
}

/// Why there is no answer of the API's.
fn refused(error: &BoxError) -> Response<Body> {
    let Some(unavailable) = error.downcast_ref::<TokenUnavailable>() else {
        return text(StatusCode::BAD_GATEWAY, &chain(&**error));
    };
    let mut answer = text(StatusCode::SERVICE_UNAVAILABLE, &chain(unavailable));
    answer
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from_static("15"));
    answer
}

/// An answer of our own.
pub(super) fn text(status: StatusCode, text: &str) -> Response<Body> {
    let body = Full::from(format!("{text}\n"));
    let mut answer = Response::new(body.map_err(|never| match never {}).boxed_unsync());
    *answer.status_mut() = status;
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    answer.headers_mut().insert(header::CONTENT_TYPE, kind);
    answer
}
