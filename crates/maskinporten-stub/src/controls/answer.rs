//! Small JSON, for those who ask the stub itself.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

/// `{"ok": true}`.
pub(super) fn done() -> Response {
    Json(json!({"ok": true})).into_response()
}

/// Something to know.
pub(super) fn found(value: &impl Serialize) -> Response {
    Json(value).into_response()
}

/// `{"error": "…"}` with a sentence that helps.
pub(super) fn refuse(status: StatusCode, why: &str) -> Response {
    (status, Json(json!({"error": why}))).into_response()
}

/// Reads a body of JSON, or refuses with what is wrong with it.
#[expect(clippy::result_large_err, reason = "it is answered at once")]
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Response> {
    serde_json::from_slice(body).map_err(|error| {
        refuse(
            StatusCode::BAD_REQUEST,
            &format!("The body is not the JSON that is needed here: {error}."),
        )
    })
}

pub(super) async fn not_found() -> Response {
    refuse(
        StatusCode::NOT_FOUND,
        "There is no such thing under /_stub/. There are /_stub/ (a page), and state, requests, \
         events, faults, actions, scenario and reset.",
    )
}

pub(super) async fn wrong_method() -> Response {
    refuse(
        StatusCode::METHOD_NOT_ALLOWED,
        "Ask for state, requests, events and faults with GET; change with POST; take faults and \
         requests away with DELETE.",
    )
}
