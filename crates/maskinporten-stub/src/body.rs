//! JSON bodies: read, or refused.

use axum::http::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{problem, refused::Refused};

pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refused> {
    serde_json::from_slice(body).map_err(refused)
}

/// The same for what is JSON already.
pub(crate) fn convert<T: DeserializeOwned>(value: Value) -> Result<T, Refused> {
    serde_json::from_value(value).map_err(refused)
}

fn refused(error: serde_json::Error) -> Refused {
    let detail = format!("The body cannot be read: {error}");
    problem::detailed(StatusCode::BAD_REQUEST, &detail).into()
}
