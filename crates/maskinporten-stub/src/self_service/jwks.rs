//! `/clients/{id}/jwks`: a client's keys, replaced as a whole.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::IntoResponse,
};
use jiff::SignedDuration;
use serde::Serialize;

use super::{
    admin::{self, Admin},
    clients::change,
    iso,
    jwk::{Dated, Jwk},
    key_set::KeySet,
};
use crate::{refused::Answer, registered::Registered, rsa::PublicKey, world::World};

#[derive(Debug, Serialize)]
struct View {
    keys: Vec<Dated>,
    created: String,
    last_updated: String,
}

impl View {
    fn of(registered: &Registered) -> Self {
        let client = &registered.client;
        let jwk = |(kid, key): &(String, PublicKey)| {
            let posted = client.profile.jwks.iter().find(|jwk| jwk.kid == *kid);
            let registered = || serde_json::from_value::<Jwk>(key.jwk(kid)).ok();
            posted.cloned().or_else(registered)
        };
        let until = registered.keys_end.as_second();
        let keys = client.keys.iter().filter_map(jwk);
        Self {
            keys: keys.map(|jwk| jwk.until(until)).collect(),
            created: iso(registered.keys_updated),
            last_updated: iso(registered.keys_updated),
        }
    }
}

pub(super) async fn show(
    State(world): State<Arc<World>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer {
    let admin = Admin::of(&world, &headers, admin::READ)?;
    change(&world, &admin, &id, |registered| {
        Ok(Json(View::of(registered)).into_response())
    })
}

/// New keys work when they have propagated; those that are left out stop working at once.
pub(super) async fn replace(
    State(world): State<Arc<World>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let admin = Admin::of(&world, &headers, admin::CHANGE)?;
    let KeySet { keys, jwks } = KeySet::read(&body)?;
    let now = world.clock.now();
    let propagation = SignedDuration::from_secs(world.key_propagation.seconds());
    change(&world, &admin, &id, |registered| {
        registered.set_keys(keys, now, propagation);
        registered.client.profile.jwks = jwks;
        Ok(Json(View::of(registered)).into_response())
    })
}

pub(super) async fn remove(
    State(world): State<Arc<World>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer {
    let admin = Admin::of(&world, &headers, admin::CHANGE)?;
    let now = world.clock.now();
    change(&world, &admin, &id, |registered| {
        registered.set_keys(Vec::new(), now, SignedDuration::ZERO);
        registered.client.profile.jwks = Vec::new();
        Ok(StatusCode::NO_CONTENT.into_response())
    })
}
