//! Which keys are registered, with the new one and without the old. Pure.

use serde_json::Value;

use super::journal::Rotation;
use crate::{failure::Failure, keys::jwk::to_json, self_service::MOST_KEYS};

/// Those that are there, and the new one. Those that were named make room.
pub(super) fn with(
    mut registered: Vec<Value>,
    rotation: &Rotation,
    prune: &[String],
) -> Result<Vec<Value>, Failure> {
    if registered.iter().any(|key| key["kid"] == rotation.kid()) {
        return Ok(registered);
    }
    if registered.len() >= MOST_KEYS {
        registered.retain(|key| key["kid"] == rotation.old.as_str() || !is_named(key, prune));
    }
    if registered.len() >= MOST_KEYS {
        let kids: Vec<_> = registered
            .iter()
            .filter_map(|key| key["kid"].as_str())
            .collect();
        return Err(Failure::new(format!(
            "The client has {} keys already, and no more are taken: {}. Name one that nobody uses, with --prune KID.",
            registered.len(),
            kids.join(", ")
        )));
    }
    let json = to_json(&rotation.key.registered()?)?;
    registered.push(serde_json::from_slice(&json)?);
    Ok(registered)
}

/// Those that are there, but for the old one and those that were named.
pub(super) fn without(
    mut registered: Vec<Value>,
    rotation: &Rotation,
    prune: &[String],
) -> Vec<Value> {
    registered.retain(|key| {
        key["kid"] == rotation.kid()
            || (key["kid"] != rotation.old.as_str() && !is_named(key, prune))
    });
    registered
}

fn is_named(key: &Value, kids: &[String]) -> bool {
    kids.iter().any(|kid| key["kid"] == kid.as_str())
}
