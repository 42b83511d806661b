//! Everything one stub knows, shared by the services it stands in for.

use crate::{
    clock::Clock, correspondence::Store, fault::Faults, issued::Issued, keys::Keys,
    lifetime::Lifetime, maskinporten::Replays, recorder::Recorder, registry::Registry,
    system_users::SystemUsers,
};

/// The state of one stub.
#[derive(Debug)]
pub(crate) struct World {
    /// `http://127.0.0.1:<port>`
    pub(crate) base_url: String,
    pub(crate) keys: &'static Keys,
    pub(crate) clock: Clock,
    pub(crate) token_lifetime: Lifetime,
    pub(crate) altinn_token_lifetime: Lifetime,
    pub(crate) key_propagation: Lifetime,
    pub(crate) registry: Registry,
    pub(crate) replays: Replays,
    pub(crate) issued: Issued,
    pub(crate) faults: Faults,
    pub(crate) recorder: Recorder,
    pub(crate) store: Store,
    pub(crate) system_users: SystemUsers,
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
}
