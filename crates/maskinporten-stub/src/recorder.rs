//! What the stub was asked, without the secrets.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::{
    body::to_bytes,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header::AUTHORIZATION},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde_json::Value;

use crate::{
    fault::{Reset, Route},
    jws::{self, Jws},
    world::World,
};

/// No form with one assertion is longer.
const FORM_LIMIT: usize = 1 << 20;

/// One request, as [`Stub::requests`](crate::Stub::requests) gives it.
///
/// It never holds a token or an assertion: those are kept as their claims and a hash.
#[derive(Clone, Debug)]
pub struct Recorded {
    method: String,
    path: String,
    status: Option<u16>,
    claims: Option<Value>,
    sha256: Option<String>,
}

impl Recorded {
    /// The method, in upper case.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The path, without the query.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The status answered; none when the connection was closed first.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// The claims of the assertion or of the bearer token, if it could be read. Not verified.
    #[must_use]
    pub fn claims(&self) -> Option<&Value> {
        self.claims.as_ref()
    }

    /// The SHA-256 of the assertion or of the bearer token, in hexadecimal digits.
    #[must_use]
    pub fn sha256(&self) -> Option<&str> {
        self.sha256.as_deref()
    }

    fn carried(&mut self, token: &str) {
        self.claims = Jws::parse(token).map(|jws| Value::Object(jws.claims));
        self.sha256 = Some(jws::sha256_hex(token));
    }
}

/// The requests of one stub, in the order of their arrival.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    log: Mutex<Log>,
}

#[derive(Debug, Default)]
struct Log {
    cleared: usize,
    requests: Vec<Recorded>,
}

/// Finds a request that is still being answered.
#[derive(Clone, Copy, Debug)]
struct RequestId(usize);

impl Recorder {
    pub(crate) fn requests(&self) -> Vec<Recorded> {
        self.lock().requests.clone()
    }

    pub(crate) fn count(&self, route: Route) -> usize {
        let of_route = |request: &&Recorded| Route::of_path(&request.path) == Some(route);
        self.lock().requests.iter().filter(of_route).count()
    }

    pub(crate) fn clear(&self) {
        let mut log = self.lock();
        log.cleared = log.cleared.saturating_add(log.requests.len());
        log.requests.clear();
    }

    fn begin(&self, request: Recorded) -> RequestId {
        let mut log = self.lock();
        log.requests.push(request);
        RequestId(log.cleared.saturating_add(log.requests.len()))
    }

    /// Does nothing when the request has been cleared away in the meantime.
    fn update(&self, RequestId(id): RequestId, change: impl FnOnce(&mut Recorded)) {
        let mut log = self.lock();
        let index = id.checked_sub(log.cleared).and_then(|id| id.checked_sub(1));
        if let Some(request) = index.and_then(|index| log.requests.get_mut(index)) {
            change(request);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Records the request when it comes, and its status when it is answered.
pub(crate) async fn record(
    State(world): State<Arc<World>>,
    mut request: Request,
    next: Next,
) -> Response {
    let mut recorded = Recorded {
        method: request.method().to_string(),
        path: request.uri().path().to_owned(),
        status: None,
        claims: None,
        sha256: None,
    };
    if let Some(token) = bearer(request.headers()) {
        recorded.carried(token);
    }
    let recorder = &world.recorder;
    let id = recorder.begin(recorded);
    if Route::of_path(request.uri().path()) == Some(Route::Token) {
        // Read here and not where it is checked, so that a fault in between hides nothing.
        let (parts, body) = request.into_parts();
        let Ok(body) = to_bytes(body, FORM_LIMIT).await else {
            recorder.update(id, |request| request.status = Some(413));
            return StatusCode::PAYLOAD_TOO_LARGE.into_response();
        };
        if let Some(assertion) = assertion(&body) {
            recorder.update(id, |request| request.carried(&assertion));
        }
        request = Request::from_parts(parts, body.into());
    }
    let response = next.run(request).await;
    if response.extensions().get::<Reset>().is_none() {
        let status = response.status().as_u16();
        recorder.update(id, |request| request.status = Some(status));
    }
    response
}

fn assertion(form: &[u8]) -> Option<String> {
    form_urlencoded::parse(form)
        .find(|(name, _value)| name == "assertion")
        .map(|(_name, value)| value.into_owned())
}

/// The token of an `Authorization: Bearer` header; the scheme's case does not matter.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}
