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
        } else {
            None
        }
    }
}
