//! A client as it is posted: what must be in it, and what it does to a registered one.

use serde::Deserialize;
use serde_json::Value;

use crate::client::Client;

const INTEGRATION_TYPE: &str = "maskinporten";
const APPLICATION_TYPE: &str = "web";
const AUTH_METHOD: &str = "private_key_jwt";
const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// Members that mean something to Maskinporten; others are taken and forgotten.
#[derive(Debug, Deserialize)]
pub(super) struct Order {
    pub(super) client_id: Option<String>,
    pub(super) client_orgno: Option<String>,
    client_name: String,
    description: String,
    integration_type: String,
    application_type: Option<String>,
    token_endpoint_auth_method: Option<String>,
    grant_types: Option<Vec<String>>,
    scopes: Vec<String>,
    authorization_lifetime: Option<u32>,
    access_token_lifetime: Option<u32>,
    refresh_token_lifetime: Option<u32>,
    active: Option<bool>,
    created: Option<Value>,
    last_updated: Option<Value>,
}

impl Order {
    /// What is wrong with it, if something is.
    pub(super) fn problem(&self) -> Option<&'static str> {
        let is_or_missing =
            |given: &Option<String>, must: &str| given.as_ref().is_none_or(|given| given == must);
        let grants = self.grant_types.as_ref();
        if self.integration_type != INTEGRATION_TYPE {
            return Some("integration_type is not maskinporten; the stub has no other clients");
        }
        if !is_or_missing(&self.application_type, APPLICATION_TYPE) {
            return Some("application_type is not web");
        }
        if !is_or_missing(&self.token_endpoint_auth_method, AUTH_METHOD) {
            return Some("token_endpoint_auth_method is not private_key_jwt");
        }
        if grants.is_some_and(|grants| !grants.iter().any(|grant| grant == GRANT_TYPE)) {
            return Some("grant_types does not have the JWT bearer grant");
        }
        if self.client_name.is_empty() || self.description.is_empty() {
            return Some("client_name or description is empty");
        }
        if self.scopes.is_empty() {
            return Some("scopes is empty");
        }
        if self
            .scopes
            .iter()
            .any(|scope| !super::scope::is_name(scope))
        {
            return Some("a scope is not of the form prefix:subscope");
        }
        if self.created.is_some() || self.last_updated.is_some() {
            return Some("created and last_updated are not the client's to set");
        }
        None
    }

    /// Replaces what the client is; its id, organisation and keys stay.
    pub(super) fn apply(self, client: &mut Client) {
        let mut scopes = self.scopes;
        // What a test has said of a scope still holds.
        for known in [
            &mut client.scopes,
            &mut client.not_granted,
            &mut client.not_for_maskinporten,
        ] {
            known.retain(|scope| scopes.contains(scope));
            scopes.retain(|scope| !known.contains(scope));
        }
        client.requested = scopes;
        client.active = self.active.unwrap_or(true);
        let profile = &mut client.profile;
        profile.name = self.client_name;
        profile.description = self.description;
        profile.authorization_lifetime = self.authorization_lifetime.unwrap_or(7200);
        profile.access_token_lifetime = self.access_token_lifetime;
        profile.refresh_token_lifetime = self.refresh_token_lifetime.unwrap_or(600);
    }
}
