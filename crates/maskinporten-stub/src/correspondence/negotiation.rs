//! Media types: what a request brings, what it accepts, and ids in its path.

use axum::{
    http::{
        HeaderMap, StatusCode,
        header::{ACCEPT, CONTENT_TYPE},
    },
    response::IntoResponse,
};
use uuid::Uuid;

use super::{refused::Refused, validation::Findings};
use crate::problem;

pub(super) const JSON: &str = "application/json";
pub(super) const BYTES: &str = "application/octet-stream";
const FORM: &str = "multipart/form-data";

/// Refuses a body that is not JSON, before anybody looks at the token.
pub(super) fn brings_json(headers: &HeaderMap) -> Result<(), Refused> {
    brings(headers, JSON)
}

/// The same for forms with files.
pub(super) fn brings_form(headers: &HeaderMap) -> Result<(), Refused> {
    brings(headers, FORM)
}

fn brings(headers: &HeaderMap, expected: &str) -> Result<(), Refused> {
    match essence(headers) {
        Some(essence) if essence == expected => Ok(()),
        _ => Err(problem::framework(StatusCode::UNSUPPORTED_MEDIA_TYPE).into()),
    }
}

/// Refuses a body of any other declared type; one without a type is let through.
pub(super) fn brings_bytes(headers: &HeaderMap) -> Result<(), Refused> {
    match essence(headers) {
        Some(essence) if essence != BYTES => {
            Err(problem::framework(StatusCode::UNSUPPORTED_MEDIA_TYPE).into())
        }
        _ => Ok(()),
    }
}

fn essence(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(CONTENT_TYPE)?.to_str().unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default();
    Some(essence.trim().to_ascii_lowercase())
}

/// Whoever sends `Accept` must name the endpoint's type or `*/*`; `application/*` does not count.
pub(super) fn accepts(headers: &HeaderMap, kind: &str) -> Result<(), Refused> {
    let mut ranges = headers
        .get_all(ACCEPT)
        .iter()
        .flat_map(|value| value.to_str().unwrap_or_default().split(','))
        .map(|range| range.split(';').next().unwrap_or_default().trim())
        .peekable();
    let fits = |range: &str| range == "*/*" || range.eq_ignore_ascii_case(kind);
    if ranges.peek().is_none() || ranges.any(fits) {
        return Ok(());
    }
    let sentence = format!("This endpoint answers with {kind} only; Accept must allow it.");
    Err((StatusCode::NOT_ACCEPTABLE, sentence)
        .into_response()
        .into())
}

/// Reads the id in a path. The server's routes take any text, so this is a finding and no 404.
pub(super) fn id(name: &str, text: &str) -> Result<Uuid, Refused> {
    Uuid::try_parse(text)
        .map_err(|_error| Findings::one(name, format!("The value '{text}' is not valid.")).into())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn accept_must_name_json_or_anything() {
        for (accept, fits) in [
            (None, true),
            (Some("application/json"), true),
            (Some("text/html, application/JSON;q=0.1"), true),
            (Some("text/html, */*;q=0.8"), true),
            (Some("application/*"), false),
            (Some("text/plain"), false),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(accept) = accept {
                headers.insert(ACCEPT, HeaderValue::from_static(accept));
            }
            assert_eq!(accepts(&headers, JSON).is_ok(), fits, "{accept:?}");
        }
    }
}
