//! A client as the API shows it.

use serde::Serialize;

use super::iso;
use crate::registered::Registered;

/// The members in the order of the real ones.
#[derive(Debug, Serialize)]
pub(super) struct View {
    client_id: String,
    client_name: String,
    description: String,
    client_orgno: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    supplier_orgno: Option<String>,
    integration_type: &'static str,
    application_type: &'static str,
    token_endpoint_auth_method: &'static str,
    grant_types: [&'static str; 1],
    scopes: Vec<String>,
    authorization_lifetime: u32,
    access_token_lifetime: u32,
    refresh_token_lifetime: u32,
    refresh_token_usage: &'static str,
    active: bool,
    created: String,
    last_updated: String,
}

impl View {
    pub(super) fn of(registered: &Registered) -> Self {
        let client = &registered.client;
        let profile = client.profile.clone();
        let scopes = [
            &client.scopes,
            &client.not_granted,
            &client.not_for_maskinporten,
            &client.requested,
        ];
        Self {
            client_id: client.id.clone(),
            client_name: profile.name,
            description: profile.description,
            client_orgno: client.organisation.clone(),
            supplier_orgno: profile.supplier,
            integration_type: "maskinporten",
            application_type: "web",
            token_endpoint_auth_method: "private_key_jwt",
            grant_types: ["urn:ietf:params:oauth:grant-type:jwt-bearer"],
            scopes: scopes.into_iter().flatten().cloned().collect(),
            authorization_lifetime: profile.authorization_lifetime,
            access_token_lifetime: profile.access_token_lifetime.unwrap_or(120),
            refresh_token_lifetime: profile.refresh_token_lifetime,
            refresh_token_usage: "ONETIME",
            active: client.active,
            created: iso(registered.created),
            last_updated: iso(registered.updated),
        }
    }
}
