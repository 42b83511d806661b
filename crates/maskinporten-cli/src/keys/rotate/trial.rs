//! Whether Maskinporten knows a key.

use maskinporten::{ClientKey, Grant, HttpClient, Maskinporten, Settings, TokenSource};
use serde_json::Value;

use super::journal::Rotation;
use crate::{failure::Failure, keys::jwk::to_json};

/// Asks for a token with the new key.
pub(super) struct Trial {
    source: Maskinporten<HttpClient>,
    grant: Grant,
}

impl Trial {
    /// `client` is as the self-service API shows it.
    pub(super) fn new(
        admin: Settings,
        client_id: &str,
        rotation: &Rotation,
        client: &Value,
    ) -> Result<Self, Failure> {
        let environment = admin.environment().cloned();
        let environment = environment
            .ok_or_else(|| Failure::new("Say which Maskinporten it is, with `--environment`."))?;
        let json = to_json(&rotation.key)?;
        let key = ClientKey::from_jwk(str::from_utf8(&json)?)?;
        let scope = client["scopes"][0].as_str().unwrap_or_default();
        Ok(Self {
            source: Maskinporten::new(environment, client_id, key, HttpClient::new()?),
            grant: Grant::new(scope)?,
        })
    }

    /// What is refused for another reason than the key has got past it.
    pub(super) async fn is_known(&self) -> Result<bool, Failure> {
        let Err(error) = self.source.fetch(&self.grant).await else {
            return Ok(true);
        };
        let Some(refusal) = error.refusal() else {
            // It may be a passing failure, and is tried again.
            return if error.is_transient() {
                Ok(false)
            } else {
                Err(error.into())
            };
        };
        let said = refusal.description().unwrap_or_default().to_lowercase();
        let is_for_the_key = refusal.code().is_none_or(|code| code.starts_with("MP-1"));
        Ok(!(is_for_the_key || said.contains("kid")))
    }
}
