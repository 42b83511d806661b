//! Who asks, and for what.

use super::{SettingsError, dotnet, merged::Merged, nais};
use crate::Grant;

pub(super) fn id(merged: &Merged) -> Result<String, SettingsError> {
    let given = merged.need("client id", dotnet::CLIENT_ID, nais::CLIENT_ID)?;
    let id = given.text();
    if id.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(SettingsError::invalid(given, "there is white space in it"));
    }
    Ok(id.to_owned())
}

pub(super) fn grant(merged: &Merged) -> Result<Grant, SettingsError> {
    let given = merged.need("scope", dotnet::SCOPE, nais::SCOPES)?;
    let mut grant =
        Grant::new(given.text()).map_err(|error| SettingsError::invalid(given, error))?;
    if let Some(given) = merged.get(dotnet::RESOURCE) {
        grant = grant
            .for_resource(given.text())
            .map_err(|error| SettingsError::invalid(given, error))?;
    }
    if let Some(given) = merged.get(dotnet::CONSUMER_ORG) {
        grant = grant.with_consumer_org(given.parse()?);
    }
    Ok(grant)
}
