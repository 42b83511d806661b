//! Answers that are right but for a member.

use axum::{
    body::{Body, to_bytes},
    http::{HeaderValue, header::CONTENT_LENGTH},
    response::Response,
};
use serde_json::{Map, Value};

use super::hostile::LONGEST;

/// Changes the JSON object in an answer as RFC 7396 has it; anything else stays as it is.
pub(super) async fn apply(response: Response, patch: Map<String, Value>) -> Response {
    let (mut parts, body) = response.into_parts();
    let bytes = to_bytes(body, LONGEST).await.unwrap_or_default();
    let Ok(mut answer @ Value::Object(_)) = serde_json::from_slice(&bytes) else {
        return Response::from_parts(parts, Body::from(bytes));
    };
    merge(&mut answer, Value::Object(patch));
    let changed = answer.to_string();
    let length = HeaderValue::from(changed.len());
    parts.headers.insert(CONTENT_LENGTH, length);
    Response::from_parts(parts, Body::from(changed))
}

fn merge(target: &mut Value, patch: Value) {
    let Value::Object(patch) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(members) = target else {
        return;
    };
    for (name, value) in patch {
        if value.is_null() {
            members.remove(&name);
        } else {
            merge(members.entry(name).or_insert(Value::Null), value);
        }
    }
}
