//! `GET /_stub/state`: everything the stub knows, but for what was asked.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use serde_json::{Value, json};

use super::answer::found;
use crate::{registered::Registered, world::World};

pub(super) async fn state(State(world): State<Arc<World>>) -> Response {
    let now = world.clock.now();
    let mut clients = world.registry.clients(|_all| true);
    clients.sort_by(|one, other| one.client.id.cmp(&other.client.id));
    let clients: Vec<Value> = clients.iter().map(client).collect();
    let kept = world.store.listing(now, &world.registry);
    found(&json!({
        "issuer": world.issuer(),
        "clock": {"now": now, "offset_seconds": world.clock.offset_seconds()},
        "lifetimes": {
            "maskinporten_token_seconds": world.token_lifetime.seconds(),
            "altinn_token_seconds": world.altinn_token_lifetime.seconds(),
            "key_propagation_seconds": world.key_propagation.seconds(),
        },
        "kid": world.ring.maskinporten().kid,
        "faults": world.faults.list(),
        "scenario_steps_left": world.scenario.steps_left(),
        "clients": clients,
        "tokens": world.issued.lives(),
        "attachments": kept.attachments,
        "correspondences": kept.correspondences,
    }))
}

fn client(registered: &Registered) -> Value {
    let client = &registered.client;
    let kids: Vec<&String> = client.keys.iter().map(|(kid, _key)| kid).collect();
    json!({
        "client_id": client.id,
        "organisation": client.organisation,
        "active": client.active,
        "scopes": client.scopes,
        "scopes_not_granted": client.not_granted,
        "scopes_not_for_maskinporten": client.not_for_maskinporten,
        "kids": kids,
        "keys_end": registered.keys_end,
    })
}
