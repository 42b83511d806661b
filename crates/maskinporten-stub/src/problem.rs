//! Problem details (RFC 9457) as ASP.NET and Altinn write them.

use axum::{
    Json,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use uuid::Uuid;

pub(crate) const PROBLEM_JSON: &str = "application/problem+json; charset=utf-8";

/// The framework's own problem details.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Framework<'a> {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    trace_id: String,
}

/// An answer that ASP.NET gives by itself, without a code.
pub(crate) fn framework(status: StatusCode) -> Response {
    answer(status, None)
}

/// The same with a sentence about what is wrong.
pub(crate) fn detailed(status: StatusCode, detail: &str) -> Response {
    answer(status, Some(detail))
}

/// The stub keeps no more: who fills its registers must not fill the memory.
pub(crate) fn full() -> Response {
    let detail = "The stub keeps no more of these. Start a new one";
    detailed(StatusCode::INSUFFICIENT_STORAGE, detail)
}

fn answer(status: StatusCode, detail: Option<&str>) -> Response {
    let body = Framework {
        r#type: kind(status),
        title: status.canonical_reason().unwrap_or_default(),
        status: status.as_u16(),
        detail,
        trace_id: trace_id(),
    };
    (status, [(CONTENT_TYPE, PROBLEM_JSON)], Json(body)).into_response()
}

/// The section that describes a status.
pub(crate) fn kind(status: StatusCode) -> &'static str {
    match status.as_u16() {
        400 => "https://tools.ietf.org/html/rfc9110#section-15.5.1",
        401 => "https://tools.ietf.org/html/rfc9110#section-15.5.2",
        403 => "https://tools.ietf.org/html/rfc9110#section-15.5.4",
        404 => "https://tools.ietf.org/html/rfc9110#section-15.5.5",
        409 => "https://tools.ietf.org/html/rfc9110#section-15.5.10",
        415 => "https://tools.ietf.org/html/rfc9110#section-15.5.16",
        422 => "https://tools.ietf.org/html/rfc9110#section-15.5.21",
        500 => "https://tools.ietf.org/html/rfc9110#section-15.6.1",
        502 => "https://tools.ietf.org/html/rfc9110#section-15.6.3",
        _ => "about:blank",
    }
}

/// A trace id in the form of W3C Trace Context.
pub(crate) fn trace_id() -> String {
    let trace = Uuid::new_v4().simple().to_string();
    let span = Uuid::new_v4().simple().to_string();
    let span = span.get(..16).unwrap_or_default();
    format!("00-{trace}-{span}-01")
}
