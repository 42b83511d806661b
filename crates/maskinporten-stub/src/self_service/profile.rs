//! What the self-service API knows of a client, and the token endpoint does not need.

use super::jwk::Jwk;

/// The names and settings of a client.
#[derive(Clone, Debug)]
pub(crate) struct Profile {
    pub(super) name: String,
    pub(super) description: String,
    /// The organisation that made the client for another one.
    pub(super) supplier: Option<String>,
    pub(super) authorization_lifetime: u32,
    /// In seconds; when not said, what the stub gives everybody.
    pub(crate) access_token_lifetime: Option<u32>,
    pub(super) refresh_token_lifetime: u32,
    /// The keys as they were posted; empty for keys that a test has registered.
    pub(super) jwks: Vec<Jwk>,
}

impl Profile {
    /// The one of a client that a test registers: its id is all that is known.
    pub(crate) fn named(client_id: &str) -> Self {
        Self {
            name: client_id.to_owned(),
            description: client_id.to_owned(),
            supplier: None,
            authorization_lifetime: 7200,
            access_token_lifetime: None,
            refresh_token_lifetime: 600,
            jwks: Vec::new(),
        }
    }
}
