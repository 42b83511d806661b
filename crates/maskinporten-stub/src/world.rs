//! Everything one stub knows, shared by the services it stands in for.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use crate::{
    clock::Clock, controls::Hosts, correspondence::Store, events::Events, fault::Faults,
    issued::Issued, keys::Keys, lifetime::Lifetime, maskinporten::Replays, recorder::Recorder,
    registry::Registry, ring::KeyRing, scenario::Scenario, system_users::SystemUsers,
};

/// The state of one stub.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) address: SocketAddr,
    /// `http://127.0.0.1:<port>`
    pub(crate) base_url: String,
    pub(crate) hosts: Hosts,
    pub(crate) keys: Arc<Keys>,
    pub(crate) ring: KeyRing,
    pub(crate) clock: Clock,
    pub(crate) token_lifetime: Lifetime,
    pub(crate) altinn_token_lifetime: Lifetime,
    pub(crate) key_propagation: Lifetime,
    pub(crate) registry: Registry,
    pub(crate) replays: Replays,
    pub(crate) issued: Issued,
    pub(crate) faults: Faults,
    pub(crate) scenario: Scenario,
    pub(crate) recorder: Recorder,
    pub(crate) events: Events,
    pub(crate) store: Store,
    pub(crate) system_users: SystemUsers,
    /// What chance begins with.
    pub(crate) seed: u64,
    pub(crate) beginning: Beginning,
}

/// What was chosen when the stub started, to return to.
#[derive(Clone, Debug)]
pub(crate) struct Beginning {
    pub(crate) token_lifetime: Duration,
    pub(crate) altinn_token_lifetime: Duration,
    pub(crate) key_propagation: Duration,
    pub(crate) clock_offset: i64,
}

impl World {
    /// The issuer of Maskinporten's tokens.
    pub(crate) fn issuer(&self) -> String {
        format!("{}/", self.base_url)
    }

    /// The issuer of Altinn's tokens.
    pub(crate) fn altinn_issuer(&self) -> String {
        format!("{}/authentication/api/v1/openid/", self.base_url)
    }

    /// Forgets all that happened. What is registered stays, and so do the keys.
    pub(crate) fn reset(&self) {
        self.faults.heal();
        self.scenario.end();
        self.recorder.clear();
        self.issued.clear();
        self.replays.clear();
        self.store.clear();
        let beginning = &self.beginning;
        self.clock.set_offset(beginning.clock_offset);
        self.token_lifetime.set(beginning.token_lifetime);
        let altinn = &self.altinn_token_lifetime;
        altinn.set(beginning.altinn_token_lifetime);
        self.key_propagation.set(beginning.key_propagation);
        self.events.changed();
    }
}
