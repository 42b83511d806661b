//! The services that faults are injected into.

use serde::{Deserialize, Serialize};

/// The service a fault is injected into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Route {
    /// `POST /token` at Maskinporten.
    Token,
    /// Altinn's token exchange.
    Exchange,
    /// Everything under `/correspondence/api/v1`.
    Correspondence,
    /// What Maskinporten and Altinn publish: metadata and keys.
    Metadata,
    /// Altinn's system register, and the requests for system users.
    SystemUsers,
    /// The self-service API: clients, their keys, and scopes.
    SelfService,
}

impl Route {
    pub(crate) fn of_path(path: &str) -> Option<Self> {
        if path == "/token" {
            Some(Self::Token)
        } else if path.starts_with("/authentication/api/v1/exchange/") {
            Some(Self::Exchange)
        } else if path.starts_with("/correspondence/api/v1/") {
            Some(Self::Correspondence)
        } else if path == "/jwk"
            || path.starts_with("/.well-known/")
            || path.starts_with("/authentication/api/v1/openid/.well-known/")
        {
            Some(Self::Metadata)
        } else if path.starts_with("/authentication/api/v1/system") {
            Some(Self::SystemUsers)
        } else if is_self_service(path) {
            Some(Self::SelfService)
        } else {
            None
        }
    }
}

/// The same under each of its three addresses.
fn is_self_service(path: &str) -> bool {
    let bases = ["/external/api/v1", "/api/v1", ""];
    bases.iter().any(|base| {
        let resource = path.strip_prefix(base).unwrap_or_default();
        ["/clients", "/scopes", "/delegationsources"]
            .iter()
            .any(|name| resource.starts_with(name))
    })
}
