//! What the stub was asked, without the secrets.

mod log;
mod recorded;

use std::sync::Arc;

use axum::{
    body::to_bytes,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header::AUTHORIZATION},
    middleware::Next,
    response::{IntoResponse, Response},
};

pub(crate) use log::{MOST, Recorder};
pub use recorded::Recorded;

use self::log::RequestId;
use crate::{
    controls,
    fault::{Reset, Route, Struck},
    maskinporten::Trail,
    world::World,
};

/// No form with one assertion is longer.
const FORM_LIMIT: usize = 1 << 20;

/// Records the request when it comes, and its status when it is answered.
pub(crate) async fn record(
    State(world): State<Arc<World>>,
    mut request: Request,
    next: Next,
) -> Response {
    if controls::owns(request.uri().path()) {
        return next.run(request).await;
    }
    let method = request.method().as_str();
    let mut recorded = Recorded::new(method, request.uri().path(), world.clock.now());
    let presented = bearer(request.headers()).map(|token| {
        recorded.carried(token);
        recorded.sha256().unwrap_or_default().to_owned()
    });
    let is_grant = recorded.route() == Some(Route::Token);
    let id = world.recorder.begin(recorded);
    if is_grant {
        // Read here and not where it is checked, so that a fault in between hides nothing.
        let (parts, body) = request.into_parts();
        let Ok(body) = to_bytes(body, FORM_LIMIT).await else {
            update(&world, id, |request| request.status = Some(413));
            return StatusCode::PAYLOAD_TOO_LARGE.into_response();
        };
        if let Some(assertion) = assertion(&body) {
            update(&world, id, |request| request.carried(&assertion));
        }
        request = Request::from_parts(parts, body.into());
    }
    let path = request.uri().path().to_owned();
    let mut response = next.run(request).await;
    let extensions = response.extensions_mut();
    let trail = extensions.remove::<Trail>();
    let fault = extensions.remove::<Struck>();
    let status = match extensions.get::<Reset>() {
        Some(Reset) => None,
        None => Some(response.status().as_u16()),
    };
    if let Some(sha256) = presented {
        let now = world.clock.now();
        world.issued.used(&sha256, now, &path, status);
    }
    update(&world, id, |request| {
        request.status = status;
        request.fault = fault.map(|Struck(kind)| kind);
        request.trail = trail;
    });
    response
}

/// Changes what is recorded, and tells those who watch.
fn update(world: &World, id: RequestId, change: impl FnOnce(&mut Recorded)) {
    let tell = |request: &Recorded| world.events.asked(request);
    world.recorder.update(id, change, tell);
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
