//! JSON bodies of the APIs that name their members exactly.

use axum::http::StatusCode;
use serde::de::DeserializeOwned;

use crate::{problem, refused::Refused};

/// Reads a body; the answer when it is not of that shape.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refused> {
    serde_json::from_slice(body).map_err(|error| {
        let detail = format!("The body cannot be read: {error}");
        problem::detailed(StatusCode::BAD_REQUEST, &detail).into()
    })
}
